"""Arrays on disk: whole or not at all, resumed shard by shard."""

import os
import resource
from contextlib import contextmanager

import numpy as np
import pytest
from kedro.io import DatasetError

from podium.array_datasets import ArrayDataset, ShardedArraysDataset, _empty_file
from podium.common.shards import LazyShards, shard_ranges


class Counted:
    """Work that counts its shards, and may fail at one."""

    def __init__(self, fail_at=None):
        self.done, self.fail_at = [], fail_at

    def __call__(self, number):
        if number == self.fail_at:
            raise RuntimeError("no power")
        self.done.append(number)
        rows = np.arange(3, dtype="float32") + 10 * number
        return {"vectors": np.stack([rows, -rows], axis=1), "counts": np.array([number])}


@pytest.fixture
def dataset(tmp_path):
    return ShardedArraysDataset(filepath=str(tmp_path / "vectors"))


def test_shards_are_joined_in_their_order(dataset):
    work = LazyShards("key", 4, Counted())
    dataset.save({"a": work, "b": work})
    loaded = dataset.load()
    assert set(loaded) == {"a", "b"} and dataset.exists()
    for name, array in work.all().items():
        np.testing.assert_array_equal(loaded["a"][name], array)
    assert isinstance(loaded["a"]["vectors"], np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        loaded["a"]["vectors"][0] = 1


def test_what_was_finished_before_an_error_is_not_computed_again(dataset):
    broken = Counted(fail_at=2)
    with pytest.raises(DatasetError, match="no power"):
        dataset.save({"a": LazyShards("key", 4, broken)})
    assert broken.done == [0, 1] and not dataset.exists()
    mended = Counted()
    dataset.save({"a": LazyShards("key", 4, mended)})
    assert mended.done == [2, 3]
    whole = LazyShards("key", 4, Counted()).all()
    np.testing.assert_array_equal(dataset.load()["a"]["vectors"], whole["vectors"])


def test_a_group_that_was_finished_before_an_error_is_kept_too(dataset):
    first, broken = Counted(), Counted(fail_at=1)
    with pytest.raises(DatasetError, match="no power"):
        dataset.save({"a": LazyShards("1", 2, first), "b": LazyShards("2", 2, broken)})
    assert first.done == [0, 1] and broken.done == [0] and not dataset.exists()
    again, mended = Counted(), Counted()
    dataset.save({"a": LazyShards("1", 2, again), "b": LazyShards("2", 2, mended)})
    assert again.done == [] and mended.done == [1]
    assert {len(arrays["vectors"]) for arrays in dataset.load().values()} == {6}
    assert [path.name for path in dataset._folder.parent.iterdir()] == ["vectors"]


def test_shards_of_other_work_are_not_taken(dataset):
    with pytest.raises(DatasetError):
        dataset.save({"a": LazyShards("old", 4, Counted(fail_at=2))})
    fresh = Counted()
    dataset.save({"a": LazyShards("new", 4, fresh)})
    assert fresh.done == [0, 1, 2, 3]


def test_a_group_with_the_same_fingerprint_is_kept_and_another_replaced(dataset):
    dataset.save({"a": LazyShards("1", 2, Counted()), "b": LazyShards("2", 2, Counted())})
    same, other = Counted(), Counted()
    dataset.save({"a": LazyShards("1", 2, same), "b": LazyShards("3", 3, other)})
    assert same.done == [] and other.done == [0, 1, 2]
    loaded = dataset.load()
    assert len(loaded["a"]["vectors"]) == 6 and len(loaded["b"]["vectors"]) == 9


def test_arrays_without_rows_can_be_stored(dataset):
    def none(number):
        return {"inliers": np.empty(0, "int32"), "pairs": np.empty((0, 2), "int64")}

    dataset.save({"a": LazyShards("key", 1, none)})
    assert dataset.load()["a"]["pairs"].shape == (0, 2)
    assert "0 x 2" in str(dataset.preview())


def test_a_group_cannot_lie_elsewhere(dataset):
    with pytest.raises(DatasetError, match="cannot be the name"):
        dataset.save({"../a": LazyShards("key", 1, Counted())})


def test_one_array_is_mapped_and_shown(tmp_path):
    dataset = ArrayDataset(filepath=str(tmp_path / "array.npy"))
    array = np.arange(12).reshape(4, 3)
    dataset.save(array)
    np.testing.assert_array_equal(dataset.load(), array)
    assert len(dataset.preview(2)["data"]) == 2


def test_ranges_cover_everything_once():
    assert shard_ranges(5, 2) == [range(2), range(2, 4), range(4, 5)]
    assert shard_ranges(0, 2) == [range(0)]


@contextmanager
def files_no_longer_than(size):
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


def test_where_no_more_can_be_written_the_reason_is_named(tmp_path):
    """numpy alone says how many numbers it wrote, and no more."""
    dataset = ArrayDataset(filepath=str(tmp_path / "vectors.npy"))
    with files_no_longer_than(4096), pytest.raises(DatasetError, match="File too large"):
        dataset.save(np.zeros(5000, "float32"))
    assert list(tmp_path.iterdir()) == []


def test_room_for_joined_arrays_is_claimed_before_they_are_mapped(tmp_path):
    """A mapped file with holes would end the process with a signal on a full disk."""
    array = _empty_file(tmp_path / "vectors.npy", np.dtype("float32"), (6, 40_000))
    assert os.stat(tmp_path / "vectors.npy").st_blocks * 512 >= array.nbytes

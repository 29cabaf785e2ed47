"""The sample: the competition's format with its gaps, the same bytes for the same seed."""

import csv

import pytest
from sample_checks import check_truth_is_whole

from podium.pipelines.amazon.raw_contract import TEST, TRAIN
from podium.pipelines.amazon.sample import SampleSize, write_sample

SIZE = SampleSize(train=40, test=15)


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        write_sample(tmp_path / name, seed, SIZE)
    one, two, three = (
        {path.relative_to(tmp_path / name): path.read_bytes()
         for path in sorted((tmp_path / name).rglob("*")) if path.is_file()}
        for name in ("one", "two", "three")
    )  # fmt: skip
    assert one == two and one != three


def test_files_rows_faults_and_dead_links(tmp_path):
    write_sample(tmp_path / "raw", 3, SIZE, truth_path=tmp_path / "truth.csv")
    train, test = read(tmp_path / "raw" / TRAIN.name), read(tmp_path / "raw" / TEST.name)
    assert tuple(train[0]) == TRAIN.columns and tuple(test[0]) == TEST.columns
    assert (len(train), len(test)) == (40 + 9, 15)
    assert {row["price"] for row in train} >= {"0", "-4.99", "", "call us", "€12.50", "1e12"}
    truth = read(tmp_path / "truth.csv")
    assert [row["sample_id"] for row in truth] == [row["sample_id"] for row in test]
    files = {path.name for path in (tmp_path / "raw" / "images").iterdir()}
    names = {row["image_link"].rpartition("/")[2] for row in (*train, *test)}
    assert "" in names and 1 < len(names - files) < 0.2 * len(names)
    assert any("Page not found" in path.read_text(errors="replace")
               for path in (tmp_path / "raw" / "images").iterdir())  # fmt: skip


def test_without_images_and_faults(tmp_path):
    size = SampleSize(train=30, test=5, images=False, faults=False)
    write_sample(tmp_path / "raw", 3, size)
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == ["test.csv", "train.csv"]
    assert len(read(tmp_path / "raw" / TRAIN.name)) == 30


def test_a_full_folder_and_a_truth_among_the_raw_files_are_refused(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "train.csv").write_text("mine")
    with pytest.raises(FileExistsError):
        write_sample(tmp_path / "full", 3, SIZE)
    assert (tmp_path / "full" / "train.csv").read_text() == "mine"
    with pytest.raises(ValueError, match="must not lie among"):
        write_sample(tmp_path / "raw", 3, SIZE, truth_path=tmp_path / "raw" / "truth.csv")


def test_a_truth_that_is_there_is_replaced_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    check_truth_is_whole(write_sample, SIZE, tmp_path, monkeypatch)

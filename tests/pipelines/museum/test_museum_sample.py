"""The sample folder: whole or not at all, the same for a seed, with the faults of a real folder."""

from collections import Counter
from inspect import signature

import pandas as pd
import pytest
from PIL import Image
from sample_checks import check_truth_is_whole

from podium.pipelines.museum import sample
from podium.pipelines.museum.sample import IMAGES, SAMPLE, SampleSize, write_sample

SIZE = SampleSize(paintings=8, visitor_photos=4, distractors=6, longest_side=(140, 160))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    path = tmp_path_factory.mktemp("museum_sample")
    write_sample(path / "museum", 5, SIZE, truth_path=path / "truth" / "pairs.csv")
    return path


def contents(directory):
    return {path.name: path.read_bytes() for path in (directory / IMAGES).iterdir()}


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_same_seed_same_bytes_and_another_seed_other_bytes(root, tmp_path):
    write_sample(tmp_path / "same", 5, SIZE)
    write_sample(tmp_path / "other", 6, SIZE)
    assert contents(tmp_path / "same") == contents(root / "museum")
    assert contents(tmp_path / "other") != contents(root / "museum")


def test_only_the_images_lie_among_the_raw(root):
    assert names(root / "museum") == [IMAGES]
    assert len(names(root / "museum" / IMAGES)) == 8 + 4 + 6 + 5


def test_the_five_faults_are_there_and_the_rest_can_be_read(root):
    found = Counter()
    copies = Counter(contents(root / "museum").values())
    found["copy"] = sum(count == 2 for count in copies.values())
    for path in (root / "museum" / IMAGES).iterdir():
        with Image.open(path) as image:
            found["cmyk"] += image.mode == "CMYK"
            found["turned"] += image.getexif().get(0x0112) == 6
            found["palette"] += image.mode == "P" and "transparency" in image.info
            try:
                image.load()
            except OSError as error:
                assert "truncated" in str(error)
                found["truncated"] += 1
    assert found == dict.fromkeys(("copy", "cmyk", "turned", "palette", "truncated"), 1)


def test_faults_can_be_left_out(tmp_path):
    size = SampleSize(2, 1, 1, (64, 64), faults=False)
    write_sample(tmp_path / "museum", 1, size)
    assert len(names(tmp_path / "museum" / IMAGES)) == 4


def test_the_truth_names_intact_photos_and_paintings(root):
    truth = pd.read_csv(root / "truth" / "pairs.csv")
    assert list(truth.columns) == ["query", "match"]
    assert len(truth) == 4 and truth["query"].is_unique and truth["match"].is_unique
    assert set(truth["query"]).isdisjoint(truth["match"])
    for name in [*truth["query"], *truth["match"]]:
        with Image.open(root / "museum" / IMAGES / name) as image:
            image.load()
            assert image.mode == "RGB" and max(image.size) <= 160


def test_a_new_user_gets_120_images():
    assert signature(write_sample).parameters["size"].default is SAMPLE
    kinds = SAMPLE.paintings, SAMPLE.visitor_photos, SAMPLE.distractors
    assert kinds == (64, 22, 29) and SAMPLE.faults
    assert sum(kinds) + 5 == 120  # the faulty ones that are counted above


def test_nothing_is_left_of_a_sample_that_fails(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(sample, "_spoil", fail)
    with pytest.raises(OSError, match="disk full"):
        write_sample(tmp_path / "museum", 1, SIZE, truth_path=tmp_path / "truth.csv")
    assert names(tmp_path) == []


def test_files_that_are_there_are_not_touched(tmp_path):
    (tmp_path / "mine.jpg").write_text("")
    with pytest.raises(FileExistsError):
        write_sample(tmp_path, 1)
    assert names(tmp_path) == ["mine.jpg"]


def test_the_truth_may_not_lie_among_the_raw_files(tmp_path):
    for place in (tmp_path / "museum" / "truth.csv", tmp_path / "01_raw" / "x" / "truth.csv"):
        with pytest.raises(ValueError, match="must not lie"):
            write_sample(tmp_path / "museum", 1, SIZE, truth_path=place)
    assert names(tmp_path) == []


def test_a_truth_that_is_there_is_replaced_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    check_truth_is_whole(write_sample, SIZE, tmp_path, monkeypatch)

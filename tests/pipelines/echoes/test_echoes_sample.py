"""The sample files: in the statement's formats, whole or not at all, the same for a seed."""

import csv
import json
import re

import pytest
from raw_echoes import PART1, PART2, SOLUTION, TEST_FILE, run_stage
from sample_checks import check_truth_is_whole

from podium.fusion.synthetic import SyntheticTask
from podium.pipelines.echoes import sample
from podium.pipelines.echoes.sample import SampleSize, generate_sample, write_sample

SIZE = SampleSize(part1=40, part2=20, test=30, task=SyntheticTask(rows=0, length=16, factors=8))
FILES = sorted([PART1, PART2, TEST_FILE, SOLUTION])


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    path = tmp_path_factory.mktemp("sample")
    write_sample(path / "01_raw" / "echoes", 5, SIZE, truth_path=path / "truth.csv")
    return path


@pytest.fixture(scope="module")
def raw(root):
    return root / "01_raw" / "echoes"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_same_seed_same_bytes_and_another_seed_other_bytes(raw, tmp_path):
    write_sample(tmp_path / "same", 5, SIZE)
    write_sample(tmp_path / "other", 6, SIZE)
    for name in FILES:
        assert (tmp_path / "same" / name).read_bytes() == (raw / name).read_bytes()
        if name != SOLUTION:
            assert (tmp_path / "other" / name).read_bytes() != (raw / name).read_bytes()


def test_only_the_four_files_lie_among_the_raw(raw):
    assert names(raw) == FILES


def test_records_have_the_statement_s_format(raw):
    part2 = json.loads((raw / PART2).read_text())
    assert len(part2) == 20
    for record in part2:
        assert list(record) == ["id", "label", "image_embedding", "text_embedding"]
        assert re.fullmatch("[0-9a-f]{32}", record["id"])
        assert record["label"] in (0, 1)
        assert len(record["image_embedding"]) == len(record["text_embedding"]) == 16
    test = json.loads((raw / TEST_FILE).read_text())
    assert [record["id"] for record in test] == list(range(1, 31))
    assert all(list(record) == ["id", "image_embedding", "text_embedding"] for record in test)
    lines = (raw / SOLUTION).read_text().splitlines()
    assert lines[0] == "row_id,target"
    assert [line.split(",")[0] for line in lines[1:]] == [str(at) for at in range(1, 31)]


def test_the_first_stage_finds_the_faults_and_keeps_the_rest(raw):
    result = run_stage(raw, embedding_length=16)
    result.validate()
    assert (result.train.rows["part"] == 1).sum() == 40
    reasons = sorted(set(result.quarantine["reason"]))
    assert reasons == [
        "id stands for different rows",
        "image_embedding does not have 16 numbers",
        "image_embedding holds something else than numbers",
        "label is missing",
        "label is neither 0 nor 1",
        "text_embedding holds something else than numbers",
    ]
    assert result.rows(PART1, "dropped") == 1
    zeros = result.quality[result.quality["check"] == "text vector is all zeros"]
    assert zeros["rows"].tolist() == [1]


def test_the_truth_is_that_of_the_test_rows(root):
    with (root / "truth.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    labels = generate_sample(SIZE, 5).labels[60:]
    assert [(row["row_id"], row["target"]) for row in rows] == [
        (str(at), str(label)) for at, label in enumerate(labels, 1)
    ]


def test_part_2_and_the_faults_can_be_left_out(tmp_path):
    size = SampleSize(part1=20, part2=0, test=5, faults=False, task=SIZE.task)
    write_sample(tmp_path / "echoes", 1, size)
    assert names(tmp_path / "echoes") == sorted([PART1, TEST_FILE, SOLUTION])
    result = run_stage(tmp_path / "echoes", embedding_length=16)
    assert len(result.train) == 20 and result.quarantine.empty


def test_nothing_is_left_of_a_sample_that_fails(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(sample, "_write_targets", fail)
    with pytest.raises(OSError, match="disk full"):
        write_sample(tmp_path / "echoes", 1, SIZE)
    assert names(tmp_path) == []


def test_files_that_are_there_are_not_touched(tmp_path):
    (tmp_path / "mine.json").write_text("[]")
    with pytest.raises(FileExistsError):
        write_sample(tmp_path, 1, SIZE)
    assert names(tmp_path) == ["mine.json"]


def test_the_truth_may_not_lie_among_the_raw_files(tmp_path):
    for place in (tmp_path / "echoes" / "truth.csv", tmp_path / "01_raw" / "x" / "truth.csv"):
        with pytest.raises(ValueError, match="must not lie"):
            write_sample(tmp_path / "echoes", 1, SIZE, truth_path=place)
    assert names(tmp_path) == []


def test_a_truth_that_is_there_is_replaced_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    check_truth_is_whole(write_sample, SIZE, tmp_path, monkeypatch)

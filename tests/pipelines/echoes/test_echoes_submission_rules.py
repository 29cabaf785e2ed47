"""Every rule broken once; the score is the organiser's."""

import json

import pytest
from raw_echoes import SOLUTION, TEST_FILE, good_files, write_files
from sklearn.metrics import f1_score

from podium.common.errors import RawDataError
from podium.common.submission import SubmissionError
from podium.pipelines.echoes.submission_rules import asked_rows, check_file, score_file

GOOD = ["row_id,target", *(f"{at},{at % 3 % 2}" for at in range(1, 9))]


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "raw"
    write_files(folder, good_files())
    return folder


def write(folder, lines, name="submission.csv"):
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def swapped(lines, one, other):
    lines = list(lines)
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def test_a_good_file_is_accepted(tmp_path, raw):
    assert check_file(write(tmp_path, GOOD), raw) == []


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        (["id,target", *GOOD[1:]], "columns must be exactly row_id,target"),
        (["target,row_id", *GOOD[1:]], "columns must be exactly row_id,target"),
        (GOOD[:-1], "every row_id asked for must appear"),
        ([*GOOD, "9,0"], "row_id must be one of the 8 asked for"),
        ([*GOOD, "8,0"], "every row_id must have exactly 1 row"),
        (swapped(GOOD, 2, 5), "row_id must stand in the order asked for"),
        ([*GOOD[:4], "4,2", *GOOD[5:]], "target must be a label, 0 or 1"),
        ([*GOOD[:4], "4,0.7", *GOOD[5:]], "target must be a label, 0 or 1"),
        ([*GOOD[:4], "4,1.0", *GOOD[5:]], "target must be a label, 0 or 1"),
        ([*GOOD[:4], "4,", *GOOD[5:]], "target must be a label, 0 or 1"),
        ([*GOOD[:4], "04,1", *GOOD[5:]], "row_id must be one of the 8 asked for"),
        ([*GOOD[:4], "4", *GOOD[5:]], "every row must have 2 fields"),
        ([], "the file must be a readable CSV file"),
    ],
)
def test_every_rule_is_found_broken(tmp_path, raw, lines, rule):
    path = write(tmp_path, lines)
    assert rule in [fault.rule for fault in check_file(path, raw)]
    with pytest.raises(SubmissionError):
        score_file(path, write(tmp_path, GOOD, "truth.csv"), raw, only_in_truth=False)


def test_a_missing_row_is_no_fault_of_the_order(tmp_path, raw):
    rules = [fault.rule for fault in check_file(write(tmp_path, GOOD[:3] + GOOD[4:]), raw)]
    assert rules == ["every row_id asked for must appear"]


def test_one_row_moved_up_is_one_fault_of_the_order(tmp_path, raw):
    lines = [GOOD[0], *GOOD[2:5], GOOD[1], *GOOD[5:]]
    faults = check_file(write(tmp_path, lines), raw)
    assert [(fault.rows, fault.examples) for fault in faults] == [(1, ("row 4: '1'",))]


def test_the_order_is_the_sample_solution_s(tmp_path, raw):
    order = [3, 1, 2, 8, 7, 6, 5, 4]
    write(raw, ["row_id,target", *(f"{at},0" for at in order)], SOLUTION)
    assert asked_rows(raw) == [str(at) for at in order]
    assert check_file(write(tmp_path, GOOD), raw) != []
    lines = ["row_id,target", *(f"{at},1" for at in order)]
    assert check_file(write(tmp_path, lines), raw) == []


def test_without_a_sample_solution_the_order_is_the_test_file_s(raw):
    (raw / SOLUTION).unlink()
    (raw / TEST_FILE).write_text(json.dumps(good_files()[TEST_FILE][::-1]))
    assert asked_rows(raw) == [str(at) for at in range(8, 0, -1)]


def test_the_score_is_macro_f1(tmp_path, raw):
    truth = ["row_id,target,note", *(f"{at},{int(at in (1, 2, 4))},x" for at in range(8, 0, -1))]
    scores = score_file(
        write(tmp_path, GOOD), write(tmp_path, truth, "truth.csv"), raw, only_in_truth=False
    )
    labels = [int(at in (1, 2, 4)) for at in range(1, 9)]
    answers = [at % 3 % 2 for at in range(1, 9)]
    assert scores["score"] == pytest.approx(f1_score(labels, answers, average="macro"))
    of_each = f1_score(labels, answers, average=None)
    assert [scores["f1_class_0"], scores["f1_class_1"]] == pytest.approx(of_each.tolist())
    assert scores["accuracy"] == pytest.approx(6 / 8)
    assert scores["score_ci_low"] <= scores["score"] <= scores["score_ci_high"]
    assert (scores["rows"], scores["rows_without_truth"]) == (8, 0)


def test_a_truth_of_some_rows_must_be_asked_for(tmp_path, raw):
    submission = write(tmp_path, GOOD)
    truth = write(tmp_path, ["row_id,target", "1,1", "2,0", "3,1"], "truth.csv")
    with pytest.raises(RawDataError, match="5 of 8 rows have no target"):
        score_file(submission, truth, raw, only_in_truth=False)
    scores = score_file(submission, truth, raw, only_in_truth=True)
    assert scores["score"] == pytest.approx(f1_score([1, 0, 1], [1, 0, 0], average="macro"))
    assert (scores["rows"], scores["rows_without_truth"]) == (3, 5)


@pytest.mark.parametrize(
    ("lines", "column", "row"),
    [
        (["row_id,target", "1,2"], "target", 1),
        (["row_id,target", "1,1", "2,x"], "target", 2),
        (["row_id,target", "1,1", "1,0"], "row_id", 2),
        (["row_id,label", "1,1"], "target", None),
        (["id,target", "1,1"], "row_id", None),
        (["row_id,target", "77,1"], "row_id", None),
    ],
)
def test_a_truth_that_cannot_be_used_is_refused(tmp_path, raw, lines, column, row):
    truth = write(tmp_path, lines, "truth.csv")
    with pytest.raises(RawDataError) as caught:
        score_file(write(tmp_path, GOOD), truth, raw, only_in_truth=True)
    assert (caught.value.file, caught.value.column, caught.value.row) == ("truth.csv", column, row)

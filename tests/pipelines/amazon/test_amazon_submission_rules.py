"""Every rule broken once; the score is the organiser's."""

import pytest
from raw_amazon import TEST_FILE, good_files, write_files

from podium.common.errors import RawDataError
from podium.common.submission import SubmissionError
from podium.pipelines.amazon.submission_rules import asked_rows, check_file, score_file

IDS = [str(at) for at in range(30, 38)]
GOOD = ["sample_id,price", *(f"{name},{at + 1}.25" for at, name in enumerate(IDS))]


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "raw"
    write_files(folder, good_files())
    return folder


def write(folder, lines, name="submission.csv"):
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def with_row(row, line):
    lines = list(GOOD)
    lines[row] = line
    return lines


def test_a_good_file_is_accepted(tmp_path, raw):
    assert check_file(write(tmp_path, GOOD), raw) == []
    assert asked_rows(raw) == IDS


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        (["id,price", *GOOD[1:]], "columns must be exactly sample_id,price"),
        (["price,sample_id", *GOOD[1:]], "columns must be exactly sample_id,price"),
        (GOOD[:-1], "every sample_id asked for must appear"),
        ([*GOOD, "99,1"], "sample_id must be one of the 8 asked for"),
        ([*GOOD, "37,1"], "every sample_id must have exactly 1 row"),
        ([GOOD[0], GOOD[2], GOOD[1], *GOOD[3:]], "sample_id must stand in the order asked for"),
        (with_row(3, "32,0"), "price must be above 0"),
        (with_row(3, "32,-1"), "price must be above 0"),
        (with_row(3, "32,inf"), "price must be a finite number"),
        (with_row(3, "32,nan"), "price must be a finite number"),
        (with_row(3, "32,$5"), "price must be a finite number"),
        (with_row(3, "32,"), "price must be a finite number"),
        (with_row(3, "32"), "every row must have 2 fields"),
        ([], "the file must be a readable CSV file"),
    ],
)
def test_every_rule_is_found_broken(tmp_path, raw, lines, rule):
    path = write(tmp_path, lines)
    assert rule in [fault.rule for fault in check_file(path, raw)]
    truth = write(tmp_path, GOOD, "truth.csv")
    with pytest.raises(SubmissionError):
        score_file(path, truth, raw, only_in_truth=False)


def test_the_score_by_hand(tmp_path, raw):
    """One row at double the price (2/3 of 100 %), one at a third (100 %), the others right."""
    lines = [*GOOD[:2], "31,4.5", "32,1.0833333333333333", *GOOD[4:]]
    path, truth = write(tmp_path, lines), write(tmp_path, GOOD, "truth.csv")
    found = score_file(path, truth, raw, only_in_truth=False)
    assert found["score"] == pytest.approx((200 / 3 + 100) / 8)
    assert found["score_ci_low"] <= found["score"] <= found["score_ci_high"]
    assert (found["rows"], found["rows_without_truth"]) == (8, 0)


def test_a_truth_of_some_rows(tmp_path, raw):
    path, truth = write(tmp_path, GOOD), write(tmp_path, GOOD[:4], "truth.csv")
    with pytest.raises(RawDataError, match="5 of 8 rows have no price"):
        score_file(path, truth, raw, only_in_truth=False)
    found = score_file(path, truth, raw, only_in_truth=True)
    assert (found["score"], found["rows"]) == (0, 3)


@pytest.mark.parametrize(
    ("lines", "column", "row"),
    [
        (with_row(3, "32,0"), "price", 3),
        (with_row(3, "32,much"), "price", 3),
        (with_row(3, "31,5"), "sample_id", 3),
        (["name,price", "1,2"], "sample_id", None),
    ],
)
def test_a_bad_truth_is_refused(tmp_path, raw, lines, column, row):
    path, truth = write(tmp_path, GOOD), write(tmp_path, lines, "truth.csv")
    with pytest.raises(RawDataError) as caught:
        score_file(path, truth, raw, only_in_truth=True)
    assert (caught.value.column, caught.value.row) == (column, row)
    assert TEST_FILE not in str(caught.value)

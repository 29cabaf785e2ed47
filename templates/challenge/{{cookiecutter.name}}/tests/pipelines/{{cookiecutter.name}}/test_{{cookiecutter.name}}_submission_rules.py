"""Every rule broken once; the score is the organiser's."""

import pytest
from raw_{{cookiecutter.name}} import good_files, write_files

from podium.common.errors import RawDataError
from podium.common.submission import SubmissionError
from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS, TEST
from podium.pipelines.{{cookiecutter.name}}.submission_rules import check_file, score_file

KEYS = [line.split(",")[0] for line in good_files()[TEST.name][1:]]
HEADER = f"{ROWS.key},{ROWS.target}"
GOOD = [HEADER, *(f"{key},{at}.5" for at, key in enumerate(KEYS))]
TRUTH = [HEADER, *(f"{key},{at + 1}" for at, key in enumerate(KEYS))]


@pytest.fixture
def raw(tmp_path):
    write_files(tmp_path / "raw", good_files())
    return tmp_path / "raw"


def write(folder, lines, name="submission.csv"):
    (folder / name).write_text("".join(f"{line}\n" for line in lines))
    return folder / name


def test_a_good_file_is_accepted(tmp_path, raw):
    assert check_file(write(tmp_path, GOOD), raw) == []


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        (["id,said", *GOOD[1:]], f"columns must be exactly {HEADER}"),
        (GOOD[:-1], f"every {ROWS.key} asked for must appear"),
        ([*GOOD, GOOD[-1]], f"every {ROWS.key} must have exactly 1 row"),
        ([*GOOD, "other,1"], f"{ROWS.key} must be one of the 4 asked for"),
        ([HEADER, *reversed(GOOD[1:])], f"{ROWS.key} must stand in the order asked for"),
        ([*GOOD[:-1], f"{KEYS[-1]},nan"], f"{ROWS.target} must be a finite number"),
        ([*GOOD[:-1], f"{KEYS[-1]},"], f"{ROWS.target} must be a finite number"),
    ],
)
def test_every_rule_is_found_broken(tmp_path, raw, lines, rule):
    path = write(tmp_path, lines)
    assert rule in [fault.rule for fault in check_file(path, raw)]
    with pytest.raises(SubmissionError):
        score_file(path, write(tmp_path, TRUTH, "truth.csv"), raw, only_in_truth=False)


def test_the_score_worked_out_by_hand(tmp_path, raw):
    truth = write(tmp_path, TRUTH, "truth.csv")
    scores = score_file(write(tmp_path, GOOD), truth, raw, only_in_truth=False)
    # Each prediction is half a unit too small.
    assert scores["score"] == pytest.approx(0.5)
    assert (scores["rows"], scores["rows_without_truth"]) == (4, 0)


def test_a_part_of_the_truth_is_used_only_where_that_is_meant(tmp_path, raw):
    path, truth = write(tmp_path, GOOD), write(tmp_path, TRUTH[:-1], "truth.csv")
    with pytest.raises(RawDataError, match="1 of 4 rows have no target"):
        score_file(path, truth, raw, only_in_truth=False)
    assert score_file(path, truth, raw, only_in_truth=True)["rows"] == 3

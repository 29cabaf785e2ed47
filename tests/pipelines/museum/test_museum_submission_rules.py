"""What the organiser of Lost in the Museum refuses, and how a file is scored."""

import numpy as np
import pandas as pd
import pytest

from podium.common.errors import RawDataError
from podium.common.submission import SubmissionError
from podium.pipelines.museum.raw_contract import IMAGES
from podium.pipelines.museum.submission_rules import (
    check_file,
    check_submission,
    score_file,
    score_submission,
    vector_faults,
)
from podium.retrieval.vector_table import VectorTable

NAMES = [f"{number}.jpg" for number in range(5)]


def table(vectors=None):
    vectors = np.eye(5, 4, dtype="float32") if vectors is None else vectors
    frame = pd.DataFrame(vectors, columns=[f"feature_{n}" for n in range(vectors.shape[1])])
    frame.insert(0, "ID", range(5))
    frame.insert(1, "image_name", NAMES)
    frame.loc[4, "feature_0"] = 0.5
    return frame.astype("str")


def faults(frame, tmp_path):
    frame.to_csv(tmp_path / "submission.csv", index=False)
    return [fault.rule for fault in check_submission(tmp_path / "submission.csv", NAMES)]


def test_a_good_file_has_no_fault(tmp_path):
    assert faults(table(), tmp_path) == []
    assert faults(table().sample(frac=1, random_state=1), tmp_path) == []


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("feature_1", "nan", "feature_1 must be a finite number"),
        ("feature_1", "inf", "feature_1 must be a finite number"),
        ("feature_1", "1e39", "feature_1 must be a finite number"),
        ("feature_1", "", "feature_1 must be a finite number"),
        ("feature_1", "1,5", "feature_1 must be a finite number"),
        ("image_name", "other.jpg", "image_name must be one of"),
        ("image_name", "0.jpg", "every image_name must have exactly 1 row"),
        ("image_name", "images/1.jpg", "every image_name asked for must appear"),
        ("ID", "0", "no ID may stand twice"),
    ],
)
def test_one_bad_value_is_found(tmp_path, column, value, fault):
    frame = table()
    frame.loc[1, column] = value
    assert any(rule.startswith(fault) for rule in faults(frame, tmp_path))


def test_a_zero_vector_and_a_header_with_a_gap_are_found(tmp_path):
    frame = table()
    frame.loc[2, [f"feature_{n}" for n in range(4)]] = "0.0"
    assert faults(frame, tmp_path) == ["a vector must not be zero"]
    gap = table().rename(columns={"feature_2": "feature_9"})
    assert any(rule.startswith("columns must be") for rule in faults(gap, tmp_path))
    (fault,) = check_submission(tmp_path / "submission.csv", NAMES)
    assert fault.examples == ("found ID,image_name,feature_0,feature_1,feature_9,feature_3",)
    assert faults(table().drop(index=3), tmp_path)


def test_vectors_are_judged_before_they_are_written():
    vectors = np.eye(5, 4, dtype="float32")
    rules = [
        fault.rule for fault in vector_faults(VectorTable(np.arange(5), NAMES, vectors), NAMES)
    ]
    assert rules == ["a vector must be finite and not zero"]
    vectors[4] = 1
    assert vector_faults(VectorTable(np.arange(5), NAMES, vectors), NAMES) == []
    assert vector_faults(VectorTable(np.arange(5), [*NAMES[:4], "0.jpg"], vectors), NAMES)


def test_hit_at_k_by_hand(tmp_path):
    """Query 0 finds 1 first; query 4, nearest to 3, finds 2 second, for 0 is a query."""
    vectors = np.array([[1, 0], [0.9, 0.1], [0.5, 0.8], [0.1, 1], [0, 1]], dtype="float32")
    frame = table(vectors)
    frame.loc[4, "feature_0"] = "0.0"
    frame.to_csv(tmp_path / "submission.csv", index=False)
    pd.DataFrame({"query": ["0.jpg", "4.jpg"], "match": ["1.jpg", "2.jpg"]}).to_csv(
        tmp_path / "truth.csv", index=False
    )
    said = score_submission(tmp_path / "submission.csv", tmp_path / "truth.csv", NAMES)
    assert said["hit_at_1"] == 0.5 and said["score"] == 1.0
    assert said["queries"] == 2 and said["images"] == 3


@pytest.mark.parametrize(
    ("query", "match", "problem"),
    [("0.jpg", "9.jpg", "no image"), ("9.jpg", "1.jpg", "no image"), ("0.jpg", "0.jpg", "query")],
)
def test_a_truth_of_other_images_is_refused(tmp_path, query, match, problem):
    table().to_csv(tmp_path / "submission.csv", index=False)
    pd.DataFrame({"query": [query], "match": [match]}).to_csv(tmp_path / "truth.csv", index=False)
    with pytest.raises(RawDataError, match=problem):
        score_submission(tmp_path / "submission.csv", tmp_path / "truth.csv", NAMES)


@pytest.mark.parametrize(
    ("row", "column"),
    [("9.jpg,2.jpg", "query"), ("3.jpg,9.jpg", "match"), ("3.jpg,1.jpg", "match")],
)
def test_a_bad_row_of_a_truth_is_named(tmp_path, row, column):
    table().to_csv(tmp_path / "submission.csv", index=False)
    (tmp_path / "truth.csv").write_text(f"query,match\n0.jpg,2.jpg\n1.jpg,2.jpg\n{row}\n")
    with pytest.raises(RawDataError) as caught:
        score_submission(tmp_path / "submission.csv", tmp_path / "truth.csv", NAMES)
    assert (caught.value.file, caught.value.column, caught.value.row) == ("truth.csv", column, 3)


def test_files_are_judged_by_the_images_of_the_raw_folder(tmp_path):
    """The command line knows the names only from there; the images themselves are not opened."""
    submission, truth = tmp_path / "submission.csv", tmp_path / "truth.csv"
    table().to_csv(submission, index=False)
    truth.write_text("query,match\n0.jpg,4.jpg\n")
    folder = tmp_path / "raw" / IMAGES.name
    folder.mkdir(parents=True)
    for name in NAMES:
        (folder / name).touch()
    assert check_file(submission, tmp_path / "raw") == []
    said = score_file(submission, truth, tmp_path / "raw", only_in_truth=False)
    assert said == score_submission(submission, truth, NAMES)
    (folder / "other.jpg").touch()
    assert check_file(submission, tmp_path / "raw")
    with pytest.raises(SubmissionError):
        score_file(submission, truth, tmp_path / "raw", only_in_truth=False)


def test_a_faulty_file_is_not_scored(tmp_path):
    table().drop(index=0).to_csv(tmp_path / "submission.csv", index=False)
    (tmp_path / "truth.csv").write_text("query,match\n1.jpg,2.jpg\n")
    with pytest.raises(SubmissionError):
        score_submission(tmp_path / "submission.csv", tmp_path / "truth.csv", NAMES)

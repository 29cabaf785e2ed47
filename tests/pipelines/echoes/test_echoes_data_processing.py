"""The first stage on good files: types, order, groups, counts, optional files."""

import gzip
import json

import numpy as np
import pytest
from raw_echoes import (
    LENGTH,
    PART1,
    PART2,
    SOLUTION,
    TEST_FILE,
    good_files,
    run_stage,
    vectors,
    write_files,
)

from podium.common.parameters import ParameterError


@pytest.fixture
def files():
    return good_files()


def test_tables_hold_what_the_files_say(tmp_path, files):
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    result.validate()
    assert result.train.ids.tolist() == [
        each["id"] for name in (PART1, PART2) for each in files[name]
    ]
    assert result.train.rows["part"].tolist() == [1] * 12 + [2] * 6
    assert result.train.labels.tolist() == [
        each["label"] for name in (PART1, PART2) for each in files[name]
    ]
    wanted = np.float32([each["text_embedding"] for each in files[TEST_FILE]])
    np.testing.assert_array_equal(result.test.pairs.text, wanted)
    assert result.train.pairs.image.shape == (18, LENGTH)
    assert result.quarantine.empty
    for name, rows in ((PART1, 12), (PART2, 6), (TEST_FILE, 8), (SOLUTION, 8)):
        assert result.rows(name, "read") == result.rows(name, "kept") == rows


def test_optional_files_may_be_missing(tmp_path, files):
    del files[PART2], files[SOLUTION]
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    result.validate()
    assert set(result.train.rows["part"]) == {1}
    assert result.asked_rows["row_id"].tolist() == [str(at) for at in range(1, 9)]
    assert set(result.quality["file"]) == {PART1, TEST_FILE}


def test_gzip_and_lines_give_the_same(tmp_path, files):
    write_files(tmp_path / "plain", files)
    lines = {**files, PART1: "\n".join(map(json.dumps, files[PART1])).encode()}
    lines[TEST_FILE] = gzip.compress(json.dumps(files[TEST_FILE], indent=2).encode())
    write_files(tmp_path / "other", lines)
    (tmp_path / "other" / TEST_FILE).rename(tmp_path / "other" / f"{TEST_FILE}.gz")
    one, other = run_stage(tmp_path / "plain"), run_stage(tmp_path / "other")
    assert one.train.rows.equals(other.train.rows)
    np.testing.assert_array_equal(one.train.pairs.image, other.train.pairs.image)
    np.testing.assert_array_equal(one.test.pairs.text, other.test.pairs.text)


def test_the_order_is_the_sample_solution_s_else_the_test_file_s(tmp_path, files):
    files[TEST_FILE] = files[TEST_FILE][::-1]
    files[SOLUTION] = ["row_id,target", *(f"{at},0" for at in (3, 1, 2, 8, 7, 6, 5, 4)), ""]
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    assert result.asked_rows["row_id"].tolist() == list("31287654")
    assert result.test.ids.tolist() == list("87654321")
    assert result.rows(SOLUTION, "dropped") == 1
    (tmp_path / SOLUTION).unlink()
    assert run_stage(tmp_path).asked_rows["row_id"].tolist() == list("87654321")


def test_a_sample_solution_of_some_rows_shows_the_form_only(tmp_path, files, caplog):
    files[SOLUTION] = ["row_id,target", "2,0", "1,1"]
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    assert result.asked_rows["row_id"].tolist() == [str(at) for at in range(1, 9)]
    assert result.rows(SOLUTION, "reported") == 6
    assert "2 of 8 rows" in caplog.text


def test_near_copies_are_grouped_across_parts_and_reported(tmp_path, files, caplog):
    for file, row, factor in ((PART1, 4, 2.0), (PART2, 0, 0.5)):
        files[file][row] |= {key: [x * factor for x in each] for key, each in vectors(1).items()}
    files[TEST_FILE][5] |= vectors(1)
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    result.validate()
    groups = result.duplicates.set_index("id")
    assert groups.loc[["a001", "a004", "b020"], "group"].nunique() == 1
    assert groups.loc[["a001", "a004", "b020"], "rows"].tolist() == [3, 3, 3]
    assert groups["group"].nunique() == 16 and (groups["rows"] == 1).sum() == 15
    assert result.test_copies["test_id"].tolist() == ["6"]
    assert result.test_copies["train_id"].tolist() == ["a001"]
    assert "1 rows are near copies" in caplog.text
    reported = result.quality[result.quality["action"] == "reported"].set_index("file")["rows"]
    assert reported.to_dict() == {PART1: 3, TEST_FILE: 1}


def test_zero_vectors_are_reported(tmp_path, files):
    files[PART1][2]["image_embedding"] = [0.0] * LENGTH
    files[TEST_FILE][0]["text_embedding"] = [0] * LENGTH
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    assert result.rows(PART1, "reported") == result.rows(TEST_FILE, "reported") == 1
    assert len(result.train) == 18


@pytest.mark.parametrize("wrong", [{"typo": 1}, {"near_duplicate_cosine": 1.0}])
def test_wrong_parameters_are_refused(tmp_path, files, wrong):
    write_files(tmp_path, files)
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        run_stage(tmp_path, **wrong)

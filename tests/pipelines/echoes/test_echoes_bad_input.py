"""Files that must be refused, rows that must be set aside, and anything else thrown at them."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutated_files import mutated, mutations
from raw_echoes import (
    JSON_FILES,
    PART1,
    PART2,
    SOLUTION,
    TEST_FILE,
    Stage,
    good_files,
    run_stage,
    vectors,
    write_files,
)

from podium.common.errors import PodiumError, RawDataError

NAN, INFINITY = float("nan"), float("inf")
IMAGE, TEXT = "image_embedding", "text_embedding"


def refused(folder: Path, files: dict[str, Any], **parameters: object) -> RawDataError:
    write_files(folder, files)
    with pytest.raises(RawDataError) as caught:
        run_stage(folder, **parameters)
    return caught.value


def changed(file: str, row: int, **values: object) -> dict[str, Any]:
    """The good files with other values in one record (row from 1)."""
    files = good_files()
    files[file][row - 1] |= values
    return files


def reconciles(result: Stage) -> None:
    result.validate()
    for file in (PART1, PART2):
        parted = sum(result.rows(file, action) for action in ("kept", "dropped", "quarantined"))
        assert result.rows(file, "read") == parted
        aside = int((result.quarantine["file"] == file).sum())
        assert result.rows(file, "quarantined") == aside
    assert result.rows(PART1, "kept") + result.rows(PART2, "kept") == len(result.train)
    assert sorted(result.asked_rows["row_id"]) == sorted(result.test.ids)
    assert result.duplicates["id"].tolist() == result.train.ids.tolist()


@pytest.mark.parametrize("file", [PART1, TEST_FILE])
def test_a_missing_file_is_named(tmp_path, file):
    files = good_files()
    del files[file]
    assert refused(tmp_path, files).file == file


BAD_BYTES = {
    "empty": (b"", "empty"),
    "blank": (b" \n ", "empty"),
    "empty list": (b"[]", "the list is empty"),
    "zeros": (b"\x00" * 100, "no JSON file"),
    "zip": (b"PK\x03\x04 zip", "no JSON file"),
    "csv": (b"id,label\n1,0\n", "no JSON file"),
    "garbage behind a bracket": (b"[{" + bytes(at * 7919 % 256 for at in range(5000)), None),
    "utf-16": (json.dumps(good_files()[PART1]).encode("utf-16"), "UTF-16"),
    "another encoding": (
        json.dumps([{**each, "id": "né"} for each in good_files()[PART1]], ensure_ascii=False)
        .encode("cp1252"), "no JSON object"),
    "truncated": (json.dumps(good_files()[PART1]).encode()[:-40], "cut short"),
    "truncated lines": (
        "\n".join(map(json.dumps, good_files()[PART1])).encode()[:-40], "cut short"),
    "truncated gzip": (gzip.compress(json.dumps(good_files()[PART1]).encode())[:-20], "gzip"),
    "columns of pandas": (b'{"id": {"0": "a"}, "label": {"0": 1}}', None),
    "no records": (b"[1, 2, 3]", "expected an object"),
    "lists": (json.dumps([[1, 0, [1], [2]]]).encode(), "expected an object"),
}  # fmt: skip


@pytest.mark.parametrize("file", JSON_FILES)
@pytest.mark.parametrize(("content", "says"), BAD_BYTES.values(), ids=BAD_BYTES)
def test_bad_bytes_are_refused_with_the_file(tmp_path, file, content, says):
    error = refused(tmp_path, {**good_files(), file: content})
    assert error.file == file
    assert says is None or says in str(error)


BAD_VALUES = {
    "wrong length": {IMAGE: [1.0, 2.0, 3.0]},
    "NaN": {TEXT: [1.0, NAN, 2.0, 3.0]},
    "infinite": {IMAGE: [1.0, -INFINITY, 2.0, 3.0]},
    "text for numbers": {TEXT: ["1.0", "2.0", "3.0", "4.0"]},
    "null": {TEXT: [1.0, None, 2.0, 3.0]},
    "null vector": {IMAGE: None},
    "fractional id": {"id": 1.5},
    "label 2": {"label": 2},
    "label as text": {"label": "1"},
}


@pytest.mark.parametrize("change", BAD_VALUES.values(), ids=BAD_VALUES)
def test_a_bad_training_row_is_set_aside_and_counted(tmp_path, change):
    write_files(tmp_path, changed(PART1, 5, **change))
    result = run_stage(tmp_path)
    reconciles(result)
    assert result.quarantine[["file", "row"]].to_numpy().tolist() == [[PART1, 5]]
    assert next(iter(change)) in result.quarantine["reason"].iloc[0]
    assert len(result.train) == 17


@pytest.mark.parametrize("file", [PART1, PART2])
@pytest.mark.parametrize("change", BAD_VALUES.values(), ids=BAD_VALUES)
def test_a_column_wrong_throughout_is_refused(tmp_path, file, change):
    files = good_files()
    for record in files[file][1:]:
        record.update(change)
    error = refused(tmp_path, files)
    assert (error.file, error.column, error.row) == (file, next(iter(change)), 2)


@pytest.mark.parametrize(
    ("file", "column"),
    [(file, column) for file in JSON_FILES for column in good_files()[file][0]],
)
def test_a_missing_key_is_named_with_those_there(tmp_path, file, column):
    files = good_files()
    files[file] = [{key: each[key] for key in each if key != column} for each in files[file]]
    error = refused(tmp_path, files)
    assert (error.file, error.column, error.row) == (file, column, 1)
    assert f"{column} is missing" in str(error)


@pytest.mark.parametrize(
    "change", [each for each in BAD_VALUES.values() if "label" not in each], ids=str
)
def test_one_bad_test_row_is_refused(tmp_path, change):
    error = refused(tmp_path, changed(TEST_FILE, 3, **change))
    assert (error.file, error.column, error.row) == (TEST_FILE, next(iter(change)), 3)


@pytest.mark.parametrize(
    ("row", "name", "says"),
    [(3, 2, "'2' stands twice, first in row 2"), (8, 9, "8 are missing"), (1, 0, "found '0'")],
)
def test_bad_test_ids_are_refused(tmp_path, row, name, says):
    error = refused(tmp_path, changed(TEST_FILE, row, id=name))
    assert (error.file, error.column) == (TEST_FILE, "id")
    assert says in str(error)


def test_a_gap_of_the_test_ids_may_be_allowed(tmp_path):
    files = changed(TEST_FILE, 8, id=9)
    files[SOLUTION][-1] = "9,0"
    error = refused(tmp_path, files)
    assert "sequential_test_ids" in str(error)
    reconciles(run_stage(tmp_path, sequential_test_ids=False))


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_only_is_refused(tmp_path, label):
    files = good_files()
    for record in (*files[PART1], *files[PART2]):
        record["label"] = label
    error = refused(tmp_path, files)
    assert (error.column, str(label) in str(error)) == ("label", True)


def test_the_wrong_length_of_all_rows_is_refused_by_the_parameter(tmp_path):
    error = refused(tmp_path, good_files(), embedding_length=512)
    assert (error.file, error.column, error.row) == (PART1, IMAGE, 1)
    assert "does not have 512 numbers" in str(error) and "4 numbers" in str(error)


@pytest.mark.parametrize(
    ("lines", "row", "says"),
    [
        (["id,label", "1,0"], None, "column 'row_id'"),
        (["target,row_id", "0,1"], None, "the header must be row_id,target"),
        (["row_id,target,more", "1,0,0"], None, "the header must be row_id,target"),
        (["row_id,target"], None, "no data rows"),
        (["row_id,target", "1,0", "77,0"], 2, "is not in test.json"),
        (["row_id,target", "1,0", "1,1"], 2, "stands twice"),
        (["row_id,target", "1,0", "2"], 2, "misshapen"),
        (["row_id,target", "1,0", ",1"], 2, "is not in test.json"),
    ],
)
def test_a_bad_sample_solution_is_refused(tmp_path, lines, row, says):
    error = refused(tmp_path, {**good_files(), SOLUTION: lines})
    assert (error.file, error.row) == (SOLUTION, row)
    assert says in str(error)


JUNK = [
    *(b'"', b",", b"\n", b"{", b"}", b"[", b"]", b"\\", b"\x00", b"\xff", b" ", b"-", b".0"),
    *(b"1e999", b"NaN", b"null", b"true", b"9" * 400, b'"1"', b"{}", b"[]", b"\xc3", b'"id"'),
    *(b'"label"', b"\r\n", b":", b"\xef\xbb\xbf", b'\\ud800', b"}\n{", b"},{", b"],["),
]  # fmt: skip


@settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(mutations(JSON_FILES, JUNK), min_size=1, max_size=3), st.booleans())
def test_any_files_are_refused_clearly_or_add_up(changes, per_line) -> None:
    files: dict[str, Any] = good_files()
    for name in JSON_FILES:
        text = "\n".join(map(json.dumps, files[name])) if per_line else json.dumps(files[name])
        files[name] = text.encode()
    for name, how, where, length, junk in changes:
        files[name] = mutated(files[name], how, where, length, junk)
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), files)
        try:
            result = run_stage(Path(folder))
        except PodiumError as error:
            assert any(name in str(error) for name in (*JSON_FILES, SOLUTION))
        else:
            reconciles(result)


def test_a_far_away_test_row_is_no_copy_and_a_copy_is_found(tmp_path):
    files = changed(TEST_FILE, 2, **vectors(3))
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    assert result.test_copies[["test_id", "train_id", "label"]].to_numpy().tolist() == [
        ["2", "a003", 1]
    ]

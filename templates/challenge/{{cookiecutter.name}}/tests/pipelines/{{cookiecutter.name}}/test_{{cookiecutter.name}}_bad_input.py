"""Files that must be refused, and rows that must be set aside."""

import pytest
from raw_{{cookiecutter.name}} import changed, good_files, run_stage, write_files

from podium.common.errors import RawDataError
from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS, TEST, TRAIN

FILES = list(good_files())


def refused(folder, files):
    write_files(folder, files)
    with pytest.raises(RawDataError) as caught:
        run_stage(folder)
    return caught.value


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_named(tmp_path, file):
    files = good_files()
    del files[file]
    assert refused(tmp_path, files).file == file


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"PK\x03\x04 zip", "ab\n1".encode("utf-16")])
def test_bad_bytes_are_refused_with_the_file(tmp_path, file, content):
    assert refused(tmp_path, {**good_files(), file: content}).file == file


@pytest.mark.parametrize("file", FILES)
def test_a_header_alone_is_refused(tmp_path, file):
    error = refused(tmp_path, {**good_files(), file: good_files()[file][:1]})
    assert error.file == file and "no data rows" in str(error)


@pytest.mark.parametrize(
    ("file", "column"), [(spec.name, name) for spec in (TRAIN, TEST) for name in spec.columns]
)
def test_a_missing_column_is_named(tmp_path, file, column):
    header, *rows = good_files()[file]
    names = ["what" if name == column else name for name in header.split(",")]
    error = refused(tmp_path, {**good_files(), file: [",".join(names), *rows]})
    assert (error.file, error.column) == (file, column)


@pytest.mark.parametrize("value", ["", "unknown", "inf"])
def test_a_training_row_without_a_target_is_set_aside_and_counted(tmp_path, value):
    write_files(tmp_path, changed(TRAIN.name, 5, **{ROWS.target: value}))
    result = run_stage(tmp_path)
    assert result.quarantine["row"].tolist() == [5]
    assert ROWS.target in result.quarantine["reason"].iloc[0]
    counts = {action: result.rows(TRAIN.name, action) for action in ("read", "kept", "quarantined")}
    assert counts == {"read": 12, "kept": 11, "quarantined": 1}


def test_a_column_wrong_throughout_is_refused(tmp_path):
    files = good_files()
    files[TRAIN.name][3:] = [
        line.rsplit(",", 1)[0] + ",unknown" for line in files[TRAIN.name][3:]
    ]
    error = refused(tmp_path, files)
    assert (error.file, error.column, error.row) == (TRAIN.name, ROWS.target, 3)


@pytest.mark.parametrize("key", ["", "r00013"])
def test_a_bad_key_of_the_test_is_refused(tmp_path, key):
    error = refused(tmp_path, changed(TEST.name, 3, **{ROWS.key: key}))
    assert (error.file, error.column, error.row) == (TEST.name, ROWS.key, 3)

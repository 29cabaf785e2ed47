"""Files that must be refused, rows that must be set aside, and anything else thrown at them."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutated_files import mutated, mutations
from raw_hearme import Stage, good_files, run_stage, write_files

from podium.common.errors import PodiumError, RawDataError

FILES = list(good_files())


def refused(folder: Path, files: dict[str, list[str] | bytes]) -> RawDataError:
    write_files(folder, files)
    with pytest.raises(RawDataError) as caught:
        run_stage(folder)
    return caught.value


def reconciles(result: Stage) -> None:
    for file in FILES:
        parted = sum(result.rows(file, action) for action in ("kept", "dropped", "quarantined"))
        assert result.rows(file, "read") == parted
        aside = int((result.quarantine["file"] == file).sum())
        assert result.rows(file, "quarantined") == aside
    assert result.rows("interactions.csv", "kept") == len(result.train)
    assert result.train["fraction"].between(0, 1).all()
    assert set(result.train["item_id"]) <= set(result.items["item_id"])
    assert set(result.train["user_id"]) <= set(result.users["user_id"])


@pytest.mark.parametrize("file", FILES)
def test_missing_file_is_named(tmp_path: Path, file: str) -> None:
    files = good_files()
    del files[file]
    assert refused(tmp_path, files).file == file


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"\x00" * 100])
def test_empty_file_is_refused(tmp_path: Path, file: str, content: bytes) -> None:
    assert refused(tmp_path, {**good_files(), file: content}).file == file


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("tail", [[], [""], ["", "  "]])
def test_header_alone_is_refused(tmp_path: Path, file: str, tail: list[str]) -> None:
    error = refused(tmp_path, {**good_files(), file: [good_files()[file][0], *tail]})
    assert error.file == file
    assert "no data rows" in str(error)


@pytest.mark.parametrize("file", FILES)
def test_missing_column_is_named_with_those_there(tmp_path: Path, file: str) -> None:
    lines = good_files()[file]
    name = lines[0].split(",")[0]
    error = refused(tmp_path, {**good_files(), file: [lines[0].replace(name, "what"), *lines[1:]]})
    assert (error.file, error.column) == (file, name)
    assert "'what'" in str(error)


@pytest.mark.parametrize("file", FILES)
def test_repeated_column_is_named(tmp_path: Path, file: str) -> None:
    lines = good_files()[file]
    name = lines[0].split(",")[0]
    doubled = [f"{line},{line.split(',')[0]}" for line in lines]
    error = refused(tmp_path, {**good_files(), file: doubled})
    assert (error.file, error.column) == (file, name)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "content", [bytes(range(256)) * 20, b"PK\x03\x04 zip", b"PAR1" + b"\x00" * 50, b"\x89PNG\r\n"]
)
def test_binary_garbage_is_refused(tmp_path: Path, file: str, content: bytes) -> None:
    assert refused(tmp_path, {**good_files(), file: content}).file == file


@pytest.mark.parametrize("file", FILES)
def test_garbage_below_a_good_header_is_refused(tmp_path: Path, file: str) -> None:
    header = good_files()[file][0].encode()
    garbage = bytes((at * 7919 + at // 3) % 256 for at in range(5000))
    assert refused(tmp_path, {**good_files(), file: header + b"\n" + garbage}).file == file


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("file", FILES)
def test_utf16_is_refused(tmp_path: Path, file: str, encoding: str) -> None:
    data = "\n".join(good_files()[file]).encode(encoding)
    assert "UTF-16" in str(refused(tmp_path, {**good_files(), file: data}))


def test_windows_1251_is_refused_with_row_and_byte(tmp_path: Path) -> None:
    lines = [line.replace("Әнші", "Артист") for line in good_files()["item_metadata.csv"]]
    data = "\n".join(lines).encode("cp1251")
    error = refused(tmp_path, {**good_files(), "item_metadata.csv": data})
    first = data.index("Т".encode("cp1251"))
    assert (error.file, error.row) == ("item_metadata.csv", 1)
    assert f"byte {first} " in str(error)


@pytest.mark.parametrize("column", [0, 1, 2, 3])
def test_wrong_type_throughout_names_column_row_and_value(tmp_path: Path, column: int) -> None:
    header, *rows = good_files()["interactions.csv"]
    broken = [row.split(",") for row in rows]
    for fields in broken[2:]:
        fields[column] = f"x{fields[column]}"
    lines = [header, *(",".join(fields) for fields in broken)]
    error = refused(tmp_path, {**good_files(), "interactions.csv": lines})
    assert (error.column, error.row) == (header.split(",")[column], 3)
    assert f"'{broken[2][column]}'" in str(error)


def test_wrong_type_throughout_in_metadata(tmp_path: Path) -> None:
    lines = [line.replace(",1,2,3", ",1,many,3") for line in good_files()["item_metadata.csv"]]
    error = refused(tmp_path, {**good_files(), "item_metadata.csv": lines})
    assert (error.column, error.row) == ("track_like_count", 1)


def test_repeated_test_user_names_both_rows(tmp_path: Path) -> None:
    error = refused(tmp_path, {**good_files(), "test.csv": ["user_id", "1", "2", "1.0"]})
    assert (error.file, error.column, error.row) == ("test.csv", "user_id", 3)
    assert "row 1" in str(error)


def test_test_user_that_is_no_number_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, {**good_files(), "test.csv": ["user_id", "1", "2", "two"]})
    assert (error.file, error.row) == ("test.csv", 3)


def test_too_few_tracks(tmp_path: Path) -> None:
    write_files(tmp_path, good_files())
    with pytest.raises(RawDataError, match="only 10 known tracks; 11 are needed"):
        run_stage(tmp_path, fewest_tracks=11)


def test_no_listen_left(tmp_path: Path) -> None:
    lines = [line.replace("2025-", "2024-") for line in good_files()["interactions.csv"]]
    error = refused(tmp_path, {**good_files(), "interactions.csv": lines})
    assert "before the time range" in str(error)


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    data = gzip.compress("\n".join(good_files()["interactions.csv"]).encode())[:-20]
    assert refused(tmp_path, {**good_files(), "interactions.csv": data}).file == "interactions.csv"


@pytest.mark.parametrize("file", ["interactions.csv", "item_metadata.csv", "user_metadata.csv"])
@pytest.mark.parametrize("cut", [1, 5])
def test_last_row_cut_short_is_set_aside(tmp_path: Path, file: str, cut: int) -> None:
    data = "\n".join(good_files()[file]).encode()
    last = data.rindex(b"\n") + 1
    # Cut inside the row, for the metadata inside a Cyrillic letter.
    end = last + cut if file == "interactions.csv" else last + data[last:].find(b"\xd0") + 1
    write_files(tmp_path, {**good_files(), file: data[:end]})
    result = run_stage(tmp_path)
    reconciles(result)
    aside = result.quarantine[result.quarantine["file"] == file]
    assert aside["row"].tolist()[-1] == len(good_files()[file]) - 1


def test_test_user_without_history_is_kept_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_files(tmp_path, {**good_files(), "test.csv": ["user_id", "77", "1"]})
    result = run_stage(tmp_path)
    assert result.test["user_id"].tolist() == [77, 1]
    assert result.test["has_history"].tolist() == [False, True]
    assert "77" in caplog.text
    assert 77 in set(result.users["user_id"])


JUNK = [
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b"\x00",
    b"\xff",
    b"\x1f",
    b" ",
    b"-",
    b".0",
    b"1e5",
    b"nan",
    b"9" * 25,
    b"\xd0",
    b'""',
    b'"\n"',
    b"'",
    b"[",
    b"2025-13-40 99:99:99",
    b"\t",
    "ё".encode(),
]


@settings(max_examples=18, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(mutations(FILES, JUNK), min_size=1, max_size=4))
def test_any_files_are_refused_clearly_or_add_up(
    changes: list[tuple[str, str, float, int, bytes]],
) -> None:
    files = {
        name: "".join(f"{x}\n" for x in lines).encode() for name, lines in good_files().items()
    }
    for name, how, where, length, junk in changes:
        files[name] = mutated(files[name], how, where, length, junk)
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), files)
        try:
            result = run_stage(Path(folder))
        except PodiumError as error:
            assert any(name in str(error) for name in FILES)
        else:
            reconciles(result)

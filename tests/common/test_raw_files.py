"""Records of raw CSV files: each of them there once, in its place, whole."""

from __future__ import annotations

import gzip
from pathlib import Path

import ibis
import pandas as pd
import pytest

from podium.common import raw_lines
from podium.common.errors import RawDataError
from podium.common.raw_contract import RawFile, find_raw_file
from podium.common.raw_files import BLANK, RawTable, open_raw_csv
from podium.common.raw_lines import Reading, read_records, scan_file

SPEC = RawFile("two.csv", ("a", "b"))


def opened(folder: Path, data: bytes | str, spec: RawFile = SPEC) -> tuple[RawTable, pd.DataFrame]:
    path = folder / spec.name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    raw = open_raw_csv(path, spec, ibis.duckdb.connect(threads=2))
    frame = raw.table.order_by("row").execute()
    assert frame["row"].tolist() == list(range(1, raw.rows + 1))
    return raw, frame


def values(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    plain = frame[["a", "b"]].astype("object")
    return [tuple(row) for row in plain.where(plain.notna(), None).to_numpy()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n3,4\n", [("1", "2"), ("3", "4")]),
        ("a,b\n1,2\n3,4", [("1", "2"), ("3", "4")]),
        ("\ufeffa,b\r\n1,2\r\n3,4\r\n", [("1", "2"), ("3", "4")]),
        (" A , B\n1,2\n", [("1", "2")]),
        ("b,x,a\n1,9,2\n", [("2", "1")]),
        ('"a","b"\n"1","2"\n', [("1", "2")]),
        ('a,b\n"x, y","say ""hi"""\n', [("x, y", 'say "hi"')]),
        ('a,b\n"two\nlines",2\n3,4\n', [("two\nlines", "2"), ("3", "4")]),
        ('a,b\r\n"two\r\nlines",2\r\n3,4\r\n', [("two\nlines", "2"), ("3", "4")]),
        (
            'a,b\n0,1\n"one\ntwo\nthree\nfour",2\n3,4\n',
            [("0", "1"), ("one\ntwo\nthree\nfour", "2"), ("3", "4")],
        ),
        ("a,b\n1,\n,2\n", [("1", None), (None, "2")]),
        ('a,b\nAC"DC,2\n12" mix,3\n', [('AC"DC', "2"), ('12" mix', "3")]),
        ("a,b\n1,2\r\n3,4\n", [("1", "2"), ("3", "4")]),
        # Written on Windows by a program that ends its lines itself.
        ("a,b\r\r\n1,2\r\r\n3,4\r\r\n", [("1", "2"), ("3", "4")]),
        ("a,b\nҚайрат,Ёлка\n", [("Қайрат", "Ёлка")]),
        ('a,b\n"",2\n', [(None, "2")]),
    ],
)
def test_fields_are_read_as_written(
    tmp_path: Path, text: str, expected: list[tuple[str | None, ...]]
) -> None:
    _, frame = opened(tmp_path, text)
    assert frame["fault"].isna().all()
    assert values(frame) == expected


@pytest.mark.parametrize(
    ("text", "row", "fault", "content"),
    [
        ("a,b\n1,2\n3\n5,6\n", 2, "has 1 field instead of 2 fields", "3"),
        ("a,b\n1,2,3\n5,6\n", 1, "has 3 fields instead of 2 fields", "1,2,3"),
        ("a,b\n1,2\n\n5,6\n", 2, BLANK, ""),
        ('a,b\n1,2\n"3,4\n5,6\n', 2, "a quote is never closed", '"3,4'),
        ('a,b\n"1,2\n"3",4\n', 1, "a quote is never closed, or text follows", '"1,2'),
        ('a,b\n"x"y,2\n3,4\n', 1, "a quote is never closed, or text follows", '"x"y,2'),
        (b"a,b\n1,\xff\n3,4\n", 1, "is not UTF-8 text", "1,\\xff"),
        (b"a,b\n1,\x00\n3,4\n", 1, "holds a NUL byte", "1,\\x00"),
        (b"a,b\n1,2\n3,4" + b"z" * 1_200_000 + b"\n5,6\n", 2, "the row is 1200003", "3,4zz"),
    ],
)
def test_one_faulty_row_is_kept_and_costs_no_other(
    tmp_path: Path, text: str | bytes, row: int, fault: str, content: str
) -> None:
    raw, frame = opened(tmp_path, text)
    assert raw.rows == len(text.splitlines()) - 1
    bad = frame[frame["fault"].notna()]
    assert bad["row"].tolist() == [row]
    assert bad["fault"].iloc[0].startswith(fault)
    assert bad["content"].iloc[0].startswith(content)


@pytest.mark.parametrize("quote", ["", '"'])
def test_large_file_keeps_order_and_count(tmp_path: Path, quote: str) -> None:
    lines = "".join(f"{quote}{at}{quote},{at % 7}\n" for at in range(300_000))
    raw, frame = opened(tmp_path, "a,b\n" + lines)
    assert raw.rows == 300_000
    assert (frame["a"].astype(int) == frame["row"] - 1).all()


@pytest.mark.parametrize("size", range(5, 16))
@pytest.mark.parametrize(
    ("data", "plain"),
    [
        (b"a,b\r\n1,2\r\n3,4\r\n", True),
        # As many carriage returns as line feeds, which are not pairs.
        (b"a,b\r\n1,2\r3\n4,5\r\n", False),
    ],
    ids=["pairs", "no pairs"],
)
def test_line_ends_are_told_over_block_borders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, data: bytes, plain: bool
) -> None:
    monkeypatch.setattr(raw_lines, "BLOCK", size)
    (tmp_path / SPEC.name).write_bytes(data)
    scan = scan_file(tmp_path / SPEC.name)
    assert (scan.plain, scan.lines, scan.ends_whole) == (plain, 2, True)


def test_records_come_in_batches_with_the_place_of_the_first_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_lines, "_BATCH", 2)
    file, reading = tmp_path / SPEC.name, Reading()
    file.write_bytes(b"a,b\n1,2\n3,\xff\n5,\xff\n7,8\n9,10\n")
    assert [len(batch) for batch in read_records(file, reading)] == [2, 2, 1]
    assert (reading.records, reading.not_utf8, reading.not_ascii) == (5, 2, 2)
    assert reading.first_not_utf8 == (2, 10)


def test_records_over_block_borders(tmp_path: Path) -> None:
    records = [f'"{"я" * (at % 97)}\n{at}",{at}' for at in range(20_000)]
    raw, frame = opened(tmp_path, "a,b\n" + "\n".join(records))
    assert raw.rows == 20_000
    assert frame["a"].str.split("\n").str[1].tolist() == [str(at) for at in range(20_000)]
    assert frame["fault"].isna().all()


def test_characters_cut_by_block_borders_are_plain(tmp_path: Path) -> None:
    line = "x" + "я" * 50  # the first block of 512 KiB then ends inside a letter
    raw, frame = opened(tmp_path, "a,b\n" + f"{line},1\n" * 30_000)
    assert raw.rows == 30_000
    assert frame["a"].eq(line).all()
    assert scan_file(tmp_path / SPEC.name).plain


def test_gzip_by_name_and_of_several_members(tmp_path: Path) -> None:
    data = gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n")
    (tmp_path / "two.csv.gz").write_bytes(data)
    assert find_raw_file(tmp_path / "two.csv") == tmp_path / "two.csv.gz"
    raw = open_raw_csv(tmp_path / "two.csv", SPEC, ibis.duckdb.connect())
    assert values(raw.table.order_by("row").execute()) == [("1", "2"), ("3", "4")]


def test_extra_columns_and_cut_end_are_told(tmp_path: Path) -> None:
    raw, _ = opened(tmp_path, "x,a,y,b\n1,2,3,4")
    assert raw.extra_columns == ("x", "y")
    assert not raw.ends_whole
    assert raw.value("1,2,3,4", "b") == "4"


def test_other_separator_is_hinted_at(tmp_path: Path) -> None:
    with pytest.raises(RawDataError, match="separated by something else"):
        opened(tmp_path, "a;b\n1;2\n")


@pytest.mark.parametrize(
    "data",
    ["a,b\n1,2\n".encode("utf-16-le"), "я,б\n1,2\n".encode("utf-16")],
    ids=["without a mark", "without a zero in its first bytes"],
)
def test_utf_16_is_told(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(RawDataError, match="UTF-16 or binary from byte 0 on"):
        opened(tmp_path, data)


@pytest.mark.parametrize("header", ["c", "b;c,x"])
def test_no_separator_is_hinted_at_where_there_is_none_or_commas_are(
    tmp_path: Path, header: str
) -> None:
    with pytest.raises(RawDataError, match="the column is missing") as caught:
        opened(tmp_path, f"{header}\n1\n")
    assert "separated" not in str(caught.value)


def test_where_half_of_the_rows_beyond_ascii_can_be_read_the_others_are_damaged(
    tmp_path: Path,
) -> None:
    rows = ["я,1".encode(), b"\xff,2", "ё,3".encode(), b"\xfe,4"]
    _, frame = opened(tmp_path, b"a,b\n" + b"\n".join(rows))
    assert frame.loc[frame["fault"].notna(), "row"].tolist() == [2, 4]
    with pytest.raises(RawDataError, match="nor are 3 of 5 rows beyond ASCII") as caught:
        opened(tmp_path, b"a,b\n" + b"\n".join([*rows, b"\xfd,5"]))
    assert caught.value.row == 2


def test_odd_path(tmp_path: Path) -> None:
    folder = tmp_path / "it's, a [1]* folder"
    folder.mkdir()
    _, frame = opened(folder, "a,b\n1,2\n")
    assert values(frame) == [("1", "2")]

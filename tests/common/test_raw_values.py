"""Text to values, each case by hand."""

from __future__ import annotations

from pathlib import Path

import ibis
import pandas as pd
import pytest

from podium.common.errors import RawDataError
from podium.common.raw_contract import RawFile
from podium.common.raw_files import BLANK, RawTable, open_raw_csv
from podium.common.raw_values import (
    Parsed,
    check_throughout,
    parse_number,
    parse_time,
    parse_whole_number,
    parse_word,
    shorten,
    summarise_reasons,
)


def understood(text: str | None, parse: object, **options: object) -> tuple[object, bool, bool]:
    table = ibis.memtable({"text": [text, "0"]}, schema={"text": "string"})
    parsed: Parsed = parse(table.text, **options)  # type: ignore[operator]
    row = table.select(
        text="text", value=parsed.value.cast("string"), odd=parsed.repaired, bad=parsed.wrong
    )
    found = row.limit(1).execute().iloc[0]
    return (
        None if pd.isna(found["value"]) else found["value"],
        bool(found["odd"]),
        bool(found["bad"]),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", ("12", False, False)),
        ("-3", ("-3", False, False)),
        ("12.0", ("12", True, False)),
        ("12.", ("12", True, False)),
        (" 12 ", ("12", True, False)),
        ("\t12\r", ("12", True, False)),
        ("007", ("7", True, False)),
        ("+5", ("5", True, False)),
        ("12.7", (None, False, True)),
        ("1e5", (None, False, True)),
        ("1_000", (None, False, True)),
        ("0x10", (None, False, True)),
        ("9" * 25, (None, False, True)),
        ("nan", (None, False, True)),
        ("", (None, False, False)),
        ("  ", (None, False, False)),
        (None, (None, False, False)),
    ],
)
def test_whole_numbers(text: str | None, expected: tuple[str | None, bool, bool]) -> None:
    assert understood(text, parse_whole_number) == expected


def test_numbers_below_the_least_are_wrong() -> None:
    assert understood("-1", parse_whole_number, least=0) == (None, False, True)
    assert understood("0", parse_whole_number, least=0) == ("0", False, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", ("12.0", False, False)),
        ("-0.5", ("-0.5", False, False)),
        ("1e3", ("1000.0", False, False)),
        ("+.5", ("0.5", True, False)),
        ("2.", ("2.0", True, False)),
        (" 7 ", ("7.0", True, False)),
        ("1,5", (None, False, True)),
        ("nan", (None, False, True)),
        ("inf", (None, False, True)),
        ("1e999", (None, False, True)),
        ("0x10", (None, False, True)),
        ("  ", (None, False, False)),
        (None, (None, False, False)),
    ],
)
def test_numbers(text: str | None, expected: tuple[str | None, bool, bool]) -> None:
    assert understood(text, parse_number) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-02-28 12:34:56.78901", ("2025-02-28 12:34:56.78901", False, False)),
        ("2025-02-28 12:34:56", ("2025-02-28 12:34:56", False, False)),
        ("2025-02-28T12:34:56.5", ("2025-02-28 12:34:56.5", False, False)),
        (" 2025-02-28 12:34:56 ", ("2025-02-28 12:34:56", True, False)),
        ("2025-02-30 12:34:56", (None, False, True)),
        ("2025-02-28", (None, False, True)),
        ("2025-02-28 12:34", (None, False, True)),
        ("2025-02-28 12:34:56+06", (None, False, True)),
        ("28.02.2025 12:34:56", (None, False, True)),
        ("infinity", (None, False, True)),
        (None, (None, False, False)),
    ],
)
def test_times(text: str | None, expected: tuple[str | None, bool, bool]) -> None:
    assert understood(text, parse_time) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("M", ("M", False, False)),
        (" m", ("M", True, False)),
        ("male", (None, False, True)),
        (None, (None, False, False)),
    ],
)
def test_words(text: str | None, expected: tuple[str | None, bool, bool]) -> None:
    assert understood(text, parse_word, allowed=("M", "F")) == expected


FAULTS = {"size": ("size is bad",), "age": ("age is bad",)}


def ten_rows(folder: Path) -> RawTable:
    """Rows `s1,a1` to `s10,a10`."""
    spec = RawFile("raw.csv", ("size", "age"))
    lines = ["size,age", *(f"s{at},a{at}" for at in range(1, 11))]
    (folder / spec.name).write_text("".join(f"{line}\n" for line in lines))
    return open_raw_csv(folder / spec.name, spec, ibis.duckdb.connect(threads=1))


def judge(raw: RawTable, reasons: list[str], misshapen: tuple[str, ...] = (BLANK, "short")) -> None:
    """Check the rows, the first of which have these reasons and the rest none."""
    judged = pd.DataFrame(
        {
            "row": range(1, raw.rows + 1),
            "reason": reasons + [None] * (raw.rows - len(reasons)),
            "content": [f"s{at},a{at}" for at in range(1, raw.rows + 1)],
        }
    )
    judged["of_shape"] = judged["reason"].isin(misshapen)
    check_throughout(raw, summarise_reasons(judged), FAULTS)


def test_a_file_is_merely_dirty_up_to_half(tmp_path: Path) -> None:
    raw = ten_rows(tmp_path)
    judge(raw, [])
    judge(raw, ["short"])
    judge(raw, ["short"] * 5)
    judge(raw, ["size is bad"])
    judge(raw, ["size is bad"] * 5)


def test_a_file_of_which_more_than_half_is_misshapen_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RawDataError, match="6 of 10 rows are misshapen; the first short: 's1,a1'"):
        judge(ten_rows(tmp_path), ["short"] * 6)


def test_a_column_of_which_more_than_half_is_wrong_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RawDataError, match="6 of 10 values .* the first is 's1'") as caught:
        judge(ten_rows(tmp_path), ["size is bad"] * 6)
    assert (caught.value.file, caught.value.column, caught.value.row) == ("raw.csv", "size", 1)


def test_blank_lines_are_no_misshapen_rows_and_count_for_nothing(tmp_path: Path) -> None:
    raw = ten_rows(tmp_path)
    judge(raw, [BLANK] * 9)
    judge(raw, [BLANK] * 6 + ["short"] * 2)
    with pytest.raises(RawDataError, match="3 of 4 rows are misshapen"):
        judge(raw, [BLANK] * 6 + ["short"] * 3)
    with pytest.raises(RawDataError, match="no data rows"):
        judge(raw, [BLANK] * 10)


def test_a_column_is_judged_by_the_rows_that_were_not_blamed_before(tmp_path: Path) -> None:
    raw = ten_rows(tmp_path)
    for before in ("short", "size is bad"):
        judge(raw, [before] * 4 + ["age is bad"] * 3)
        with pytest.raises(RawDataError, match="4 of 6 values") as caught:
            judge(raw, [before] * 4 + ["age is bad"] * 4)
        assert (caught.value.column, caught.value.row) == ("age", 5)


def test_a_value_is_shortened_only_where_it_is_longer_than_a_line() -> None:
    assert shorten("x" * 8, most=10) == "'xxxxxxxx'"
    assert shorten("x" * 9, most=10) == "'xxxxxxxxx…"

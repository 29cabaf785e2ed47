"""Text to values, each case by hand."""

from __future__ import annotations

import ibis
import pandas as pd
import pytest

from podium.common.raw_values import (
    Parsed,
    parse_number,
    parse_time,
    parse_whole_number,
    parse_word,
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

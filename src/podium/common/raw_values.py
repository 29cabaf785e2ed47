"""Text of a raw file to typed values, as Ibis expressions that say what they repaired.

The expressions are backend-neutral. A value is taken as it stands where it is written the plain
way, repaired where its meaning is beyond doubt ("12.0", " 12 "), and else left out as wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from podium.common.errors import RawDataError
from podium.common.raw_files import BLANK, RawTable

if TYPE_CHECKING:
    import ibis.expr.types as ir


_WHOLE_NUMBER = r"^\s*[+-]?[0-9]+(\.0*)?\s*$"
_NUMBER = r"^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\s*$"
_PLAIN_NUMBER = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$"
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?$"
_MOST_WRONG = 0.5


@dataclass(frozen=True)
class Parsed:
    """A column of text, understood.

    Attributes:
        value: The typed value, null where missing or wrong.
        repaired: True where the value was not written the plain way. Never null.
        wrong: True where there is text that is no such value. Never null.
    """

    value: ir.Value
    repaired: ir.BooleanValue
    wrong: ir.BooleanValue


def parse_whole_number(text: ir.StringValue, least: int | None = None) -> Parsed:
    """Parse integers; "12.0", "+12", "007" and spaces around are repaired, "12.5" is wrong.

    Args:
        text: The raw column.
        least: Smaller numbers are wrong; None for no limit.
    """
    import ibis

    # A cast alone would round "12.7"; the pattern is tried only where the plain way fails,
    # because matching 25 million values costs more than casting them.
    plain = text.try_cast("int64")
    exact = (plain.cast("string") == text).fill_null(False)
    digits = text.strip().re_replace(r"\.0*$", "")
    loose = text.re_search(_WHOLE_NUMBER).ifelse(digits.try_cast("int64"), ibis.null("int64"))
    value = exact.ifelse(plain, loose)
    if least is not None:
        value = (value >= least).ifelse(value, ibis.null("int64"))
    return _parsed(text, value, exact)


def parse_number(text: ir.StringValue) -> Parsed:
    """Parse finite decimal numbers; "+1.5", ".5", "2." and spaces around are repaired.

    Words such as "nan" and "inf", a decimal comma and thousands separators are wrong.
    """
    import ibis

    exact = text.re_search(_PLAIN_NUMBER)
    read = text.re_search(_NUMBER).ifelse(text.strip().try_cast("float64"), ibis.null("float64"))
    value = read.isinf().ifelse(ibis.null("float64"), read)
    return _parsed(text, value, exact)


def parse_time(text: ir.StringValue) -> Parsed:
    """Parse `YYYY-MM-DD HH:MM:SS`, with or without a fraction, with a space or a T between."""
    import ibis

    # The trimmed text is looked at only where the text as it stands is no time.
    exact = text.re_search(_TIME)
    trimmed = text.strip()
    loose = trimmed.re_search(_TIME).ifelse(trimmed.try_cast("timestamp"), ibis.null("timestamp"))
    return _parsed(text, exact.ifelse(text.try_cast("timestamp"), loose), exact)


def parse_word(text: ir.StringValue, allowed: tuple[str, ...]) -> Parsed:
    """Parse one of a few words; spaces around and the case of letters are repaired."""
    import ibis

    trimmed = text.strip()
    found = ibis.cases(
        *[(trimmed.upper() == word.upper(), word) for word in allowed], else_=ibis.null("string")
    )
    return _parsed(text, found, found == text)


def _parsed(text: ir.StringValue, value: ir.Value, exact: ir.BooleanValue) -> Parsed:
    there = (text.strip() != "").fill_null(False)
    return Parsed(
        value=value,
        repaired=(value.notnull() & ~exact.fill_null(False)),
        wrong=(value.isnull() & there),
    )


def summarise_reasons(judged: pd.DataFrame) -> pd.DataFrame:
    """Count judged rows by reason, for `check_throughout`.

    Args:
        judged: row, reason (null where there is none), of_shape, content.

    Returns:
        reason, of_shape, rows, first_row, first_content; sorted by reason.
    """
    bad = judged[judged["reason"].notna()].sort_values("row")
    return bad.groupby(["reason", "of_shape"], sort=True, as_index=False).agg(
        rows=("row", "size"), first_row=("row", "first"), first_content=("content", "first")
    )


def check_throughout(
    raw: RawTable, flagged: pd.DataFrame, faults_of_column: Mapping[str, tuple[str, ...]]
) -> None:
    """Refuse a file that is not merely dirty: most rows misshapen, or most of a column wrong.

    Args:
        raw: The file.
        flagged: One row per reason: `reason`, `of_shape` (the record itself is misshapen), `rows`,
            `first_row`, `first_content`. A row has one reason, the first that holds in the order
            of `faults_of_column`.
        faults_of_column: The reasons that blame each column, in the order they were looked for.

    Raises:
        RawDataError: naming the column, the first row and its value.
    """
    rows = raw.rows - int(flagged.loc[flagged["reason"] == BLANK, "rows"].sum())
    if rows == 0:
        raise RawDataError("the file has a header but no data rows", file=raw.file)
    shape = flagged[flagged["of_shape"] & (flagged["reason"] != BLANK)]
    if len(shape) and shape["rows"].sum() > _MOST_WRONG * rows:
        first = _earliest(shape)
        raise RawDataError(
            f"{shape['rows'].sum()} of {rows} rows are misshapen; the first {first['reason']}: "
            f"{shorten(first['first_content'])}",
            file=raw.file,
            row=int(first["first_row"]),
        )
    rows -= int(shape["rows"].sum())
    for column, reasons in faults_of_column.items():
        blamed = flagged[flagged["reason"].isin(reasons) & ~flagged["of_shape"]]
        wrong = int(blamed["rows"].sum())
        if wrong and wrong > _MOST_WRONG * rows:
            first = _earliest(blamed)
            value = raw.value(str(first["first_content"]), column)
            raise RawDataError(
                f"{wrong} of {rows} values cannot be used ({first['reason']}); the first is "
                f"{shorten(value)}",
                file=raw.file,
                column=column,
                row=int(first["first_row"]),
            )
        rows -= wrong


def refuse_repeated(keys: pd.Series, rows: pd.Series, file: str) -> None:
    """Refuse a file in which a key names two rows.

    Args:
        keys: One per row; the name of the series is the column's.
        rows: Numbers of the rows.
        file: Its name.

    Raises:
        RawDataError: naming the second row, and the first.
    """
    again = keys.duplicated().to_numpy()
    if again.any():
        at = int(again.argmax())
        key = keys.iloc[at]
        first = int(rows.iloc[int((keys == key).to_numpy().argmax())])
        shown = repr(key) if isinstance(key, str) else str(key)
        raise RawDataError(
            f"{shown} stands twice, first in row {first}",
            file=file,
            column=str(keys.name),
            row=int(rows.iloc[at]),
        )


def _earliest(reasons: pd.DataFrame) -> pd.Series:
    """The reason whose first row comes first."""
    return reasons.sort_values("first_row").iloc[0]


def shorten(text: object, most: int = 80) -> str:
    """Quote a raw value for a message, not longer than a line."""
    shown = repr(text)
    return shown if len(shown) <= most else shown[:most] + "…"

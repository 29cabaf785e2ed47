"""Cleaning of metadata tables: one row per key, values in their range, what was done counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd
import pyarrow as pa

from podium.common.data_quality import QUARANTINE_COLUMNS, QualityLog
from podium.common.errors import RawDataError
from podium.common.raw_files import BLANK, RawTable
from podium.common.raw_values import (
    Parsed,
    check_throughout,
    parse_whole_number,
    parse_word,
    shorten,
    summarise_reasons,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir


_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.int32(): pd.Int32Dtype()}
_MOST_WRONG = 0.5


@dataclass(frozen=True)
class Column:
    """A column of a metadata file.

    Attributes:
        raw: Its name in the file.
        name: Its name in the cleaned table.
        kind: A whole number, one of a few words, or any text.
        least: Smaller numbers are set to null.
        most: Larger numbers are set to null.
        allowed: The words.
    """

    raw: str
    name: str
    kind: Literal["number", "word", "text"]
    least: int = 0
    most: int | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cleaned:
    """A cleaned metadata file.

    Attributes:
        table: The key (int64, unique, sorted) and the columns by their new names; numbers are
            nullable `Int64`, text is `str`.
        quarantine: file, row, reason, content of the rows that were set aside.
        quality: What was counted, as `QualityLog.frame` returns it.
    """

    table: pd.DataFrame
    quarantine: pd.DataFrame
    quality: pd.DataFrame


def clean_metadata(raw: RawTable, key: str, columns: Sequence[Column]) -> Cleaned:
    """Clean a metadata file: a key, and values that may be missing.

    A row without a usable key is set aside. A value that is wrong or out of range is set to
    null; one whose meaning is beyond doubt is repaired. Of several rows with one key the most
    complete is kept, the earlier one on a tie; equal rows are dropped, different ones set aside.

    Args:
        raw: The file.
        key: Name of the key, a whole number of 0 or more.
        columns: The other columns.

    Returns:
        The cleaned table with its report. Memory: the file, typed.

    Raises:
        RawDataError: most rows misshapen, most keys or most values of a column of another type,
            or no row left.
    """
    log = QualityLog(raw)
    frame = _typed(raw, key, columns)
    key_wrong = f"{key} is not a whole number of 0 or more"
    reason = frame["fault"].astype("object").where(frame["fault"].notna(), None)
    frame["reason"] = reason.mask(frame["fault"].isna() & frame[key].isna(), key_wrong)
    frame["of_shape"] = frame["fault"].notna()
    check_throughout(raw, summarise_reasons(frame), {key: (key_wrong,)})
    blank = int((frame["reason"] == BLANK).sum())
    log.add(BLANK, "dropped", blank)
    usable = frame[frame["reason"].isna()]
    if usable.empty:
        raise RawDataError("no usable row is left", file=raw.file)
    _report_values(raw, usable, key, columns, log)
    kept, copies, losers = _one_row_per_key(usable, key, columns)
    aside = frame[frame["reason"].notna() & (frame["reason"] != BLANK)]
    quarantine = pd.concat([aside, losers])[["row", "reason", "content"]].sort_values("row")
    quarantine.insert(0, "file", raw.file)
    log.add("exact duplicate", "dropped", copies)
    for text, rows in quarantine.groupby("reason", sort=True):
        log.add(str(text), "quarantined", len(rows), _example(rows.iloc[0]))
    log.add("rows", "kept", len(kept))
    return Cleaned(
        table=kept[[key, *[column.name for column in columns]]],
        quarantine=quarantine.astype({"row": "int64", "reason": "str", "content": "str"})[
            QUARANTINE_COLUMNS
        ].reset_index(drop=True),
        quality=log.frame(),
    )


def _typed(raw: RawTable, key: str, columns: Sequence[Column]) -> pd.DataFrame:
    """The file as a frame: typed columns, and for each `<name>__repaired` and `<name>__wrong`."""
    table = raw.table
    parsed_key = parse_whole_number(table[key], least=0)
    values: dict[str, ir.Value] = {key: parsed_key.value, f"{key}__repaired": parsed_key.repaired}
    for column in columns:
        text = table[column.raw]
        parsed = _parse(text, column)
        values[column.name] = parsed.value
        values[f"{column.name}__repaired"] = parsed.repaired
        values[f"{column.name}__wrong"] = parsed.wrong
        values[f"{column.name}__untyped"] = _untyped(text, column)
        values[f"{column.name}__text"] = text
    arrow = table.select("row", "fault", "content", **values).order_by("row").to_pyarrow()
    return arrow.to_pandas(types_mapper=_NULLABLE.get)


def _parse(text: ir.StringValue, column: Column) -> Parsed:
    import ibis

    if column.kind == "number":
        parsed = parse_whole_number(text, least=column.least)
        if column.most is None:
            return parsed
        inside = (parsed.value <= column.most).fill_null(False)
        return Parsed(
            value=inside.ifelse(parsed.value, ibis.null("int64")),
            repaired=parsed.repaired & inside,
            wrong=parsed.wrong | (parsed.value.notnull() & ~inside),
        )
    if column.kind == "word":
        return parse_word(text, column.allowed)
    never = ibis.literal(False)
    return Parsed(value=text.strip().nullif(""), repaired=never, wrong=never)


def _untyped(text: ir.StringValue, column: Column) -> ir.BooleanValue:
    """True where a number column holds something that is no number of any size."""
    import ibis

    if column.kind != "number":
        return ibis.literal(False)
    return (text.strip() != "").fill_null(False) & text.strip().try_cast("float64").isnull()


def _report_values(
    raw: RawTable,
    usable: pd.DataFrame,
    key: str,
    columns: Sequence[Column],
    log: QualityLog,
) -> None:
    """Count what was repaired or set to null, and refuse a column of another type."""
    repaired = usable[usable[f"{key}__repaired"]]
    log.add(f"{key} written oddly", "repaired", len(repaired), _first(repaired, None))
    for column in columns:
        there = usable[f"{column.name}__text"].fillna("").str.strip() != ""
        untyped = usable[usable[f"{column.name}__untyped"]]
        if len(untyped) > _MOST_WRONG * int(there.sum()):
            first = untyped.iloc[0]
            raise RawDataError(
                f"{len(untyped)} of {int(there.sum())} values are no numbers; the first is "
                f"{shorten(first[f'{column.name}__text'])}",
                file=raw.file,
                column=column.raw,
                row=int(first["row"]),
            )
        odd = usable[usable[f"{column.name}__repaired"]]
        log.add(f"{column.raw} written oddly", "repaired", len(odd), _first(odd, column))
        wrong = usable[usable[f"{column.name}__wrong"]]
        log.add(f"{column.raw} wrong, set to null", "repaired", len(wrong), _first(wrong, column))


def _first(rows: pd.DataFrame, column: Column | None) -> str:
    """The first of some rows as an example: its number and the raw value."""
    if rows.empty:
        return ""
    text = rows.iloc[0]["content" if column is None else f"{column.name}__text"]
    return f"row {rows.iloc[0]['row']}: {shorten(text)}"


def _example(row: pd.Series) -> str:
    return f"row {row['row']}: {shorten(row['content'])}"


def _one_row_per_key(
    usable: pd.DataFrame, key: str, columns: Sequence[Column]
) -> tuple[pd.DataFrame, int, pd.DataFrame]:
    """Keep the most complete row of each key.

    Returns:
        The kept rows sorted by key, the number of rows equal to a kept one, and the rows that
        differ from the kept one, with a reason.
    """
    names = [column.name for column in columns]
    ranked = usable.assign(missing=usable[names].isna().sum(axis=1))
    ranked = ranked.sort_values([key, "missing", "row"], kind="stable")
    first = ~ranked.duplicated(key)
    again = ranked.duplicated([key, *names])
    losers = ranked[~first & ~again]
    reason = f"another row of the same {key} is kept, because it is more complete or earlier"
    kept = ranked[first].reset_index(drop=True)
    kept[key] = kept[key].astype("int64")
    copies = int((again & ~first).sum())
    return kept, copies, losers.assign(reason=reason)

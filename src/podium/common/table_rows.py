"""Rows of a plain table: an id, numbers, categories and, for training, a target number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from podium.common.data_quality import QUARANTINE_COLUMNS, QualityLog
from podium.common.errors import RawDataError
from podium.common.raw_files import BLANK, RawTable
from podium.common.raw_values import (
    Parsed,
    check_throughout,
    parse_number,
    refuse_repeated,
    shorten,
    summarise_reasons,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

_MOST_WRONG = 0.5


@dataclass(frozen=True)
class RowContract:
    """The columns of a table.

    Attributes:
        key: Text that names a row.
        numbers: Columns of numbers; a value may be missing.
        categories: Columns of words; a value may be missing.
        target: The number to be predicted; training files have it, always.
    """

    key: str
    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    target: str

    @property
    def asked_columns(self) -> tuple[str, ...]:
        """Columns of a file that asks for predictions."""
        return (self.key, *self.numbers, *self.categories)

    @property
    def training_columns(self) -> tuple[str, ...]:
        """The same with the target."""
        return (*self.asked_columns, self.target)


@dataclass(frozen=True)
class CleanRows:
    """Rows of a training file.

    Attributes:
        table: `RowContract.training_columns` in the order of the file: the key unique `str`,
            numbers and target float64 (null only in numbers), categories `str` or null.
        quarantine: file, row, reason, content of the rows that were set aside.
        quality: What was counted, as `QualityLog.frame` returns it.
    """

    table: pd.DataFrame
    quarantine: pd.DataFrame
    quality: pd.DataFrame


def clean_rows(raw: RawTable, contract: RowContract) -> CleanRows:
    """Type the rows of a training file and set aside those that cannot be used.

    A row without a key or a target is set aside; a wrong number is set to null; equal rows of one
    key are one row, and where they differ all are set aside, for nothing says which is right.

    Raises:
        RawDataError: most rows misshapen, most values of a column wrong, or no row left.
    """
    key, target = contract.key, contract.target
    numbers = (*contract.numbers, target)
    frame = _typed(raw, contract, numbers)
    columns = list(contract.training_columns)
    lacks_key, lacks_target = f"{key} is missing", f"{target} is missing"
    wrong_target, conflict = f"{target} is not a number", f"{key} stands for different rows"
    frame["reason"] = _first_reason(
        frame,
        {
            lacks_key: frame[key].isna(),
            wrong_target: frame[f"{target}__wrong"],
            lacks_target: frame[target].isna(),
        },
    )
    frame["of_shape"] = frame["fault"].notna()
    blamed = {key: (lacks_key,), target: (wrong_target, lacks_target)}
    check_throughout(raw, summarise_reasons(frame), blamed)
    _refuse_wrong_columns(raw, frame, contract.numbers)
    good = frame["reason"].isna()
    again = good & frame[good].duplicated(columns).reindex(frame.index, fill_value=False)
    single = frame[good & ~again]
    differ = single.index[single.duplicated(key, keep=False)]
    frame.loc[frame[key].isin(single.loc[differ, key]) & good & ~again, "reason"] = conflict
    kept = frame[frame["reason"].isna() & ~again]
    if kept.empty:
        raise RawDataError("no usable row is left", file=raw.file)
    log = QualityLog(raw)
    log.add("rows", "kept", len(kept))
    log.add("exact duplicate", "dropped", int(again.sum()))
    aside = frame[frame["reason"].notna()]
    for reason, rows in aside.groupby("reason", sort=True):
        action = "dropped" if reason == BLANK else "quarantined"
        log.add(str(reason), action, len(rows), _example(rows, "content"))
    _count_values(log, kept, key, contract.numbers)
    return CleanRows(
        table=kept[columns].reset_index(drop=True),
        quarantine=_quarantine(raw.file, aside[aside["reason"] != BLANK]),
        quality=log.frame(),
    )


def read_asked_rows(raw: RawTable, contract: RowContract) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Type the rows that a prediction is asked for; none of them is set aside.

    Returns:
        `RowContract.asked_columns` in the order of the file, types as in `CleanRows`, and the
        counts for the report.

    Raises:
        RawDataError: a row is misshapen, has no key, or its key is there twice; most values of a
            column are wrong.
    """
    key = contract.key
    frame = _typed(raw, contract, contract.numbers)
    blank = frame["fault"] == BLANK
    frame = frame[~blank]
    reasons = _first_reason(frame, {"has no such value": frame[key].isna()})
    bad = reasons.notna().to_numpy()
    if bad.any():
        at = int(bad.argmax())
        problem = f"{shorten(frame['content'].iloc[at])} {reasons.iloc[at]}"
        raise RawDataError(problem, file=raw.file, column=key, row=int(frame["row"].iloc[at]))
    if frame.empty:
        raise RawDataError("the file has a header but no data rows", file=raw.file)
    refuse_repeated(frame[key], frame["row"], raw.file)
    _refuse_wrong_columns(raw, frame, contract.numbers)
    log = QualityLog(raw)
    log.add("rows", "kept", len(frame))
    log.add(BLANK, "dropped", int(blank.sum()))
    _count_values(log, frame, key, contract.numbers)
    return frame[list(contract.asked_columns)].reset_index(drop=True), log.frame()


def _typed(raw: RawTable, contract: RowContract, numbers: tuple[str, ...]) -> pd.DataFrame:
    """The file as a frame; beside each number `<name>__text`, `__repaired` and `__wrong`."""
    table = raw.table
    words = (contract.key, *contract.categories)
    values: dict[str, ir.Value] = {name: table[name].strip().nullif("") for name in words}
    for name in numbers:
        parsed: Parsed = parse_number(table[name])
        values |= {name: parsed.value, f"{name}__text": table[name]}
        values |= {f"{name}__repaired": parsed.repaired, f"{name}__wrong": parsed.wrong}
    frame = table.select("row", "fault", "content", **values).order_by("row").to_pandas()
    types = dict.fromkeys(words, "str") | dict.fromkeys(numbers, "float64")
    return frame.astype(types)


def _first_reason(frame: pd.DataFrame, faults: dict[str, pd.Series]) -> pd.Series:
    """Why each row cannot be used: its shape, else the first fault that it has; null for none."""
    reason = frame["fault"].astype("object").where(frame["fault"].notna(), None)
    for text, holds in faults.items():
        reason = reason.mask(reason.isna() & holds, text)
    return reason


def _refuse_wrong_columns(raw: RawTable, frame: pd.DataFrame, numbers: tuple[str, ...]) -> None:
    for name in numbers:
        wrong = frame[frame[f"{name}__wrong"]]
        there = int((frame[f"{name}__text"].fillna("").str.strip() != "").sum())
        if len(wrong) > _MOST_WRONG * there:
            first = wrong.iloc[0]
            raise RawDataError(
                f"{len(wrong)} of {there} values are no numbers; the first is "
                f"{shorten(first[f'{name}__text'])}",
                file=raw.file,
                column=name,
                row=int(first["row"]),
            )


def _count_values(log: QualityLog, rows: pd.DataFrame, key: str, numbers: tuple[str, ...]) -> None:
    for name in numbers:
        text = f"{name}__text"
        odd, wrong = rows[rows[f"{name}__repaired"]], rows[rows[f"{name}__wrong"]]
        missing = rows[rows[name].isna() & ~rows[f"{name}__wrong"]]
        log.add(f"{name} written oddly", "repaired", len(odd), _example(odd, text))
        log.add(f"{name} wrong, set to null", "repaired", len(wrong), _example(wrong, text))
        log.add(f"{name} is missing", "reported", len(missing), _example(missing, key))


def _example(rows: pd.DataFrame, column: str) -> str:
    """The first of some rows: its number and its value."""
    return "" if rows.empty else f"row {rows['row'].iloc[0]}: {shorten(rows[column].iloc[0])}"


def _quarantine(file: str, aside: pd.DataFrame) -> pd.DataFrame:
    table = aside[["row", "reason", "content"]].assign(file=file)[QUARANTINE_COLUMNS]
    types = {"file": "str", "row": "int64", "reason": "str", "content": "str"}
    return table.astype(types).reset_index(drop=True)

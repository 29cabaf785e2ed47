"""Rows of a catalogue file, typed and judged: training rows with prices, and rows asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from podium.common.data_quality import QUARANTINE_COLUMNS, QualityLog
from podium.common.errors import RawDataError
from podium.common.raw_files import BLANK, RawTable
from podium.common.raw_values import (
    check_throughout,
    refuse_repeated,
    shorten,
    summarise_reasons,
)
from podium.pricing.prices import DOLLARS, read_prices

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_ID, CONTENT, LINK, PRICE = "sample_id", "catalog_content", "image_link", "price"
NO_ID = "sample_id is missing"
CONFLICT = "sample_id stands for different rows"
_MOST_EMPTY = 0.5


@dataclass(frozen=True)
class PriceLimits:
    """Which prices are believed.

    Attributes:
        least: Smaller ones are set aside.
        most: Larger ones too.
        signs: Ways to write the own currency.
    """

    least: float = 0.01
    most: float = 1_000_000.0
    signs: tuple[str, ...] = DOLLARS


@dataclass(frozen=True)
class PricedRows:
    """What a training file holds.

    Attributes:
        table: sample_id (str, unique), catalog_content and image_link (str, empty where missing),
            price (float64, positive) and row (its number in the file), in the file's order.
        quarantine: file, row, reason, content of the rows set aside.
        quality: Counts, as `QualityLog.frame` returns them.
    """

    table: pd.DataFrame
    quarantine: pd.DataFrame
    quality: pd.DataFrame


def collect_priced_rows(raw: RawTable, limits: PriceLimits) -> PricedRows:
    """Type the training rows; those without an id or a price that can be believed are set aside.

    Equal rows of one id are one row. Where they differ, nothing says which is right, so all of
    them are set aside. A row without text or link is kept: the other may tell the price.

    Raises:
        RawDataError: the file is not merely dirty, or no row is left.
    """
    frame = _typed(raw)
    prices = read_prices(frame[PRICE], limits.least, limits.most, limits.signs)
    frame["written"], frame[PRICE] = frame[PRICE], prices.value
    faults = {fault: f"price: {fault}" for fault in sorted(set(prices.fault) - {None})}
    reason = frame["fault"].astype(object).where(frame["fault"].notna(), None)
    reason = reason.mask(reason.isna() & (frame[SAMPLE_ID] == ""), NO_ID)
    wrong = np.array([faults.get(fault) for fault in prices.fault], dtype=object)
    frame["reason"] = reason.mask(reason.isna(), wrong)
    frame["of_shape"] = frame["fault"].notna()
    columns = {SAMPLE_ID: (NO_ID,), PRICE: tuple(faults.values())}
    check_throughout(raw, summarise_reasons(frame), columns)
    usable = frame["reason"].isna()
    frame.loc[usable & _conflicting(frame[usable]).reindex(frame.index, fill_value=False),
              "reason"] = CONFLICT  # fmt: skip
    usable = frame["reason"].isna()
    kept = frame[usable & ~frame[SAMPLE_ID].where(usable).duplicated()]
    if kept.empty:
        raise RawDataError("no usable row is left", file=raw.file)
    log = QualityLog(raw)
    log.add("rows", "kept", len(kept))
    log.add("exact duplicate", "dropped", int(usable.sum()) - len(kept))
    _count_repaired(log, frame, prices.repaired & usable.to_numpy())
    _count_aside(log, frame)
    _report_empty(log, kept, raw)
    aside = frame[frame["reason"].notna() & (frame["reason"] != BLANK)]
    quarantine = aside[["row", "reason", "content"]].assign(file=raw.file)[QUARANTINE_COLUMNS]
    types = {"file": "str", "row": "int64", "reason": "str", "content": "str"}
    table = kept[[SAMPLE_ID, CONTENT, LINK, PRICE, "row"]].reset_index(drop=True)
    return PricedRows(
        table.astype({"row": "int64"}),
        quarantine.astype(types).reset_index(drop=True),
        log.frame(),
    )


def collect_asked_rows(raw: RawTable) -> tuple[pd.DataFrame, QualityLog]:
    """Type the rows that a price is asked for; nothing in their file is set aside.

    Returns:
        sample_id (str, unique), catalog_content, image_link and row, in the file's order, blank
        lines dropped; and the counts.

    Raises:
        RawDataError: a misshapen row, a missing or repeated id, or no row at all.
    """
    frame = _typed(raw)
    blank = frame["fault"] == BLANK
    frame = frame[~blank]
    for bad in frame[frame["fault"].notna()].head(1).to_dict("records"):
        problem = f"{shorten(bad['content'])} {bad['fault']}; a price is asked for every row"
        raise RawDataError(problem, file=raw.file, column=SAMPLE_ID, row=int(bad["row"]))
    if frame.empty:
        raise RawDataError("the file has a header but no data rows", file=raw.file)
    for row in frame.loc[frame[SAMPLE_ID] == "", "row"].head(1):
        raise RawDataError("'' is missing", file=raw.file, column=SAMPLE_ID, row=int(row))
    refuse_repeated(frame[SAMPLE_ID], frame["row"], raw.file)
    log = QualityLog(raw)
    log.add("rows", "kept", len(frame))
    log.add(BLANK, "dropped", int(blank.sum()))
    _report_empty(log, frame, raw)
    table = frame[[SAMPLE_ID, CONTENT, LINK, "row"]].reset_index(drop=True)
    return table.astype({"row": "int64"}), log


def _typed(raw: RawTable) -> pd.DataFrame:
    """All records in their order; texts empty where missing, ids and links without spaces around.

    What a price is stays text.
    """
    names = [name for name in (SAMPLE_ID, CONTENT, LINK, PRICE) if name in raw.table.columns]
    chosen = raw.table.select("row", "fault", "content", *names).order_by("row")
    frame = chosen.to_pyarrow().to_pandas()
    for name in (SAMPLE_ID, CONTENT, LINK):
        frame[name] = frame[name].fillna("").astype("str")
    for name in (SAMPLE_ID, LINK):
        frame[name] = frame[name].str.strip()
    return frame


def _conflicting(rows: pd.DataFrame) -> pd.Series:
    """Whether another row of the same id says something else."""
    same = [CONTENT, LINK, PRICE]
    first = rows.groupby(SAMPLE_ID, sort=False)[same].transform("first")
    differs = (first != rows[same]).any(axis=1)
    return differs.groupby(rows[SAMPLE_ID], sort=False).transform("any")


def _count_repaired(log: QualityLog, frame: pd.DataFrame, repaired: np.ndarray) -> None:
    odd = frame[repaired]
    example = f"row {odd['row'].iloc[0]}: {shorten(odd['written'].iloc[0])}" if len(odd) else ""
    log.add("price written oddly", "repaired", len(odd), example)


def _count_aside(log: QualityLog, frame: pd.DataFrame) -> None:
    for reason, rows in frame[frame["reason"].notna()].groupby("reason", sort=True):
        action = "dropped" if reason == BLANK else "quarantined"
        first = rows.iloc[0]
        log.add(str(reason), action, len(rows), f"row {first['row']}: {shorten(first['content'])}")


def _report_empty(log: QualityLog, rows: pd.DataFrame, raw: RawTable) -> None:
    """Count empty texts and links; refuse a file most of whose texts are empty."""
    for column in (CONTENT, LINK):
        empty = rows[rows[column].str.strip() == ""]
        if column == CONTENT and len(empty) > _MOST_EMPTY * len(rows):
            raise RawDataError(
                f"{len(empty)} of {len(rows)} texts are empty",
                file=raw.file,
                column=column,
                row=int(empty["row"].iloc[0]),
            )
        example = f"row {empty['row'].iloc[0]}" if len(empty) else ""
        log.add(f"{column} is empty", "reported", len(empty), example)

"""Raw listens to unique typed ones; what was set aside, and what was counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from podium.common.data_quality import QUARANTINE_COLUMNS, QualityLog
from podium.common.errors import RawDataError
from podium.common.raw_files import BLANK, RawTable
from podium.common.raw_values import check_throughout, shorten
from podium.recommendation.listens import (
    WRONG_OF_COLUMN,
    ListenRules,
    judge_listens,
    set_aside,
    summarise_reasons,
    unique_listens,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd


@dataclass(frozen=True)
class CleanListens:
    """What is left of a file of listens.

    Attributes:
        listens: The unique listens, see `unique_listens`; cached by the backend.
        quarantine: file, row, reason, content of the rows set aside; cached.
        quality: What was counted, as `QualityLog.frame` returns it.
    """

    listens: ir.Table
    quarantine: ir.Table
    quality: pd.DataFrame


def clean_raw_listens(raw: RawTable, known_items: pd.DataFrame, rules: ListenRules) -> CleanListens:
    """Type and judge the listens, drop exact duplicates.

    The file is read twice, once for the rows that need attention (few) and once for the others:
    cheaper than keeping the text and number of every row.

    Args:
        raw: The listens as text.
        known_items: item_id of the known tracks.
        rules: Which listens count.

    Raises:
        RawDataError: the file is not merely dirty, or no listen can be used.
    """
    import ibis

    judged = judge_listens(raw, ibis.memtable(known_items), rules)
    flagged = judged.filter(judged.reason.notnull() | judged.repaired).cache()
    reasons = summarise_reasons(flagged).execute()
    check_throughout(raw, reasons, WRONG_OF_COLUMN)
    listens = unique_listens(judged).cache()
    kept, usable = listens.agg(kept=listens.count(), usable=listens.copies.sum()).execute().iloc[0]
    log = QualityLog(raw)
    if not kept:
        most = reasons.loc[reasons["rows"].idxmax()]
        raise RawDataError(
            f"no listen can be used: {most['rows']} rows are set aside because "
            f"{most['reason']}, the first is {shorten(most['first_content'])}",
            file=raw.file,
            row=int(most["first_row"]),
        )
    log.add("rows", "kept", int(kept))
    repaired = flagged.filter(flagged.repaired)
    first = repaired.agg(rows=repaired.count(), row=repaired.row.min()).execute().iloc[0]
    if first["rows"]:
        example = f"row {int(first['row'])}"
        log.add("numbers or time written oddly", "repaired", int(first["rows"]), example)
    log.add("exact duplicate", "dropped", int(usable) - int(kept))
    for fault in reasons.itertuples():
        action = "dropped" if fault.reason == BLANK else "quarantined"
        example = f"row {fault.first_row}: {shorten(fault.first_content)}"
        log.add(fault.reason, action, fault.rows, example)
    quarantine = set_aside(flagged).mutate(file=ibis.literal(raw.file))
    return CleanListens(listens, quarantine.select(QUARANTINE_COLUMNS).cache(), log.frame())

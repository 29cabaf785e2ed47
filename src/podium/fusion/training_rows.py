"""The parts of the training file put together: repeated ids settled, both classes there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from podium.common.data_quality import QUARANTINE_COLUMNS, QualityLog
from podium.common.errors import RawDataError
from podium.fusion.embedding_records import EmbeddingRows
from podium.fusion.embedding_table import EmbeddingTable, stack_tables
from podium.fusion.near_duplicates import count_zero_vectors
from podium.fusion.repeated_ids import RepeatedIds, settle_repeated_ids

if TYPE_CHECKING:
    import pandas as pd

CONFLICT = "id stands for different rows"


@dataclass(frozen=True)
class TrainingRows:
    """What the training files hold.

    Attributes:
        table: The usable rows: `id`, `label`, `part` (1, 2, ...), `row` (in its file).
        quarantine: The rows set aside: file, row, reason, content.
        quality: Counts, as `QualityLog.frame` returns them.
    """

    table: EmbeddingTable
    quarantine: pd.DataFrame
    quality: pd.DataFrame


def join_parts(parts: Sequence[EmbeddingRows]) -> TrainingRows:
    """Put the parts one below the other, one row per id.

    Equal rows of one id are one row. Where they differ, nothing says which is right, so all of
    them are set aside.

    Raises:
        RawDataError: no row is left, or only one class.
    """
    import pandas as pd

    joined = stack_tables([_with_part(part.table, at) for at, part in enumerate(parts, 1)])
    settled = settle_repeated_ids(joined)
    conflicts = joined.rows[settled.conflicting]
    logs, aside = [], []
    for at, part in enumerate(parts, 1):
        mine = joined.rows["part"].to_numpy() == at
        logs.append(_count(part, joined, settled, mine))
        aside.append(part.quarantine())
        aside.append(_conflicting_rows(conflicts[conflicts["part"] == at], part.file))
    table = joined.take(settled.keep) if not settled.keep.all() else joined
    _check_classes(table, parts[0].file)
    quarantine = pd.concat(aside, ignore_index=True)[QUARANTINE_COLUMNS]
    return TrainingRows(table, quarantine, pd.concat(logs, ignore_index=True))


def _with_part(table: EmbeddingTable, part: int) -> EmbeddingTable:
    rows = table.rows.assign(part=np.int8(part))[["id", "label", "part", "row"]]
    return EmbeddingTable(rows.astype({"part": "int8"}), table.pairs)


def _count(
    part: EmbeddingRows, joined: EmbeddingTable, settled: RepeatedIds, mine: np.ndarray
) -> pd.DataFrame:
    log = QualityLog(part)
    log.add("rows", "kept", int((settled.keep & mine).sum()))
    same = joined.rows["id"][settled.identical & mine]
    log.add("exact duplicate", "dropped", len(same), f"id {same.iloc[0]}" if len(same) else "")
    for reason in dict.fromkeys(fault.reason for fault in part.faults):
        blamed = [fault for fault in part.faults if fault.reason == reason]
        example = f"row {blamed[0].row}: {blamed[0].found}"
        log.add(reason, "quarantined", len(blamed), example)
    other = joined.rows["id"][settled.conflicting & mine]
    log.add(CONFLICT, "quarantined", len(other), f"id {other.iloc[0]}" if len(other) else "")
    add_zero_vectors(log, joined.take(settled.keep & mine))
    return log.frame()


def add_zero_vectors(log: QualityLog, table: EmbeddingTable) -> None:
    """Report how many vectors are all zeros; their rows are kept."""
    image, text = count_zero_vectors(table.pairs)
    log.add("image vector is all zeros", "reported", image)
    log.add("text vector is all zeros", "reported", text)


def _conflicting_rows(rows: pd.DataFrame, file: str) -> pd.DataFrame:
    import pandas as pd

    content = [f"id {row.id}, label {row.label}" for row in rows.itertuples()]
    return pd.DataFrame(
        {
            "file": pd.Series([file] * len(rows), dtype="str"),
            "row": rows["row"].to_numpy(dtype=np.int64),
            "reason": pd.Series([CONFLICT] * len(rows), dtype="str"),
            "content": pd.Series(content, dtype="str"),
        }
    )


def _check_classes(table: EmbeddingTable, file: str) -> None:
    if len(table) == 0:
        raise RawDataError("no row can be used: every id stands for different rows", file=file)
    if len(np.unique(table.labels)) == 1:
        raise RawDataError(
            f"all {len(table)} usable rows have label {table.labels[0]}; both classes are needed",
            file=file,
            column="label",
        )

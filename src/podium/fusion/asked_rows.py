"""The rows that have to be predicted: each usable, each once, none missing."""

from __future__ import annotations

import numpy as np

from podium.common.errors import RawDataError
from podium.common.raw_values import refuse_repeated
from podium.fusion.embedding_records import EmbeddingRows, refusal

_MOST_NAMED = 5


def check_asked_rows(rows: EmbeddingRows, *, sequential: bool) -> None:
    """Refuse a test file in which anything is wrong: every row of it must be predicted.

    Args:
        rows: What the file holds.
        sequential: Whether the ids must be the numbers 1 to n, in any order.

    Raises:
        RawDataError: a row cannot be used, an id stands twice, no row at all, or ids that are
            not the numbers 1 to n.
    """
    if rows.faults:
        raise refusal(list(rows.faults), rows.rows, rows.file)
    frame = rows.table.rows
    refuse_repeated(frame["id"], frame["row"], rows.file)
    if sequential:
        _check_sequence(rows)


def _check_sequence(rows: EmbeddingRows) -> None:
    """Look for the first id that is no number, then for numbers that are missing."""
    frame = rows.table.rows
    odd = ~frame["id"].str.fullmatch("[1-9][0-9]{0,8}").astype(bool)
    hint = "; if that is right, set data_processing.sequential_test_ids to false"
    if odd.any():
        first = frame[odd].iloc[0]
        problem = f"expected the numbers 1 to {len(frame)}, found {first['id']!r}{hint}"
        raise RawDataError(problem, file=rows.file, column="id", row=int(first["row"]))
    numbers = frame["id"].astype("int64").to_numpy()
    if int(numbers.max()) == len(numbers):
        return
    missing = np.setdiff1d(np.arange(1, len(numbers) + 1), numbers)
    gap = int(missing[0])
    after = np.flatnonzero(numbers > gap)[0]
    named = ", ".join(map(str, missing[:_MOST_NAMED]))
    more = "" if len(missing) <= _MOST_NAMED else f" and {len(missing) - _MOST_NAMED} more"
    raise RawDataError(
        f"expected the numbers 1 to {len(numbers)}, but {named}{more} are missing{hint}",
        file=rows.file,
        column="id",
        row=int(frame["row"].iloc[after]),
    )

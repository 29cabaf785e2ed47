"""Ids that stand more than once: equal rows are one row, different rows cannot be told apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from podium.fusion.embedding_table import EmbeddingTable


@dataclass(frozen=True)
class RepeatedIds:
    """What becomes of each row, boolean, shape (n,).

    Attributes:
        keep: The rows to go on with.
        identical: Equal to an earlier row of the same id.
        conflicting: Of an id whose rows differ in label or vectors.
    """

    keep: np.ndarray
    identical: np.ndarray
    conflicting: np.ndarray


def settle_repeated_ids(table: EmbeddingTable) -> RepeatedIds:
    """Decide on the rows of repeated ids.

    Args:
        table: With a column `id`, and `label` where there is one.
    """
    identical = np.zeros(len(table), dtype=bool)
    conflicting = np.zeros(len(table), dtype=bool)
    repeated = table.rows["id"].duplicated(keep=False)
    for _, rows in table.rows[repeated].groupby("id", sort=False):
        positions = rows.index.to_numpy()
        if all(_equal(table, positions[0], other) for other in positions[1:]):
            identical[positions[1:]] = True
        else:
            conflicting[positions] = True
    return RepeatedIds(~(identical | conflicting), identical, conflicting)


def _equal(table: EmbeddingTable, one: int, other: int) -> bool:
    labels = "label" not in table.rows or table.labels[one] == table.labels[other]
    return bool(
        labels
        and np.array_equal(table.pairs.image[one], table.pairs.image[other])
        and np.array_equal(table.pairs.text[one], table.pairs.text[other])
    )

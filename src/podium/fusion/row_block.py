"""Good rows of a file that follow each other, as one block of numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# What is larger is infinite as float32.
_LARGEST = float(np.finfo(np.float32).max)


class RowBlock(NamedTuple):
    """Good rows that follow each other.

    Attributes:
        ids: n texts.
        labels: n times 0 or 1, or -1 where there are none.
        vectors: float64, shape (n, 2, length): image and text. Valid until more is asked for.
    """

    ids: list[str]
    labels: list[int]
    vectors: np.ndarray


def make_block(ids: list[str], labels: list[int], numbers: np.ndarray) -> RowBlock | None:
    """A block of n > 0 rows, or None where a number is too large for float32.

    Args:
        ids: n texts.
        labels: n numbers.
        numbers: Image and text of one row behind the other, finite float64.
    """
    # Their absolute values would be another array, which costs more than to look twice.
    if max(numbers.max(), -numbers.min()) > _LARGEST:
        return None
    return RowBlock(ids, labels, numbers.reshape(len(ids), 2, -1))

"""Hit@k: whether the true painting is among the k nearest images of a query."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

CUTOFFS = (1, 3, 10)


def true_ranks(
    similarities: NDArray[np.floating],
    truth: NDArray[np.int64],
    *,
    excluded: Collection[int] = (),
) -> NDArray[np.int64]:
    """Rank of the true image of each query, from 1; ties count against it.

    Args:
        similarities: (queries, images).
        truth: The true image of each query, (queries,).
        excluded: Images that are not ranked, such as the queries themselves.

    Raises:
        ValueError: a true image is excluded, or a similarity is not finite.
    """
    if np.isin(truth, list(excluded)).any():
        raise ValueError("a true image must not be excluded")
    if not np.isfinite(similarities).all():
        raise ValueError("similarities must be finite")
    rows = np.arange(len(truth))
    at_least = similarities >= similarities[rows, truth][:, None]
    at_least[:, list(excluded)] = False
    return at_least.sum(axis=1)


def hits(ranks: NDArray[np.int64], cutoffs: tuple[int, ...] = CUTOFFS) -> NDArray[np.float64]:
    """Hit@k of each query, 0 or 1, (queries, cutoffs)."""
    return (ranks[:, None] <= np.asarray(cutoffs)).astype("float64")

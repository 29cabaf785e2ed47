"""Where the true image of each query stands among all images, and what stands before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.retrieval.local_features import Floats
from podium.retrieval.metrics import true_ranks

_QUERIES_AT_ONCE = 512

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Ranking:
    """The outcome of some queries.

    Attributes:
        ranks: Rank of the true image from 1, (queries,).
        top: The first images, (queries, k).
        similarities: Their cosines, (queries, k) float32.
    """

    ranks: Indices
    top: Indices
    similarities: Floats


def rank_queries(queries: Floats, images: Floats, truth: Indices, *, top: int = 3) -> Ranking:
    """Rank all images by cosine for each query.

    Args:
        queries: Unit rows, (queries, dimensions).
        images: Unit rows, (images, dimensions).
        truth: The true image of each query, (queries,).
        top: Images that are reported; ties go to the smaller number.
    """
    parts = []
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        part = slice(start, start + _QUERIES_AT_ONCE)
        similarities = queries[part] @ images.T
        parts.append(rank_similarities(similarities, truth[part], top))
    return join_rankings(parts)


def rank_similarities(similarities: Floats, truth: Indices, top: int) -> Ranking:
    """As `rank_queries`, from similarities (queries, images)."""
    order = _first(similarities, top)
    found = np.take_along_axis(similarities, order, axis=1)
    return Ranking(true_ranks(similarities, truth), order, found.astype("float32"))


def join_rankings(parts: list[Ranking]) -> Ranking:
    """Put the outcomes of several blocks of queries together, in their order.

    Raises:
        ValueError: there is none.
    """
    if not parts:
        raise ValueError("there is no query")
    return Ranking(
        np.concatenate([part.ranks for part in parts]),
        np.concatenate([part.top for part in parts]),
        np.concatenate([part.similarities for part in parts]),
    )


def _first(similarities: Floats, count: int) -> Indices:
    """The largest of each row in order; among equals the smaller number comes first."""
    count = min(count, similarities.shape[1])
    found = np.sort(np.argpartition(-similarities, count - 1, axis=1)[:, :count], axis=1)
    order = np.argsort(-np.take_along_axis(similarities, found, axis=1), axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1)

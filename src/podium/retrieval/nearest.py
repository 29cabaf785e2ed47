"""The nearest vectors of each query by inner product: exact, whatever the number of threads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.retrieval.whitening import require_finite

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]

# Looked at beyond the k wanted, so that rounding seldom leaves a doubt about the last.
_SPARE = 8
_VALUES_AT_ONCE = 1 << 20


def exact_top_k(
    queries: NDArray[np.floating],
    gallery: NDArray[np.floating],
    k: int,
    *,
    exclude: NDArray[np.integer] | None = None,
    block: int = 1024,
) -> tuple[Indices, Floats]:
    """Find the k vectors of the gallery with the largest inner product with each query.

    faiss finds candidates in single precision, and what its rounding may have left out is looked up
    again. Candidates are ordered by inner products in double precision, of equal ones the smaller
    index first. So the answer depends neither on `block` nor on the number of threads.

    Args:
        queries: (queries, dimensions), used as float32.
        gallery: (images, dimensions), used as float32.
        k: Columns of the answer; fewer where the gallery is smaller.
        exclude: For each query an index of the gallery that is left out (such as its own), negative
            for none, (queries,). Where one is left out, there is one column less at most.
        block: Queries that are compared at once.

    Returns:
        Indices into the gallery, most similar first, (queries, k) int64, and their inner products,
        (queries, k) float32.

    Raises:
        ValueError: for values that are not finite, other shapes, or k or block below 1.
    """
    queries, gallery = _checked(queries, gallery)
    if k < 1 or block < 1:
        raise ValueError(f"k and block must be positive, got {k} and {block}")
    left_out = np.full(len(queries), -1) if exclude is None else np.asarray(exclude)
    if left_out.shape != (len(queries),) or (left_out >= len(gallery)).any():
        raise ValueError("exclude must hold one index of the gallery for each query")
    columns = min(k, len(gallery) - int((left_out >= 0).any()))
    indices = np.empty((len(queries), max(columns, 0)), dtype=np.int64)
    similarities = np.empty(indices.shape, dtype=np.float32)
    if columns > 0:
        search = _Search(gallery, columns)
        for start in range(0, len(queries), block):
            part = slice(start, start + block)
            indices[part], similarities[part] = search.nearest(queries[part], left_out[part])
    return indices, similarities


class _Search:
    def __init__(self, gallery: Floats, columns: int) -> None:
        self._gallery = gallery
        self._columns = columns
        norms = np.sqrt(np.einsum("ij,ij->i", gallery, gallery, dtype=np.float64))
        # Twice the largest error of a single-precision sum, for a query of length 1.
        self._slack = gallery.shape[1] * float(np.finfo(np.float32).eps) * norms.max(initial=0)

    def nearest(self, queries: Floats, exclude: Indices) -> tuple[Indices, Floats]:
        import faiss

        width = min(self._columns + 1 + _SPARE, len(self._gallery))
        near, found = faiss.knn(queries, self._gallery, width, metric=faiss.METRIC_INNER_PRODUCT)
        slack = self._slack * np.sqrt(np.einsum("ij,ij->i", queries, queries, dtype=np.float64))
        allowed = np.where(found == exclude[:, None], -np.inf, near)
        last = -np.partition(-allowed, self._columns - 1, axis=1)[:, self._columns - 1]
        doubtful = (near[:, -1] >= last - slack) & (width < len(self._gallery))
        candidates = [row[row >= 0] for row in found.astype(np.int64)]
        for row in np.flatnonzero(doubtful):
            candidates[row] = self._all_candidates(queries[row], int(exclude[row]), slack[row])
        best = [
            self._best(query, members[members != without])
            for query, members, without in zip(queries, candidates, exclude, strict=True)
        ]
        return np.stack([pair[0] for pair in best]), np.stack([pair[1] for pair in best])

    def _all_candidates(self, query: Floats, exclude: int, slack: float) -> Indices:
        """All that may be among the best, as far as single precision can tell."""
        near = (self._gallery @ query).astype(np.float64)
        if exclude >= 0:
            near[exclude] = -np.inf
        last = np.partition(near, len(near) - self._columns)[len(near) - self._columns]
        return np.flatnonzero(near >= last - slack)

    def _best(self, query: Floats, members: Indices) -> tuple[Indices, Floats]:
        members = np.sort(members)
        double = query.astype(np.float64)
        step = max(1, _VALUES_AT_ONCE // max(len(query), 1))
        exact = np.concatenate(
            [
                # Row by row, always in the same order: equal vectors get equal similarities.
                np.einsum(
                    "ij,j->i", self._gallery[members[i : i + step]].astype(np.float64), double
                )
                for i in range(0, len(members), step)
            ]
        )
        order = np.argsort(-exact, kind="stable")[: self._columns]
        return members[order], exact[order].astype(np.float32)


def _checked(queries: NDArray[np.floating], gallery: NDArray[np.floating]) -> tuple[Floats, Floats]:
    require_finite(queries)
    require_finite(gallery)
    if queries.shape[1] != gallery.shape[1]:
        raise ValueError(
            f"queries of {queries.shape[1]} and a gallery of {gallery.shape[1]} dimensions"
        )
    return (
        np.ascontiguousarray(queries, dtype=np.float32),
        np.ascontiguousarray(gallery, dtype=np.float32),
    )

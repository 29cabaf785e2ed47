"""The nearest vectors of each query by inner product: exact, whatever the number of threads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.retrieval.whitening import require_finite

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]

_VALUES_AT_ONCE = 1 << 20


def exact_top_k(
    queries: NDArray[np.floating],
    gallery: NDArray[np.floating],
    k: int,
    *,
    exclude: NDArray[np.integer] | None = None,
    block: int = 8192,
) -> Indices:
    """Find the k vectors of the gallery with the largest inner product with each query.

    faiss finds candidates in single precision. Where two of them, or the last and what was left
    out, lie closer than its rounding, they are looked up again and ordered by inner products in
    double precision, of equal ones the smaller index first. So the answer depends neither on
    `block` nor on the number of threads. See `inner_products` for the values.

    Args:
        queries: (queries, dimensions), used as float32.
        gallery: (images, dimensions), used as float32.
        k: Columns of the answer; fewer where the gallery is smaller.
        exclude: For each query an index of the gallery that is left out (such as its own), negative
            for none, (queries,). Where one is left out, there is one column less at most.
        block: Queries that are compared at once.

    Returns:
        Indices into the gallery, most similar first, (queries, k) int64.

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
    if columns > 0:
        search = _Search(gallery, columns)
        for start in range(0, len(queries), block):
            part = slice(start, start + block)
            indices[part] = search.nearest(queries[part], left_out[part])
    return indices


def inner_products(
    queries: NDArray[np.floating], gallery: NDArray[np.floating], indices: Indices
) -> Floats:
    """The inner product of each query with the vectors that its row names, summed in double.

    Args:
        queries: (queries, dimensions), used as float32.
        gallery: (images, dimensions), used as float32.
        indices: (queries, k).

    Returns:
        (queries, k) float32.
    """
    queries, gallery = _checked(queries, gallery)
    products = np.empty(indices.shape, dtype=np.float32)
    step = max(1, _VALUES_AT_ONCE // max(gallery.shape[1] * indices.shape[1], 1))
    for start in range(0, len(queries), step):
        part = slice(start, start + step)
        members = gallery[indices[part]].astype(np.float64)
        products[part] = np.einsum("qij,qj->qi", members, queries[part].astype(np.float64))
    return products


class _Search:
    def __init__(self, gallery: Floats, columns: int) -> None:
        self._gallery = gallery
        self._columns = columns
        norms = np.sqrt(np.einsum("ij,ij->i", gallery, gallery, dtype=np.float64))
        # Twice the largest error of a single-precision sum, for a query of length 1.
        self._slack = gallery.shape[1] * float(np.finfo(np.float32).eps) * norms.max(initial=0)

    def nearest(self, queries: Floats, exclude: Indices) -> Indices:
        import faiss

        some_left_out = bool((exclude >= 0).any())
        width = min(self._columns + 1 + some_left_out, len(self._gallery))
        near, found = faiss.knn(queries, self._gallery, width, metric=faiss.METRIC_INNER_PRODUCT)
        if some_left_out:
            near = np.where(found == exclude[:, None], -np.inf, near)
            order = np.argsort(-near, axis=1, kind="stable")
            near, found = np.take_along_axis(near, order, 1), np.take_along_axis(found, order, 1)
        slack = self._slack * np.sqrt(np.einsum("ij,ij->i", queries, queries, dtype=np.float64))
        indices = found[:, : self._columns].astype(np.int64)
        for row in np.flatnonzero(self._doubtful(near, slack)):
            members = self._candidates(queries[row], near[row], found[row], int(exclude[row]))
            indices[row] = self._best(queries[row], members)
        return indices

    def _doubtful(self, near: NDArray[np.floating], slack: Doubles) -> NDArray[np.bool_]:
        """Rows whose first candidates rounding may have put in a wrong order, (queries,)."""
        compared = near[:, : self._columns + 1].astype(np.float64)
        with np.errstate(invalid="ignore"):
            # Infinity less infinity is no gap: the row is looked up again.
            gaps = compared[:, :-1] - compared[:, 1:]
        return np.any(~(gaps > slack[:, None]), axis=1)

    def _candidates(
        self, query: Floats, near: NDArray[np.floating], found: Indices, exclude: int
    ) -> Indices:
        """All that may be among the best of a doubtful row."""
        slack = self._slack * float(np.sqrt(np.dot(query.astype(np.float64), query)))
        unseen = len(found) < len(self._gallery)
        if unseen and not near[-1] < near[self._columns - 1] - slack:
            return self._all_candidates(query, exclude, slack)
        members = found[found >= 0].astype(np.int64)
        return members[members != exclude]

    def _all_candidates(self, query: Floats, exclude: int, slack: float) -> Indices:
        """All that may be among the best, as far as single precision can tell."""
        near = (self._gallery @ query).astype(np.float64)
        if exclude >= 0:
            near[exclude] = -np.inf
        last = np.partition(near, len(near) - self._columns)[len(near) - self._columns]
        return np.flatnonzero(near >= last - slack)

    def _best(self, query: Floats, members: Indices) -> Indices:
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
        return members[np.argsort(-exact, kind="stable")[: self._columns]]


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

"""The nearest vectors of each query by inner product: exact, whatever the number of threads."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from podium.common.ordered_work import work_ahead
from podium.common.threads import available_cores
from podium.retrieval.whitening import require_finite

if TYPE_CHECKING:
    import faiss

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]

# Doubles that stay in a core's cache.
_VALUES_AT_ONCE = 1 << 17
_CANDIDATES_AT_ONCE = 1 << 22


def exact_top_k(
    queries: NDArray[np.floating],
    gallery: NDArray[np.floating],
    k: int,
    *,
    exclude: NDArray[np.integer] | None = None,
    block: int = 4096,
) -> Indices:
    """Find the k vectors of the gallery with the largest inner product with each query.

    Products in single precision give candidates: by faiss, or, where the queries are the gallery,
    block by block so that each serves both of its sides, which is half of the work. Candidates
    that lie closer to each other than rounding are ordered by inner products in double precision,
    of equal ones the smaller index first; where the last lies as close to what was left out, more
    are taken. So the answer depends neither on `block` nor on the number of threads. See
    `inner_products` for the values.

    Args:
        queries: (queries, dimensions), used as float32.
        gallery: (images, dimensions), used as float32.
        k: Columns of the answer; fewer where the gallery is smaller.
        exclude: For each query an index of the gallery that is left out (such as its own), negative
            for none, (queries,). Where one is left out, there is one column less at most.
        block: Images that are compared at once among themselves.

    Returns:
        Indices into the gallery, most similar first, (queries, k) int64.

    Raises:
        ValueError: for values that are not finite, other shapes, or k or block below 1.
    """
    alike = queries is gallery
    queries, gallery = _checked(queries, gallery)
    if k < 1 or block < 1:
        raise ValueError(f"k and block must be positive, got {k} and {block}")
    left_out = np.full(len(queries), -1) if exclude is None else np.asarray(exclude)
    if left_out.shape != (len(queries),) or (left_out >= len(gallery)).any():
        raise ValueError("exclude must hold one index of the gallery for each query")
    columns = min(k, len(gallery) - int((left_out >= 0).any()))
    if columns < 1:
        return np.empty((len(queries), 0), dtype=np.int64)
    return _Search(queries, gallery, left_out, columns, block).nearest(alike=alike)


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
    def __init__(
        self, queries: Floats, gallery: Floats, exclude: Indices, columns: int, block: int
    ) -> None:
        self._queries, self._gallery, self._exclude = queries, gallery, exclude
        self._columns, self._block = columns, block
        # Twice the largest error of a single-precision sum.
        unit = gallery.shape[1] * float(np.finfo(np.float32).eps)
        self._slack = unit * _norms(gallery).max(initial=0) * _norms(queries)

    def nearest(self, *, alike: bool) -> Indices:
        """The answer, (queries, columns).

        Where what was left out may be as near as what was found, more is taken.

        Args:
            alike: Whether the queries are the gallery.
        """
        indices = np.empty((len(self._queries), self._columns), dtype=np.int64)
        rows = np.arange(len(self._queries))
        # Some more at once, so that few rows are asked again.
        width = min(self._columns + 1 + self._columns // 8, len(self._gallery))
        if alike:
            rows = self._settle(indices, rows, *self._among_themselves(width))
            width = min(4 * width, len(self._gallery))
        while len(rows):
            # Where very many images are alike, the lists are as long as the gallery.
            step = max(1, _CANDIDATES_AT_ONCE // width)
            parts = [rows[start : start + step] for start in range(0, len(rows), step)]
            rows = np.concatenate(
                [self._settle(indices, part, *self._candidates(part, width)) for part in parts]
            )
            width = min(4 * width, len(self._gallery))
        return indices

    def _settle(self, indices: Indices, rows: Indices, near: Doubles, found: Indices) -> Indices:
        """Write the answers that are certain; the rows that are not."""
        certain = near[:, -1] < near[:, self._columns - 1] - self._slack[rows]
        certain |= near.shape[1] == len(self._gallery)
        indices[rows[certain]] = self._ordered(rows[certain], near[certain], found[certain])
        return rows[~certain]

    def _candidates(self, rows: Indices, width: int) -> tuple[Doubles, Indices]:
        """The `width` nearest images of some queries, in single precision."""
        import faiss

        taken = min(width + 1, len(self._gallery))
        values, images = faiss.knn(
            self._queries[rows], self._gallery, taken, metric=faiss.METRIC_INNER_PRODUCT
        )
        return _without(self._exclude[rows], values, images, width)

    def _among_themselves(self, width: int) -> tuple[Doubles, Indices]:
        """The same of all queries, which are the gallery."""
        import cv2

        best = _Best(self._exclude, min(width + 1, len(self._gallery)))
        ranges = _ranges(len(self._gallery), self._block)
        room, turned_room = (self._room(min(self._block, len(self._gallery))) for _ in range(2))
        for place, first in enumerate(ranges):
            for second in ranges[place:]:
                products = _products(self._gallery[first], self._gallery[second], room)
                best.add(products, first, second)
                if first is not second:
                    turned = turned_room[: products.size].reshape(products.shape[::-1])
                    cv2.transpose(products, turned)
                    best.add(turned, second, first)
        return best.nearest(width)

    def _room(self, queries: int) -> Floats:
        """For the products of a block: fresh memory for each would cost as much as selecting."""
        return np.empty(queries * min(self._block, len(self._gallery)), dtype=np.float32)

    def _ordered(self, queries: Indices, near: Doubles, found: Indices) -> Indices:
        """The first columns, where those that rounding may have swapped are compared exactly."""
        with np.errstate(invalid="ignore"):  # two that are excluded have no gap
            tight = near[:, :-1] - near[:, 1:] <= self._slack[queries, None]
        close = np.zeros(near.shape, dtype=np.bool_)
        close[:, :-1] = tight
        close[:, 1:] |= tight
        # Beyond the last column only what may belong before it.
        close[:, self._columns :] &= np.logical_and.accumulate(
            tight[:, self._columns - 1 :], axis=1
        )
        rows, columns = np.nonzero(close)
        step = max(1, _VALUES_AT_ONCE // max(self._gallery.shape[1], 1))

        def compare(start: int) -> None:
            row, column = rows[start : start + step], columns[start : start + step]
            members = self._gallery[found[row, column]].astype(np.float64)
            own = self._queries[queries[row]].astype(np.float64)
            # Row by row, always in the same order: equal vectors get equal similarities.
            near[row, column] = np.einsum("ij,ij->i", members, own)

        cores = available_cores()
        for _ in work_ahead(compare, range(0, len(rows), step), cores, 2 * cores):
            pass
        best = found[:, : self._columns].astype(np.int64)
        again = np.flatnonzero(tight.any(axis=1))
        order = np.lexsort((found[again], -near[again]), axis=1)[:, : self._columns]
        best[again] = np.take_along_axis(found[again], order, axis=1)
        return best


class _Best:
    """The largest products of each row so far, in faiss's heaps, and their columns."""

    def __init__(self, exclude: Indices, width: int) -> None:
        self._exclude = exclude
        self._values = np.empty((len(exclude), width), dtype=np.float32)
        self._columns = np.empty((len(exclude), width), dtype=np.int64)
        self._heaps(slice(None)).heapify()

    def add(self, products: Floats, rows: slice, columns: slice) -> None:
        """Products of some rows with some columns, contiguous; several threads select from them."""
        import faiss

        count, every = products.shape
        first = columns.start
        # The stubs of faiss leave out the last three arguments.
        self._heaps(rows).addn(every, faiss.swig_ptr(products), first, 0, count)  # type: ignore[call-arg]

    def nearest(self, width: int) -> tuple[Doubles, Indices]:
        """The largest of each row, falling, and their columns; one that is excluded comes last."""
        self._heaps(slice(None)).reorder()
        return _without(self._exclude, self._values, self._columns, width)

    def _heaps(self, rows: slice) -> faiss.float_minheap_array_t:
        import faiss

        values, columns = self._values[rows], self._columns[rows]
        heaps = faiss.float_minheap_array_t()
        heaps.nh, heaps.k = values.shape
        heaps.val, heaps.ids = faiss.swig_ptr(values), faiss.swig_ptr(columns)
        return heaps


def _without(
    exclude: Indices, values: Floats, images: Indices, width: int
) -> tuple[Doubles, Indices]:
    """The first of each row, falling, and their images; one that is excluded comes last."""
    values = np.where(images == exclude[:, None], np.float32(-np.inf), values)
    order = np.argsort(-values, axis=1, kind="stable")[:, :width]
    return (
        np.take_along_axis(values, order, axis=1).astype(np.float64),
        np.take_along_axis(images, order, axis=1),
    )


def _ranges(count: int, size: int) -> list[slice]:
    """Parts of at most so many, about equally large."""
    edges = np.linspace(0, count, -(-count // size) + 1).astype(int).tolist()
    return [slice(start, stop) for start, stop in itertools.pairwise(edges)]


def _products(queries: Floats, images: Floats, room: Floats) -> Floats:
    """All their inner products, (queries, images), in the room."""
    products = room[: len(queries) * len(images)].reshape(len(queries), -1)
    return np.matmul(queries, images.T, out=products)


def _norms(vectors: Floats) -> Doubles:
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))


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

"""The rows whose texts are most alike, by dense vectors first and by their terms then.

The cosine of TF-IDF terms tells products apart that dense vectors take for one, but its search over
all pairs is slow. So the dense vectors name candidates (exact search by FAISS), and the terms put
them in order. Among a hundred candidates nearly always are the nearest by terms.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from podium.common.threads import one_thread

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_QUERIES_AT_ONCE = 1024


@dataclass(frozen=True)
class TextRows:
    """Terms and dense vectors of rows.

    Attributes:
        terms: Rows of unit length or zero, (rows, terms) float32.
        vectors: The same, (rows, components) float32.
    """

    terms: csr_matrix
    vectors: Floats

    @staticmethod
    def of(terms: csr_matrix, vectors: Floats) -> TextRows:
        """Rows of any length, brought to unit length.

        Raises:
            ValueError: they differ in number.
        """
        from sklearn.preprocessing import normalize

        if terms.shape[0] != len(vectors):
            raise ValueError(f"{terms.shape[0]} rows of terms, {len(vectors)} of vectors")
        dense = normalize(np.asarray(vectors, np.float32)) if vectors.size else vectors
        return TextRows(normalize(terms), np.ascontiguousarray(dense))

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.vectors)

    def take(self, rows: NDArray[np.integer]) -> TextRows:
        """The given rows, in that order."""
        return TextRows(self.terms[rows], self.vectors[rows])


def nearest_texts(
    queries: TextRows, known: TextRows, count: int, candidates: int = 100, threads: int = 1
) -> tuple[Floats, Ints]:
    """Find the nearest known rows of each query.

    Args:
        queries: Rows asked about.
        known: Rows to be found, at least one; the same terms and components.
        count: Neighbours of each query; fewer where fewer are known.
        candidates: How many the dense vectors name, at least `count` of them.
        threads: Blocks of queries at a time; the result is the same on any number.

    Returns:
        Cosines of the terms, falling, and places in `known`; both (queries, count).
    """
    import faiss

    count = min(count, len(known))
    wide = min(max(count, candidates), len(known))

    # Blocks have a fixed size and are worked on by one thread each, so that no sum depends on the
    # number of threads.
    def search(start: int) -> tuple[Floats, Ints]:
        faiss.omp_set_num_threads(1)
        block = queries.take(np.arange(start, min(start + _QUERIES_AT_ONCE, len(queries))))
        _, places = faiss.knn(block.vectors, known.vectors, wide, faiss.METRIC_INNER_PRODUCT)
        return _ordered(block.terms, known.terms, places, count)

    before = faiss.omp_get_max_threads()
    try:
        with one_thread(), ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(search, range(0, len(queries), _QUERIES_AT_ONCE)))
    finally:
        faiss.omp_set_num_threads(before)
    cosines, places = zip(*found, strict=True) if found else ((), ())
    empty = np.empty((0, count))
    return (
        np.concatenate([empty.astype(np.float32), *cosines]),
        np.concatenate([empty.astype(np.int64), *places]),
    )


def _ordered(
    queries: csr_matrix, known: csr_matrix, places: Ints, count: int
) -> tuple[Floats, Ints]:
    """The candidates with the largest cosine of terms; at a tie, in their order."""
    cosines = np.empty(places.shape, dtype=np.float32)
    query = np.zeros(queries.shape[1], dtype=np.float32)
    for row, candidates in enumerate(places):
        terms = slice(queries.indptr[row], queries.indptr[row + 1])
        query[queries.indices[terms]] = queries.data[terms]
        cosines[row] = known[candidates] @ query
        query[queries.indices[terms]] = 0
    best = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(cosines, best, axis=1), np.take_along_axis(places, best, axis=1)

"""Listings of the same product, which must share a fold, found by their texts.

Two rows are of one group if their normalised texts are equal or the cosine of their terms reaches a
threshold, and so are rows joined by a chain of such pairs. Near pairs are found exactly by prefix
filtering (Chaudhuri et al. 2006; All-Pairs: Bayardo et al. 2007). Put the terms of every row in one
order, rare ones first, and let the prefix of a row be its fewest first terms that leave the rest
shorter than s. The terms that two rows share, but not in both prefixes, lie in the rest of the row
whose prefix ends first, so that their part of the cosine is below s. A pair of cosine t therefore
has a product of prefixes above t - s. Prefixes hold rare terms, so their products are cheap.
Of the pairs that are left, most go by a bound on their cosine: the product of prefixes, and the
length of that rest times the length of what the other row has from there on (prefix norms, as in
L2AP: Anastasiu and Karypis 2014). The others are computed in full.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from podium.common.ordered_work import work_ahead
from podium.pricing.normalised_text import normalised_titles_and_texts

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Ints = NDArray[np.int64]

_PRODUCTS_AT_ONCE = 5_000_000
_PAIRS_AT_ONCE = 20_000
#: Product of prefixes that a near pair must have. Less makes shorter prefixes and more candidates.
_LEAST_PRODUCT = 0.1
# Terms are float32 and rows of unit length up to rounding.
_MARGIN = 1e-4


def duplicate_groups(
    texts: Sequence[object],
    terms: csr_matrix | None = None,
    threshold: float = 0.9,
    *,
    threads: int = 1,
) -> Ints:
    """Number the groups of rows with the same or nearly the same text.

    Args:
        texts: n catalogue texts.
        terms: Terms of the texts, non-negative, rows of unit length or zero, (n, terms); none to
            join equal texts only.
        threshold: Least cosine of a near-duplicate, above 0 and below 1.
        threads: Blocks of rows at a time; the groups do not depend on it.

    Returns:
        Group of each row, int64, shape (n,): numbered from 0 in the order of their first rows.
        Texts without a word or number are equal to none.

    Raises:
        ValueError: texts and terms differ in number, a term is negative, or the threshold does not
            lie between 0 and 1.
    """
    groups = _equal_texts(texts)
    if terms is None:
        return groups
    if not 0 < threshold < 1:
        raise ValueError(f"the threshold must lie between 0 and 1, got {threshold}")
    if terms.shape[0] != len(texts):
        raise ValueError(f"{len(texts)} texts, {terms.shape[0]} rows of terms")
    if terms.nnz and terms.data.min() < 0:
        raise ValueError("terms must not be negative")
    # Equal texts are compared once: their pairs would be many.
    firsts = np.unique(groups, return_index=True)[1]
    near = _components(terms[firsts].tocsr(), threshold, threads)
    return _numbered(near[groups])


def _equal_texts(texts: Sequence[object]) -> Ints:
    numbers: dict[str, int] = {}
    groups = np.empty(len(texts), dtype=np.int64)
    for row, text in enumerate(normalised_titles_and_texts(texts)[1]):
        groups[row] = numbers.setdefault(text or f"\0{row}", len(numbers))
    return groups


def _components(terms: csr_matrix, threshold: float, threads: int) -> Ints:
    """Connected components of the pairs above the threshold, int64, shape (rows,)."""
    components = np.arange(terms.shape[0])
    least = min(_LEAST_PRODUCT, threshold / 2)
    prefixes = _Prefixes(terms, threshold - least)

    def promising(block: slice) -> tuple[Ints, Ints]:
        # Equivalent with +: the prefixes are longer than they must be by the same margin.
        left, right, product = prefixes.candidates(block, least - _MARGIN)
        # Equivalent with >: a bound below the threshold by the margin is of no near pair.
        kept = prefixes.bound(left, right, product) >= threshold - _MARGIN
        return left[kept], right[kept]

    for left, right in work_ahead(promising, prefixes.blocks(), threads, 2 * threads):
        # What an earlier block has joined needs no product.
        apart = components[left] != components[right]
        pairs = _near_pairs(terms, left[apart], right[apart], threshold)
        components = _joined(components, pairs)
    return components


class _Prefixes:
    """The rarest terms of each row, such that the others together are shorter than `rest`."""

    def __init__(self, terms: csr_matrix, rest: float) -> None:
        from scipy.sparse import csr_matrix

        rows, vocabulary = terms.shape
        rarity = np.empty(vocabulary, dtype=np.int64)
        in_rows = np.bincount(terms.indices, minlength=vocabulary)
        rarity[np.argsort(in_rows, kind="stable")] = np.arange(vocabulary)
        row_of = np.repeat(np.arange(rows), np.diff(terms.indptr))
        # By row, and in a row from the rarest term to the most common.
        order = np.lexsort((rarity[terms.indices], row_of))
        squares = np.square(terms.data[order], dtype=np.float64)
        self._so_far = np.concatenate([[0.0], np.cumsum(squares)])
        self._ends = self._so_far[terms.indptr[1:]]
        self._places = row_of * np.int64(vocabulary + 1) + rarity[terms.indices[order]]
        self._stride = np.int64(vocabulary + 1)
        # The length of the terms of the row from this one on.
        from_here = np.sqrt(np.maximum(self._ends[row_of] - self._so_far[:-1], 0.0))
        inside = from_here >= rest - _MARGIN
        prefix = order[inside]
        entries = (terms.data[prefix], (row_of[prefix], terms.indices[prefix]))
        self._matrix = csr_matrix(entries, shape=terms.shape)
        self._by_term = self._matrix.T.tocsr()
        sizes = np.bincount(row_of[inside], minlength=rows)
        stops = terms.indptr[:-1] + sizes
        self._rest = np.sqrt(np.maximum(self._ends - self._so_far[stops], 0.0))
        last = self._places[np.maximum(stops - 1, 0)] if len(squares) else np.zeros(rows, "int64")
        # Equivalent with >=: a row without a prefix has no terms, so that its bounds are 0.
        self._last = np.where(sizes > 0, last - np.arange(rows) * self._stride, -1)

    def blocks(self) -> Iterator[slice]:
        """Rows in blocks of about as many products each."""
        ones = self._matrix.astype(bool).astype(np.int64)
        ends = np.cumsum(ones @ np.diff(self._by_term.indptr), dtype=np.int64)
        start = 0
        while start < len(ends):
            before = ends[start - 1] if start else 0
            end = max(int(np.searchsorted(ends, before + _PRODUCTS_AT_ONCE)), start + 1)
            yield slice(start, min(end, len(ends)))
            start = end

    def candidates(self, block: slice, least: float) -> tuple[Ints, Ints, NDArray[np.float32]]:
        """Pairs of a row of the block and a later row whose prefixes have this product at least.

        Returns:
            Both rows of each pair, and the product.
        """
        products = (self._matrix[block] @ self._by_term).tocoo()
        left, right = products.row.astype(np.int64) + block.start, products.col.astype(np.int64)
        kept = (products.data >= least) & (left < right)
        return left[kept], right[kept], products.data[kept]

    def bound(self, left: Ints, right: Ints, product: NDArray[np.floating]) -> NDArray[np.float64]:
        """Above the cosine of each pair of rows, or equal to it.

        Args:
            left: Rows.
            right: Rows, as many.
            product: Of their prefixes.
        """
        earlier = self._last[left] <= self._last[right]
        first, other = np.where(earlier, left, right), np.where(earlier, right, left)
        place = other * self._stride + self._last[first]
        behind = np.searchsorted(self._places, place, side="right")
        tail = np.sqrt(np.maximum(self._ends[other] - self._so_far[behind], 0.0))
        return product + self._rest[first] * tail


def _near_pairs(terms: csr_matrix, left: Ints, right: Ints, threshold: float) -> NDArray[np.int64]:
    """The pairs whose cosine reaches the threshold, shape (2, pairs)."""
    kept = [np.empty((2, 0), dtype=np.int64)]
    for start in range(0, len(left), _PAIRS_AT_ONCE):
        pair = np.stack([left, right])[:, start : start + _PAIRS_AT_ONCE]
        both = terms[pair[0]].multiply(terms[pair[1]])
        cosines = np.asarray(both.sum(axis=1, dtype=np.float64)).ravel()
        kept.append(pair[:, cosines >= threshold])
    return np.concatenate(kept, axis=1)


def _joined(components: Ints, pairs: NDArray[np.int64]) -> Ints:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    left, right = components[pairs]
    size = len(components)
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    joined = connected_components(graph, directed=False)[1]
    return joined[components].astype(np.int64)


def _numbered(groups: Ints) -> Ints:
    """Numbered in the order of their first rows."""
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    ranks = np.empty(len(first), dtype=np.int64)
    ranks[np.argsort(first)] = np.arange(len(first))
    return ranks[inverse]


def joined_groups(groups: Ints, keys: Sequence[str]) -> Ints:
    """Groups of which those that share a key are one.

    Args:
        groups: Group of each row, shape (n,).
        keys: A text for each row, such as its image link; an empty one joins nothing.

    Returns:
        Group of each row, numbered from 0 in the order of their first rows, shape (n,).
    """
    firsts: dict[str, int] = {}
    pairs = [
        (group, firsts.setdefault(key, group))
        for group, key in zip(groups.tolist(), keys, strict=True)
        if key
    ]
    numbers = np.arange(int(groups.max()) + 1 if len(groups) else 0)
    joined = _joined(numbers, np.array(pairs, dtype=np.int64).reshape(-1, 2).T)
    return _numbered(joined[groups])

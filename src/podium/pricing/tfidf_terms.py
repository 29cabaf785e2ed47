"""TF-IDF of counted terms: which of them are kept, and what they weigh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfTransformer


@dataclass
class TfidfTerms:
    """TF-IDF of one kind of terms (scikit-learn), learned from counts.

    Attributes:
        most: Terms kept at most, those in most texts.
        least_texts: Texts that a term must stand in.
    """

    most: int
    least_texts: int

    def fit_terms(self, counts: csr_matrix) -> csr_matrix:
        """Choose terms, and give those of the same texts, (texts, terms), not of unit length."""
        from sklearn.feature_extraction.text import TfidfTransformer

        known, in_texts = np.unique(counts.indices, return_counts=True)
        frequent = in_texts >= self.least_texts
        known, in_texts = known[frequent], in_texts[frequent]
        # At a tie the lower bucket.
        common = np.argsort(-in_texts, kind="stable")[: self.most]
        self._kept = np.sort(known[common])
        counts = _columns(counts, self._kept)
        self._weights: TfidfTransformer = TfidfTransformer(norm=None, sublinear_tf=True)
        if not len(self._kept):
            return counts
        return self._weights.fit(counts).transform(counts, copy=False)

    def terms(self, counts: csr_matrix) -> csr_matrix:
        """The terms of other texts, from counts in the same buckets."""
        counts = _columns(counts, self._kept)
        return self._weights.transform(counts, copy=False) if counts.size else counts


def _columns(counts: csr_matrix, kept: NDArray[np.integer]) -> csr_matrix:
    """Some columns, rising. scipy's own selection walks through all buckets, which are millions."""
    from scipy.sparse import csr_matrix

    if not len(kept):
        return csr_matrix((counts.shape[0], 0), dtype=counts.dtype)
    places = np.minimum(np.searchsorted(kept, counts.indices), len(kept) - 1)
    found = kept[places] == counts.indices
    ends = np.concatenate([[0], np.cumsum(found)])[counts.indptr]
    entries = (counts.data[found], places[found], ends)
    return csr_matrix(entries, shape=(counts.shape[0], len(kept)))


def joined_terms(blocks: list[csr_matrix]) -> csr_matrix:
    """Blocks side by side, each row at unit length over all of them."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.preprocessing import normalize

    joined = hstack(blocks, format="csr", dtype=np.float32) if len(blocks) > 1 else blocks[0]
    joined = normalize(joined, copy=False) if joined.nnz else joined
    joined.sort_indices()
    return csr_matrix(joined)

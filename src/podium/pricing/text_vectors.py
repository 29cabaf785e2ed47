"""Catalogue texts as TF-IDF terms of words and characters, and as dense vectors made of them.

Terms are hashed into many more buckets than are kept (the hashing trick: Weinberger et al. 2009).
A vocabulary of all word pairs of 150,000 texts would need gigabytes before its rare entries could
be dropped; counts in buckets need none. The dense vectors are the left singular vectors of the
terms, times the singular values (latent semantic analysis: Deerwester et al. 1990), by
scikit-learn's randomised solver.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from podium.common.threads import one_thread
from podium.pricing.normalised_text import TOKEN, normalised_titles_and_texts
from podium.pricing.tfidf_terms import TfidfTerms, joined_terms

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import HashingVectorizer

Floats = NDArray[np.float32]

#: Of some eight million different terms, two share one in few cases; the kept ones are frequent.
_BUCKETS = 2**24
#: Titles are cut here for characters; a text without labels is all title.
_MOST_CHARACTERS = 400
_ROWS_AT_ONCE = 4096
#: Read by one process at a time.
_TEXTS_AT_ONCE = 10_000


class TextVectors:
    """Learns terms and components from texts, and turns texts into vectors.

    It sees no price. For features it is still fitted in every fold anew, without the rows held out:
    these then stand to it as the rows of the test do, whose texts are not fitted either. Only the
    search for duplicates fits it on train and test together. Words come from the whole text,
    characters from the title alone: there they catch misspelt brands and joined units, elsewhere
    they would cost gigabytes.
    """

    def __init__(
        self,
        word_features: int = 200_000,
        word_ngrams: tuple[int, int] = (1, 2),
        character_features: int = 100_000,
        character_ngrams: tuple[int, int] = (3, 5),
        components: int = 256,
        min_df: int = 2,
        svd_rows: int = 30_000,
        svd_iterations: int = 3,
        threads: int = 1,
        seed: int = 0,
    ) -> None:
        """Declare the terms.

        Args:
            word_features: Word terms kept at most, those in most texts.
            word_ngrams: Least and most words of a term.
            character_features: The same of characters; 0 for none.
            character_ngrams: Least and most characters of a term, within words.
            components: Length of the dense vectors; fewer where there are fewer texts or terms.
            min_df: Texts that a term must stand in.
            svd_rows: Texts that the components are computed from at most, drawn by the seed.
            svd_iterations: Power iterations of the randomised solver.
            threads: For counts of many texts and for the dense vectors; the same on any number.
            seed: Of the draws.

        Raises:
            ValueError: where a number makes no sense.
        """
        if min(word_features, components, min_df, svd_rows, threads) < 1 or character_features < 0:
            raise ValueError("features, components, min_df, svd_rows and threads must be positive")
        for name, (least, most) in (("word", word_ngrams), ("character", character_ngrams)):
            if not 1 <= least <= most:
                raise ValueError(f"{name}_ngrams must be two rising numbers, got {least}, {most}")
        self.word_features, self.word_ngrams = word_features, tuple(word_ngrams)
        self.character_features = character_features
        self.character_ngrams = tuple(character_ngrams)
        self.components, self.min_df = components, min_df
        self.svd_rows, self.svd_iterations = svd_rows, svd_iterations
        self.threads, self.seed = threads, seed

    def fit(self, texts: Sequence[object]) -> Self:
        """Learn terms, their weights and the components.

        Args:
            texts: n catalogue texts; see `normalised_titles_and_texts`.

        Raises:
            ValueError: where no term stands in `min_df` texts.
        """
        self._fit_svd(self._fit_terms(self.count(texts)))
        return self

    def terms_alone(self, texts: Sequence[object]) -> csr_matrix:
        """Learn terms and their weights, no components, and give the terms of the same n texts.

        Returns:
            (n, terms) float32; without a column where no term stands in `min_df` texts.
        """
        return self._fit_terms(self.count(texts))

    def transform(self, texts: Sequence[object]) -> tuple[csr_matrix, Floats]:
        """Terms and dense vectors of any texts.

        Args:
            texts: n catalogue texts.

        Returns:
            Terms, (n, terms) float32, and dense vectors, (n, components) float32. Rows have unit
            length, or are zero where a text has no known term.
        """
        return self.transform_counts(self.count(texts))

    def fit_transform(self, texts: Sequence[object]) -> tuple[csr_matrix, Floats]:
        """Fit and transform the same texts; reads them once."""
        return self.fit_transform_counts(self.count(texts))

    def count(self, texts: Sequence[object]) -> TextCounts:
        """Count the terms of n texts, all buckets; needs no fit.

        Half of the work, and the same whatever is learnt: folds can share it. Reading texts holds
        Python's lock, so that many of them are read by processes, one for each thread.
        """
        # Without what is fitted, which is large and would be sent to the processes.
        vectorisers = [self._vectoriser("word")]
        if self.character_features:
            vectorisers.append(self._vectoriser("char_wb"))
        starts = range(0, len(texts), _TEXTS_AT_ONCE) or range(1)
        calls = [(texts[start : start + _TEXTS_AT_ONCE], vectorisers) for start in starts]
        if len(calls) == 1 or self.threads == 1:
            parts = [_counted(*call) for call in calls]
        else:
            from joblib import Parallel, delayed

            parts = Parallel(self.threads)(delayed(_counted)(*call) for call in calls)
        return TextCounts(tuple(_stacked(blocks) for blocks in zip(*parts, strict=True)))

    def fit_transform_counts(self, counts: TextCounts) -> tuple[csr_matrix, Floats]:
        """`fit_transform` of counted texts.

        Raises:
            ValueError: where no term stands in `min_df` texts.
        """
        terms = self._fit_terms(counts)
        self._fit_svd(terms)
        return terms, self._dense(terms)

    def transform_counts(self, counts: TextCounts) -> tuple[csr_matrix, Floats]:
        """`transform` of counted texts."""
        pairs = zip(self._kinds, counts.parts, strict=True)
        terms = joined_terms([kind.terms(part) for kind, part in pairs])
        return terms, self._dense(terms)

    def _fit_terms(self, counts: TextCounts) -> csr_matrix:
        most = (self.word_features, self.character_features)
        self._kinds = [TfidfTerms(number, self.min_df) for number in most[: len(counts.parts)]]
        pairs = zip(self._kinds, counts.parts, strict=True)
        return joined_terms([kind.fit_terms(part) for kind, part in pairs])

    def _vectoriser(self, analyzer: str) -> HashingVectorizer:
        from sklearn.feature_extraction.text import HashingVectorizer

        words = analyzer == "word"
        return HashingVectorizer(
            analyzer=analyzer,
            ngram_range=self.word_ngrams if words else self.character_ngrams,
            token_pattern=TOKEN if words else None,
            lowercase=False,
            norm=None,
            alternate_sign=False,
            n_features=_BUCKETS,
            dtype=np.float32,
        )

    def _fit_svd(self, terms: csr_matrix) -> None:
        from sklearn.decomposition import TruncatedSVD

        if not terms.shape[1]:
            raise ValueError(f"no term stands in {self.min_df} of the {terms.shape[0]} texts")
        if terms.shape[1] == 1:  # scikit-learn wants two; the one is its own component
            self._axes = np.ones((1, 1), np.float32)
            return
        rows = np.arange(terms.shape[0])
        if len(rows) > self.svd_rows:
            drawn = np.random.default_rng(self.seed).choice(len(rows), self.svd_rows, replace=False)
            rows = np.sort(drawn)
        # scikit-learn makes the largest entry of every component positive.
        svd = TruncatedSVD(
            min(self.components, *terms.shape, len(rows)),
            n_iter=self.svd_iterations,
            random_state=self.seed,
        )
        with one_thread():
            svd.fit(terms[rows])
        self._axes = np.ascontiguousarray(svd.components_.T, dtype=np.float32)

    def _dense(self, terms: csr_matrix) -> Floats:
        """Projections at unit length; a row's sum is its own, so blocks may run side by side."""
        axes = self._axes
        dense = np.empty((terms.shape[0], axes.shape[1]), dtype=np.float32)

        def project(start: int) -> None:
            dense[start : start + _ROWS_AT_ONCE] = terms[start : start + _ROWS_AT_ONCE] @ axes

        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(project, range(0, len(dense), _ROWS_AT_ONCE)))
        norms = np.linalg.norm(dense, axis=1, keepdims=True)
        dense /= np.where(norms > 0, norms, 1)
        return dense


@dataclass(frozen=True)
class TextCounts:
    """Counted terms of n texts.

    Attributes:
        parts: Words and, where they are wanted, characters; each (n, buckets) float32.
    """

    parts: tuple[csr_matrix, ...]

    def __len__(self) -> int:
        """Number of texts."""
        return int(self.parts[0].shape[0])

    def take(self, rows: NDArray[np.integer]) -> TextCounts:
        """The given rows, in that order."""
        return TextCounts(tuple(part[rows] for part in self.parts))


def _counted(texts: Sequence[object], vectorisers: list[HashingVectorizer]) -> list[csr_matrix]:
    """Words and, where they are wanted, characters of a few texts, (texts, buckets) each."""
    from scipy.sparse import csr_matrix

    if not len(texts):  # scikit-learn's hasher wants at least one text
        return [csr_matrix((0, _BUCKETS), dtype="f4") for _ in vectorisers]
    titles, wholes = normalised_titles_and_texts(texts)
    shown = [wholes, [title[:_MOST_CHARACTERS] for title in titles]]
    return [each.transform(own) for each, own in zip(vectorisers, shown, strict=False)]


def _stacked(blocks: Sequence[csr_matrix]) -> csr_matrix:
    """Blocks one below the other."""
    from scipy.sparse import vstack

    return blocks[0] if len(blocks) == 1 else vstack(blocks, format="csr")

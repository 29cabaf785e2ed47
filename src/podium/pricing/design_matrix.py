"""Features as one matrix: for linear models, for trees, and as codes and numbers for networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from podium.common.threads import one_thread
from podium.pricing.feature_set import FeatureSet
from podium.pricing.table_encoding import CategoryCodes, ScaledTable, numbers_of

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = NDArray[np.float32]


class TreeMatrix:
    """All features but the terms, side by side; what is unknown stays NaN.

    Attributes:
        names: Name of each column.
        categorical: Places of the columns that hold codes.
    """

    def __init__(
        self,
        text_components: int | None = None,
        min_rows: int = 20,
        encoded_components: int = 0,
    ) -> None:
        """Declare the matrix.

        Args:
            text_components: Only the first so many numbers of the text vectors.
            min_rows: See `CategoryCodes`.
            encoded_components: Principal components of `FeatureSet.encoded`; 0 leaves it out.
        """
        self.text_components = text_components
        self.encoded = EncodedBlock(encoded_components) if encoded_components else None
        self.codes = CategoryCodes(min_rows)

    def fit(self, features: FeatureSet) -> Self:
        """Learn the codes from the training rows."""
        self.codes.fit(features.categories)
        text = features.text[:, : self.text_components].shape[1]
        self.names = [f"text_{number}" for number in range(text)]
        self.names += [f"image_{number}" for number in range(features.image.shape[1])]
        if self.encoded is not None:
            known = self.encoded.fit(features).transform(features.take(np.arange(1)))
            self.names += [f"encoded_{number}" for number in range(known.shape[1])]
        self.names += [f"table_{name}" for name in features.table]
        first = len(self.names)
        self.names += [f"category_{name}" for name in features.categories]
        self.categorical = list(range(first, len(self.names)))
        return self

    def transform(self, features: FeatureSet) -> Floats:
        """The matrix, shape (rows, columns) float32; codes count from 0, unknown ones are NaN."""
        codes = self.codes.transform(features.categories).astype(np.float32) - 1
        codes[codes < 0] = np.nan
        text = features.text[:, : self.text_components]
        encoded = [] if self.encoded is None else [self.encoded.transform(features)]
        parts = [text, features.image, *encoded, numbers_of(features.table), codes]
        return np.hstack(parts, dtype=np.float32, casting="same_kind")


class SparseMatrix:
    """Terms, scaled numbers and vectors of the text as one sparse matrix for linear models."""

    def __init__(self, table_weight: float = 1.0, encoded_weight: float = 0.0) -> None:
        """Declare it.

        Args:
            table_weight: Root mean square length of the numbers of a row, beside terms of unit
                length; 0 for terms alone. Numbers with more weight are penalised less.
            encoded_weight: The same of `FeatureSet.encoded`; 0 leaves it out.

        Raises:
            ValueError: a weight is below 0.
        """
        for name, weight in (("table_weight", table_weight), ("encoded_weight", encoded_weight)):
            if not weight >= 0:
                raise ValueError(f"{name} must not be below 0: {weight}")
        self.table_weight = table_weight
        self.encoded_weight = encoded_weight
        self.table = ScaledTable()
        self.encoded = EncodedBlock(None)

    def fit(self, features: FeatureSet) -> Self:
        """Learn the scales from the training rows."""
        self.table.fit(features.table)
        if self.encoded_weight:
            self.encoded.fit(features)
        return self

    def transform(self, features: FeatureSet) -> csr_matrix:
        """The matrix, (rows, terms, numbers and vectors) float32."""
        from scipy import sparse

        parts = []
        if self.table_weight:
            numbers = self.table.transform(features.table)
            parts.append(_of_length(numbers, self.table_weight))
        if self.encoded_weight:
            parts.append(_of_length(self.encoded.transform(features), self.encoded_weight))
        if not parts:
            return features.terms
        blocks = [features.terms, *(sparse.csr_matrix(part) for part in parts)]
        return sparse.hstack(blocks, format="csr")


class DenseMatrix:
    """Text vectors of unit mean square and the scaled table, side by side."""

    def fit(self, features: FeatureSet) -> Self:
        """Learn the scales from the training rows."""
        self._scale = text_scale(features.text)
        self._table = ScaledTable().fit(features.table)
        return self

    def transform(self, features: FeatureSet) -> Floats:
        """The matrix, (rows, components and numbers) float32."""
        return np.hstack([features.text * self._scale, self._table.transform(features.table)])


class EncodedBlock:
    """`FeatureSet.encoded`, centred, with a mean square of 1, by principal components or whole."""

    def __init__(self, components: int | None) -> None:
        """Declare it; the first so many principal components, or None for the vectors whole."""
        self.components = components

    def fit(self, features: FeatureSet) -> Self:
        """Learn middle, scale and components from the training rows.

        Raises:
            ValueError: the features hold no such vectors.
        """
        from sklearn.decomposition import PCA

        encoded = _encoded(features)
        self._middle = encoded.mean(axis=0)
        self._scale = text_scale(encoded - self._middle)
        self._directions = None
        if self.components is not None:
            found = PCA(min(self.components, *encoded.shape), svd_solver="covariance_eigh")
            with one_thread():
                self._directions = found.fit(encoded).components_.T.astype(np.float32)
        return self

    def transform(self, features: FeatureSet) -> Floats:
        """The block, (rows, numbers) float32."""
        numbers = (_encoded(features) - self._middle) * self._scale
        if self._directions is None:
            return numbers
        with one_thread():
            return numbers @ self._directions


def _encoded(features: FeatureSet) -> Floats:
    if features.encoded is None:
        raise ValueError("vectors of a pretrained text model are wanted, and FeatureSet has none")
    return features.encoded


def _of_length(numbers: Floats, length: float) -> Floats:
    return numbers * np.float32(length / max(numbers.shape[1], 1) ** 0.5)


def text_scale(vectors: Floats) -> np.float32:
    """The factor that gives the numbers of the vectors a mean square of 1; NaN rows do not count.

    One for all of them: scaled one by one, the last components would be as loud as the first.
    """
    known = vectors[np.isfinite(vectors).all(axis=1)].astype(np.float64)
    mean = np.square(known).mean() if known.size else 0.0
    return np.float32(1 / np.sqrt(mean) if mean > 0 else 1.0)

"""Features as one matrix: for linear models, for trees, and as codes and numbers for networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from podium.common.threads import one_thread
from podium.pricing.feature_set import FeatureSet

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_matrix

Floats = NDArray[np.float32]
Scaling = Literal["standard", "minmax"]


class ScaledTable:
    """Numbers of a table for models that want them complete and alike in scale.

    Gaps are filled with the median of the training rows, and a column of 0 and 1 tells where they
    were (scikit-learn's SimpleImputer).
    """

    def __init__(self, scaling: Scaling = "standard", limit: float = 4.0) -> None:
        """Declare the scaling.

        Args:
            scaling: Mean 0 and variance 1, or all training values between 0 and 1.
            limit: Scaled numbers are cut off at this distance from 0: an amount of a million must
                not decide a price on its own.

        Raises:
            ValueError: for an unknown scaling or a limit not above 0.
        """
        if scaling not in ("standard", "minmax") or not limit > 0:
            raise ValueError(f"scaling must be standard or minmax, limit above 0: {scaling}")
        self.scaling = scaling
        self.limit = limit

    def fit(self, table: pd.DataFrame) -> Self:
        """Learn medians and scales from the training rows, of which there is at least one."""
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import MinMaxScaler, StandardScaler

        self._steps: Any = None
        if table.shape[1]:
            fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
            scaler = MinMaxScaler(clip=True) if self.scaling == "minmax" else StandardScaler()
            self._steps = make_pipeline(fill, scaler).fit(_numbers(table))
        return self

    def transform(self, table: pd.DataFrame) -> Floats:
        """Finite numbers, (rows, columns and those that tell of gaps) float32."""
        if self._steps is None:
            return np.empty((len(table), 0), np.float32)
        scaled = self._steps.transform(_numbers(table))
        return np.clip(scaled, -self.limit, self.limit).astype(np.float32)


class CategoryCodes:
    """A whole number for each text of a column, the frequent ones first; 0 for all others.

    Attributes:
        sizes: Codes of each column together with 0, in the columns' order.
    """

    def __init__(self, min_rows: int = 2) -> None:
        """Declare it; a text in fewer training rows than min_rows counts as unknown."""
        self.min_rows = min_rows

    def fit(self, categories: pd.DataFrame) -> Self:
        """Number the texts of the training rows."""
        self._known = []
        for name in categories:
            counts = categories[name].astype(object).value_counts().to_dict()
            frequent = [(-count, str(text), text) for text, count in counts.items()]
            # Ties by the text, so that the order of the rows does not matter.
            frequent.sort(key=lambda each: each[:2])
            self._known.append([text for less, _, text in frequent if -less >= self.min_rows])
        self.sizes = [len(known) + 1 for known in self._known]
        return self

    def transform(self, categories: pd.DataFrame) -> NDArray[np.int64]:
        """Codes, shape (rows, columns)."""
        import pandas as pd

        codes = np.zeros(categories.shape, np.int64)
        for place, (name, known) in enumerate(zip(categories, self._known, strict=True)):
            texts = pd.Index(categories[name].astype(object))
            codes[:, place] = pd.Index(known, dtype=object).get_indexer(texts) + 1
        return codes


class OneHotCategories:
    """A column of 0 and 1 for each frequent text of a column (scikit-learn's OneHotEncoder).

    Rare texts share a column, and new ones count as rare.
    """

    def __init__(self, min_rows: int = 20, most: int = 50) -> None:
        """Declare it.

        Args:
            min_rows: A text in fewer training rows is rare.
            most: Columns of each category at most; so many frequent texts are told apart.
        """
        self.min_rows = min_rows
        self.most = most

    def fit(self, categories: pd.DataFrame) -> Self:
        """Learn the frequent texts from the training rows."""
        from sklearn.preprocessing import OneHotEncoder

        self._encoder: Any = None
        if categories.shape[1]:
            self._encoder = OneHotEncoder(
                min_frequency=self.min_rows,
                max_categories=self.most,
                handle_unknown="infrequent_if_exist",
                sparse_output=False,
                dtype=np.float32,
            ).fit(_texts(categories))
        return self

    def transform(self, categories: pd.DataFrame) -> Floats:
        """The columns of all categories, side by side, (rows, texts) float32."""
        if self._encoder is None:
            return np.empty((len(categories), 0), np.float32)
        return self._encoder.transform(_texts(categories))


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
        parts = [text, features.image, *encoded, _numbers(features.table), codes]
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


def _texts(categories: pd.DataFrame) -> NDArray[np.object_]:
    known = categories.astype(object)
    return known.where(known.notna(), "").to_numpy(dtype=object)


def _numbers(table: pd.DataFrame) -> Floats:
    return table.to_numpy(dtype=np.float32, na_value=np.nan)

"""The contract of every model of the price, and the baselines: constant, linear, ridge."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from podium.common.threads import one_thread
from podium.pricing.best_constant import best_constant
from podium.pricing.design_matrix import SparseMatrix
from podium.pricing.feature_set import FeatureSet
from podium.pricing.inner_groups import inner_folds
from podium.pricing.ridge import chosen_penalty, ridge
from podium.pricing.table_encoding import OneHotCategories, ScaledTable

Floats = NDArray[np.float64]


class PriceModel(ABC):
    """Tells a price from features; works on scores, which are log1p of the price.

    Linear algebra runs on one thread, and what runs on several gives the same bytes on any number
    of them. No prediction leaves the range of the training prices.
    """

    def fit(self, features: FeatureSet, prices: ArrayLike, groups: ArrayLike) -> Self:
        """Learn; a second call forgets the first.

        Args:
            features: n training rows.
            prices: Their prices, shape (n,), positive and finite.
            groups: Rows that belong together, shape (n,): inner splits keep them whole.

        Raises:
            ValueError: there are no rows, something has another length, a price is not positive
                and finite, or a feature is infinite (image and table may hold NaN).
        """
        values = np.asarray(prices, dtype=np.float64)
        codes = np.asarray(groups)
        self._layout = _checked_layout(features)
        if not len(features) or values.shape != (len(features),) or codes.shape != values.shape:
            raise ValueError(
                f"{len(features)} rows, prices of shape {values.shape}, groups of {codes.shape}"
            )
        if not (np.isfinite(values) & (values > 0)).all():
            raise ValueError("every price must be positive and finite")
        target = np.log1p(values)
        self._range = float(target.min()), float(target.max())
        with self._threads():
            self._fit(features, target, np.unique(codes, return_inverse=True)[1].ravel())
        return self

    def predict(self, features: FeatureSet) -> Floats:
        """Prices of n rows, positive and finite, shape (n,).

        Raises:
            ValueError: the features differ from those of the training rows in kind, or one is
                infinite.
        """
        layout = _checked_layout(features)
        if layout != self._layout:
            raise ValueError(f"learned from features {self._layout}, asked with {layout}")
        if not len(features):
            return np.empty(0)
        with self._threads():
            scores = np.asarray(self._score(features), dtype=np.float64)
        return np.expm1(np.clip(scores, *self._range))

    def _threads(self) -> AbstractContextManager[None]:
        """What holds the threads while the model works."""
        return one_thread()

    @abstractmethod
    def _fit(self, features: FeatureSet, target: Floats, groups: NDArray[np.int64]) -> None: ...

    @abstractmethod
    def _score(self, features: FeatureSet) -> NDArray[np.floating]: ...


class ConstantPrice(PriceModel):
    """The one price with the least SMAPE on the training rows; see `best_constant`."""

    def _fit(self, features: FeatureSet, target: Floats, groups: NDArray[np.int64]) -> None:
        self.constant_ = best_constant(np.expm1(target))

    def _score(self, features: FeatureSet) -> Floats:
        return np.full(len(features), np.log1p(self.constant_))


class LinearPrice(PriceModel):
    """Least squares on numbers scaled to between 0 and 1 and one-hot categories (scikit-learn)."""

    def _fit(self, features: FeatureSet, target: Floats, groups: NDArray[np.int64]) -> None:
        from sklearn.linear_model import LinearRegression

        self._table = ScaledTable("minmax").fit(features.table)
        self._categories = OneHotCategories().fit(features.categories)
        numbers = self._design(features)
        self._model = LinearRegression(fit_intercept=False).fit(numbers, target)

    def _score(self, features: FeatureSet) -> Floats:
        return self._model.predict(self._design(features))

    def _design(self, features: FeatureSet) -> Floats:
        # A column of ones in place of the intercept, so that a table without columns works too.
        numbers = self._table.transform(features.table)
        categories = self._categories.transform(features.categories)
        return np.hstack([numbers, categories, np.ones((len(numbers), 1))], dtype=np.float64)


class RidgePrice(PriceModel):
    """Ridge regression on the TF-IDF terms and the scaled table (scikit-learn, conjugate gradient).

    Attributes:
        penalty_: The penalty in use after fitting.
    """

    def __init__(
        self,
        penalties: float | Sequence[float] = (0.3, 1.0, 3.0),
        table_weight: float = 1.0,
        encoded_weight: float = 0.0,
        inner_folds: int = 5,
        seed: int = 0,
    ) -> None:
        """Declare the model.

        Args:
            penalties: Of the squared weights; of several, the one with the least SMAPE on the
                first inner fold is taken.
            table_weight: See `SparseMatrix`, as the next.
            encoded_weight: Of the vectors of a pretrained text model.
            inner_folds: The first of so many is held out for the choice.
            seed: Of the inner folds.

        Raises:
            ValueError: there is no penalty, or one is not above 0.
        """
        wanted = [penalties] if isinstance(penalties, int | float) else list(penalties)
        if not wanted or not all(penalty > 0 for penalty in wanted):
            raise ValueError(f"penalties must be above 0, and at least one: {wanted}")
        self.penalties = [float(penalty) for penalty in wanted]
        self.table_weight = table_weight
        self.encoded_weight = encoded_weight
        self.inner_folds = inner_folds
        self.seed = seed

    def _fit(self, features: FeatureSet, target: Floats, groups: NDArray[np.int64]) -> None:
        self._matrix = SparseMatrix(self.table_weight, self.encoded_weight).fit(features)
        matrix = self._matrix.transform(features)
        held = inner_folds(groups, self.inner_folds, self.seed) == 0
        self.penalty_ = chosen_penalty(self.penalties, matrix, target, held)
        self._model = ridge(self.penalty_).fit(matrix, target)

    def _score(self, features: FeatureSet) -> Floats:
        return self._model.predict(self._matrix.transform(features))


def _checked_layout(features: FeatureSet) -> dict[str, Any]:
    """What has to be the same in training and prediction."""
    rows = len(features)
    for name in ("terms", "text", "image", "categories"):
        part = getattr(features, name)
        if part.shape[0] != rows:
            raise ValueError(f"{rows} rows in the table, {part.shape[0]} in {name}")
    encoded = np.empty((rows, 0), np.float32) if features.encoded is None else features.encoded
    optional = {"encoded": encoded, "texts": features.texts, "pictures": features.pictures}
    for name, given in optional.items():
        if given is not None and len(given) != rows:
            raise ValueError(f"{rows} rows in the table, {len(given)} in {name}")
    if not all(np.isfinite(part).all() for part in (features.text, features.terms.data, encoded)):
        raise ValueError("terms and text vectors must be finite")
    numbers = features.table.to_numpy(dtype=np.float32, na_value=np.nan)
    if np.isinf(features.image).any() or np.isinf(numbers).any():
        raise ValueError("image and table must not be infinite; NaN stands for unknown")
    return {
        "terms": features.terms.shape[1],
        "text": features.text.shape[1],
        "image": features.image.shape[1],
        "encoded": encoded.shape[1],
        "table": list(features.table),
        "categories": list(features.categories),
    }

"""Support-vector regression on the terms."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.pricing.design_matrix import SparseMatrix
from podium.pricing.feature_set import FeatureSet
from podium.pricing.price_models import PriceModel

Floats = NDArray[np.float64]


class SupportVectorPrice(PriceModel):
    """Linear support-vector regression on terms and scaled table (scikit-learn, liblinear).

    Beyond a margin errors count by their size and not by its square, as in SMAPE. A linear kernel,
    because terms are many and sparse.
    """

    def __init__(
        self,
        inverse_penalty: float = 0.5,
        margin: float = 0.05,
        table_weight: float = 1.0,
        encoded_weight: float = 0.0,
        passes: int = 200,
        seed: int = 0,
        **parameters: Any,
    ) -> None:
        """Declare the model.

        Args:
            inverse_penalty: scikit-learn's C.
            margin: Error of the score that costs nothing.
            table_weight: See `SparseMatrix`, as the next.
            encoded_weight: Of the vectors of a pretrained text model.
            passes: Most passes over the rows. Dual coordinate descent is near its end long before
                its own test says so.
            seed: Of the order of the rows.
            parameters: Any other parameter of scikit-learn's LinearSVR.

        Raises:
            ValueError: the inverse penalty is not above 0, or the margin is below 0.
        """
        if not inverse_penalty > 0 or not margin >= 0:
            raise ValueError(f"inverse_penalty above 0, margin from 0: {inverse_penalty}, {margin}")
        self.table_weight = table_weight
        self.encoded_weight = encoded_weight
        self.settings = {
            "C": inverse_penalty,
            "epsilon": margin,
            "max_iter": passes,
            "tol": 1e-3,
            "random_state": seed,
            **parameters,
        }

    def _fit(self, features: FeatureSet, target: Floats, groups: NDArray[np.int64]) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.svm import LinearSVR

        self._matrix = SparseMatrix(self.table_weight, self.encoded_weight).fit(features)
        # liblinear penalises the intercept, so that the scores are centred before.
        self._middle = float(np.median(target))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._model = LinearSVR(**self.settings).fit(
                self._matrix.transform(features), target - self._middle
            )

    def _score(self, features: FeatureSet) -> Floats:
        return self._model.predict(self._matrix.transform(features)) + self._middle

"""What boosted trees of either library share: objective, early stopping, refit."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from podium.pricing.design_matrix import TreeMatrix
from podium.pricing.feature_set import FeatureSet
from podium.pricing.inner_groups import inner_folds
from podium.pricing.price_models import PriceModel
from podium.pricing.row_weights import checked_exponent, price_weights
from podium.pricing.smape_objective import SmoothSmape, start_score

Floats = NDArray[np.float64]
Objective = Literal["l1", "l2", "smape"]


class BoostedPrice(PriceModel):
    """Boosted trees of which the number is found on rows held out.

    The number of trees is that with the least SMAPE on an inner fold. With `refit` as many are
    then grown on all rows: the brands and relatives of the rows held out count in prediction.

    Attributes:
        rounds_: Trees of the model in use.
        names_: Names of its columns.
    """

    def __init__(
        self,
        objective: Objective = "l1",
        rounds: int = 2000,
        patience: int = 100,
        refit: bool = True,
        smoothing: float = 0.1,
        price_exponent: float = 0.0,
        inner_folds: int = 8,
        text_components: int | None = None,
        min_category_rows: int = 20,
        encoded_components: int = 0,
        seed: int = 0,
        threads: int = 1,
        **parameters: Any,
    ) -> None:
        """Declare the model.

        Args:
            objective: On log1p prices: absolute error, squared error, or `SmoothSmape`.
            rounds: Most trees; all are grown where no row can be held out.
            patience: Growing ends after so many trees without a smaller SMAPE.
            refit: Grow again on all rows; else the trees of the other inner folds stay.
            smoothing: Of `SmoothSmape`.
            price_exponent: Rows are weighed by their price to this power, see `price_weights`; the
                number of trees is still that with the least SMAPE, which weighs them alike.
            inner_folds: The first of so many is held out.
            text_components: See `TreeMatrix`.
            min_category_rows: Fewest training rows of a category of its own.
            encoded_components: See `TreeMatrix`.
            seed: Of the draws.
            threads: 0 for all cores; does not change the result.
            parameters: Any other parameter of the library.

        Raises:
            ValueError: for an unknown objective, or fewer than one round.
        """
        if objective not in get_args(Objective):
            known = ", ".join(get_args(Objective))
            raise ValueError(f"objective must be one of {known}, got {objective!r}")
        if rounds < 1 or patience < 1:
            raise ValueError(f"rounds and patience must be above 0: {rounds}, {patience}")
        self.objective = objective
        self.rounds = rounds
        self.patience = patience
        self.refit = refit
        self.loss = SmoothSmape(smoothing)
        self.price_exponent = checked_exponent(price_exponent)
        self.inner_folds = inner_folds
        self.text_components = text_components
        self.min_category_rows = min_category_rows
        self.encoded_components = encoded_components
        self.seed = seed
        self.threads = threads
        self.parameters = parameters

    def _threads(self) -> AbstractContextManager[None]:
        # The libraries are told their number; a limit from outside would hold XGBoost to one.
        return nullcontext()

    def _fit(self, features: FeatureSet, target: Floats, groups: NDArray[np.int64]) -> None:
        matrix = TreeMatrix(self.text_components, self.min_category_rows, self.encoded_components)
        self._matrix = matrix.fit(features)
        self.names_ = self._matrix.names
        self._start = start_score(target)
        numbers = self._matrix.transform(features)
        held = inner_folds(groups, self.inner_folds, self.seed) == 0
        if not held.any():
            self.rounds_ = self.rounds
            self._booster = self._grow(numbers, target, self.rounds, None)
            return
        self._booster = self._grow(numbers, target, self.rounds, held)
        self.rounds_ = self._best_rounds()
        if self.refit:
            self._booster = self._grow(numbers, target, self.rounds_, None)

    def _weights(self, target: Floats) -> NDArray[np.float32] | None:
        """Of rows to learn from; None where they count alike."""
        return price_weights(target, self.price_exponent) if self.price_exponent else None

    @abstractmethod
    def _grow(
        self,
        numbers: NDArray[np.float32],
        target: Floats,
        rounds: int,
        held: NDArray[np.bool_] | None,
    ) -> Any:
        """A booster of at most so many trees, stopped early on the held rows where given."""

    @abstractmethod
    def _best_rounds(self) -> int: ...

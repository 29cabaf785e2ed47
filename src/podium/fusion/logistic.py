"""Logistic regression, its penalty chosen on inner folds."""

from __future__ import annotations

from typing import Any

import numpy as np

from podium.common.folds import FEWEST_FOLDS, feasible_folds, repeated_group_folds
from podium.fusion.classifiers import ViewClassifier
from podium.fusion.views import View

_GRID = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
# Where no inner fold can be made; features of norm 1 make it a strong penalty.
_FALLBACK = 1.0


class LogisticRegressionClassifier(ViewClassifier):
    """Logistic regression with a squared penalty (scikit-learn, L-BFGS).

    By default the penalty is the strongest whose log loss on inner folds lies within one standard
    error of the best (Breiman et al. 1984, section 3.4.3), the error being that of the paired
    differences between folds.
    """

    def __init__(
        self,
        inverse_penalty: float | None = None,
        inner_folds: int = 5,
        view: View = "both",
        components: int | float | None = None,
        whiten: bool = False,
        seed: int = 0,
    ) -> None:
        """Declare the model.

        Args:
            inverse_penalty: scikit-learn's C; None to choose it on inner folds.
            inner_folds: How many of these.
            view: See `PairView`, as the next two.
            components: Principal components.
            whiten: Scale them to equal variance.
            seed: Of the inner folds.
        """
        super().__init__(view, components, whiten, seed)
        self.inverse_penalty = inverse_penalty
        self.inner_folds = inner_folds

    def _fit_features(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        groups: np.ndarray | None,
        weights: np.ndarray,
    ) -> None:
        wide = features.astype(np.float64)
        self.chosen_ = self.inverse_penalty or self._choose(wide, labels, groups, weights)
        self._model = _model(self.chosen_).fit(wide, labels, weights)

    def _feature_logit(self, features: np.ndarray) -> np.ndarray:
        return self._model.decision_function(features.astype(np.float64))

    def _choose(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        groups: np.ndarray | None,
        weights: np.ndarray,
    ) -> float:
        count = feasible_folds(labels, groups, self.inner_folds)
        if count < FEWEST_FOLDS:
            return _FALLBACK
        from sklearn import config_context

        folds = repeated_group_folds(labels, groups, count, 1, self.seed)[0]
        # The checks of what is the same each time would take half of the time.
        with config_context(assume_finite=True, skip_parameter_validation=True):
            losses = np.stack(
                [_path_losses(features, labels, weights, folds == fold) for fold in range(count)]
            )
        return _GRID[_strongest_within_one_error(losses)]


def _path_losses(
    features: np.ndarray, labels: np.ndarray, weights: np.ndarray, held_out: np.ndarray
) -> np.ndarray:
    """Log loss on held-out rows for every penalty, from the strongest, shape (penalties,)."""
    model = _model(_GRID[0])
    learned = features[~held_out], labels[~held_out], weights[~held_out]
    asked, asked_weights = features[held_out], weights[held_out]
    sign = 1 - 2 * labels[held_out]
    losses = np.empty(len(_GRID))
    for number, inverse_penalty in enumerate(_GRID):
        # From the last solution it is a short way to the next.
        model.set_params(C=inverse_penalty)
        model.fit(*learned)
        margin = asked @ model.coef_[0] + model.intercept_[0]
        losses[number] = np.average(np.logaddexp(0, sign * margin), weights=asked_weights)
        if number and losses[number] > 1.5 * losses[: number + 1].min():
            losses[number + 1 :] = losses[number]
            break
    return losses


def _strongest_within_one_error(losses: np.ndarray) -> int:
    """First column whose mean is within one standard error of the best; losses (folds, p)."""
    best = int(losses.mean(axis=0).argmin())
    excess = losses - losses[:, [best]]
    error = excess.std(axis=0, ddof=1) / np.sqrt(len(losses))
    return int(np.argmax(excess.mean(axis=0) <= error))


def _model(inverse_penalty: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=inverse_penalty, tol=1e-3, max_iter=1000, warm_start=True)

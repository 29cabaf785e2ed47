"""From a model's logits to log-odds that mean what they say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal, Self

import numpy as np

Method = Literal["sigmoid", "isotonic"]


class Calibration(ABC):
    """A map of logits that never falls, learned on rows the model has not seen."""

    @abstractmethod
    def fit(self, logits: np.ndarray, labels: np.ndarray) -> Self:
        """Learn from logits and labels (0 or 1), both shape (n,).

        Raises:
            ValueError: where a logit is not finite or the two differ in length.
        """

    @abstractmethod
    def transform(self, logits: np.ndarray) -> np.ndarray:
        """Log-odds of class 1; float64, of the shape of the logits."""


class SigmoidCalibration(Calibration):
    """slope * logit + intercept by log loss (Platt 1999), the slope never below zero.

    Labels are drawn in by one row per class (Platt's targets), so that a model which makes no
    mistake on few rows is not infinitely sure. A model without merit gets slope 0.
    """

    def fit(self, logits: np.ndarray, labels: np.ndarray) -> Self:
        """See the base class."""
        from scipy.optimize import minimize

        scores, truth = _checked(logits, labels)
        ones = truth.sum()
        zeros = len(truth) - ones
        target = np.where(truth > 0, (ones + 1) / (ones + 2), 1 / (zeros + 2))
        self.center = float(scores.mean())
        self.scale = float(scores.std()) or 1.0
        standard = (scores - self.center) / self.scale

        def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
            margin = point[0] * standard + point[1]
            excess = probability(margin) - target
            value = np.logaddexp(0, margin).mean() - (target * margin).mean()
            return float(value), np.array([(excess * standard).mean(), excess.mean()])

        start = [0.0, np.log(ones + 1) - np.log(zeros + 1)]
        found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)])
        self.slope, self.intercept = map(float, found.x)
        return self

    def transform(self, logits: np.ndarray) -> np.ndarray:
        """See the base class."""
        return self.slope * (np.asarray(logits, np.float64) - self.center) / self.scale + (
            self.intercept
        )


class IsotonicCalibration(Calibration):
    """Steps that never fall (Zadrozny and Elkan 2002); for sets of some thousand rows."""

    def fit(self, logits: np.ndarray, labels: np.ndarray) -> Self:
        """See the base class."""
        from sklearn.isotonic import IsotonicRegression

        scores, truth = _checked(logits, labels)
        # Half a row of doubt, for the steps that saw one class only.
        doubt = 0.5 / len(truth)
        self._steps: Any = IsotonicRegression(
            y_min=doubt, y_max=1 - doubt, out_of_bounds="clip"
        ).fit(scores, truth)
        return self

    def transform(self, logits: np.ndarray) -> np.ndarray:
        """See the base class."""
        share = self._steps.predict(np.asarray(logits, np.float64))
        return np.log(share) - np.log1p(-share)


def make_calibration(method: Method) -> Calibration:
    """The calibration of that name, not fitted."""
    kinds: dict[str, type[Calibration]] = {
        "sigmoid": SigmoidCalibration,
        "isotonic": IsotonicCalibration,
    }
    if method not in kinds:
        raise ValueError(f"calibration must be one of {', '.join(kinds)}, got {method!r}")
    return kinds[method]()


def probability(logits: np.ndarray) -> np.ndarray:
    """Logistic function, exact on both tails."""
    from scipy.special import expit

    return np.asarray(expit(logits), np.float64)


def _checked(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scores, truth = np.asarray(logits, np.float64), np.asarray(labels, np.float64)
    if scores.shape != truth.shape or scores.ndim != 1:
        raise ValueError(f"logits of shape {scores.shape}, labels of shape {truth.shape}")
    if not np.isfinite(scores).all():
        raise ValueError("every logit must be finite")
    return scores, truth

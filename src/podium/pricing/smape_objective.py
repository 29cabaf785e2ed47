"""SMAPE as an objective of boosted trees, on scores that are log1p of the price.

With F = expm1(score) and r = (F - A) / (F + A) a row costs 2 |r|. Two things keep Newton boosting
from using that as it is. At r = 0 it has a kink; here sqrt(r^2 + s^2) - s stands for |r|, with s
the smoothing. And far from the target it flattens out like a hyperbolic tangent, so that its second
derivative is negative there.

The Hessian is therefore not the second derivative but that of a parabola around the target,
gradient / (score - target), which is positive. It touches the loss at the score; for prices from
one unit up it lies above it on the score's side of the target, and for large prices, where the loss
depends on the distance alone, on both sides. Minimising such a parabola does not raise the loss
(half-quadratic or MM minimisation: Geman and Reynolds 1992; Hunter and Lange 2004). A leaf becomes
the mean of its residuals, weighted by gradient / residual: never more than the largest of them, and
far rows count little. A Gauss-Newton Hessian would be positive too, but its steps grow like the
hyperbolic sine of the distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from podium.pricing.metrics import smape

if TYPE_CHECKING:
    from lightgbm import Dataset
    from xgboost import DMatrix

Floats = NDArray[np.float64]

#: Scores below it cost as on a line: a price is at least a cent.
LEAST_SCORE = float(np.log1p(0.01))
#: Scores above it, too: expm1 stays finite.
MOST_SCORE = 50.0
_LEAST_HESSIAN = 1e-6
_NEAR = 1e-6
_CANDIDATES = 400


@dataclass(frozen=True)
class SmoothSmape:
    """Smooth SMAPE of log1p prices, for LightGBM and XGBoost.

    Labels are log1p(price) everywhere, as for the usual objectives on log prices. Custom objectives
    start at 0 in both libraries; give `start_score` as init_score or base_margin.

    Attributes:
        smoothing: Width of the rounded kink in units of r; smaller is nearer to SMAPE and slower
            to settle. Residuals much below twice this share of the price count as squares.
    """

    smoothing: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.smoothing < 1:
            raise ValueError(f"smoothing must lie between 0 and 1: {self.smoothing}")

    def loss(self, target: ArrayLike, score: ArrayLike) -> Floats:
        """Cost of each row, between 0 and 2, and beyond the least and most score on a line.

        Args:
            target: log1p of the prices, shape (n,); prices must be positive.
            score: Scores, shape (n,).
        """
        kept, beyond, share, slope = self._parts(target, score)
        cost = 2 * (np.sqrt(share**2 + self.smoothing**2) - self.smoothing)
        return cost + self._gradient(share, slope) * beyond

    def gradient_and_hessian(self, target: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats]:
        """Derivative of `loss` by the score, and the positive curvature of its parabola.

        Args:
            target: log1p of the prices, shape (n,).
            score: Scores, shape (n,).

        Returns:
            Both shape (n,).
        """
        kept, beyond, share, slope = self._parts(target, score)
        gradient = self._gradient(share, slope)
        distance = kept + beyond - np.asarray(target, dtype=np.float64)
        near = np.abs(distance) < _NEAR
        curvature = np.where(
            near,
            2 * slope**2 / self.smoothing,
            gradient / np.where(near, 1.0, distance),
        )
        return gradient, np.maximum(curvature, _LEAST_HESSIAN)

    def __call__(
        self, target: ArrayLike, score: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> tuple[Floats, Floats]:
        """`objective` of LGBMRegressor and XGBRegressor: labels first, weights last."""
        gradient, hessian = self.gradient_and_hessian(target, score)
        if sample_weight is None:
            return gradient, hessian
        weights = np.asarray(sample_weight, dtype=np.float64)
        return gradient * weights, hessian * weights

    def lightgbm(self, score: ArrayLike, data: Dataset) -> tuple[Floats, Floats]:
        """`params["objective"]` of `lightgbm.train`; weights are those of the data set."""
        # LightGBM leaves weights to custom objectives.
        weights = data.get_weight()
        return self(_labels(data), score, None if weights is None else np.asarray(weights))

    def xgboost(self, score: ArrayLike, data: DMatrix) -> tuple[Floats, Floats]:
        """`obj` of `xgboost.train`; weights are those of the matrix."""
        weights = data.get_weight()
        return self(data.get_label(), score, weights if len(weights) else None)

    def _parts(self, target: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
        """Scores within limits, what lies beyond them, r, and its derivative by the score."""
        scores = np.asarray(score, dtype=np.float64)
        kept = np.clip(scores, LEAST_SCORE, MOST_SCORE)
        price, answer = np.expm1(np.asarray(target, dtype=np.float64)), np.expm1(kept)
        both = answer + price
        share = (answer - price) / both
        slope = 2 * (price / both) * ((answer + 1) / both)
        return kept, scores - kept, share, slope

    def _gradient(self, share: Floats, slope: Floats) -> Floats:
        return 2 * slope * share / np.sqrt(share**2 + self.smoothing**2)


def start_score(target: ArrayLike) -> float:
    """log1p of the constant price with the least SMAPE.

    SMAPE of a constant has many small dents, so candidates all over the prices are tried; then the
    neighbourhood of the best is searched.

    Args:
        target: log1p of the prices, shape (n,), positive and finite.

    Raises:
        ValueError: no target, or one that is not positive and finite.
    """
    from scipy.optimize import minimize_scalar

    targets = np.asarray(target, dtype=np.float64)
    if not len(targets) or not (np.isfinite(targets) & (targets > 0)).all():
        raise ValueError("targets must be positive and finite")
    prices = np.expm1(targets)

    def cost(score: float) -> float:
        return smape(prices, np.full_like(prices, np.expm1(score)))

    candidates = np.unique(np.quantile(targets, np.linspace(0, 1, _CANDIDATES)))
    costs = np.array([cost(score) for score in candidates])
    best = int(costs.argmin())
    low, high = candidates[max(best - 1, 0)], candidates[min(best + 1, len(candidates) - 1)]
    if low == high:
        return float(candidates[best])
    found = minimize_scalar(cost, bounds=(low, high), method="bounded")
    return float(found.x if found.fun < costs[best] else candidates[best])


def smape_of_scores(target: ArrayLike, score: ArrayLike) -> tuple[str, float, bool]:
    """`eval_metric` of LGBMRegressor: name, SMAPE in percent, and that higher is not better."""
    return "smape", smape(np.expm1(np.asarray(target, float)), _prices(score)), False


def lightgbm_smape(score: ArrayLike, data: Dataset) -> tuple[str, float, bool]:
    """`feval` of `lightgbm.train`."""
    return smape_of_scores(_labels(data), score)


def xgboost_smape(score: ArrayLike, data: DMatrix) -> tuple[str, float]:
    """`custom_metric` of `xgboost.train`."""
    return smape_of_scores(data.get_label(), score)[:2]


def _labels(data: Dataset) -> Floats:
    return np.asarray(data.get_label(), dtype=np.float64)


def _prices(score: ArrayLike) -> Floats:
    return np.expm1(np.clip(np.asarray(score, dtype=np.float64), LEAST_SCORE, MOST_SCORE))

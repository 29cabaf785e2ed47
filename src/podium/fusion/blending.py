"""One logit from many: calibrated members, and weights that must earn their difference."""

from __future__ import annotations

from typing import Literal, Self, get_args

import numpy as np

from podium.common.threads import one_thread
from podium.fusion.calibration import Method, SigmoidCalibration, make_calibration, probability

Weighting = Literal["average", "stacking", "greedy", "best"]

_GREEDY_BAGS = 20
_GREEDY_STEPS = 15
# A log loss larger by 0.1 nats takes away two thirds of the prior weight.
_PRIOR_SHARPNESS = 10.0
# What all members share alike, so that one that is weak alone may still add to others.
_PRIOR_FLOOR = 0.1
# Below it a weight is none, and its logarithm is not taken.
_LEAST_WEIGHT = 1e-300


class Blend:
    """Weighted mean of the members' calibrated log-odds, calibrated again.

    - `average`: every member alike.
    - `stacking` (default): weights of a logistic regression on the members, none below zero and
      summing to 1 (stacking, Wolpert 1992; non-negative, Breiman 1996), with a penalty on their
      relative entropy to prior weights (as in PAC-Bayesian aggregation, Catoni 2007). Prior weights
      fall exponentially with a member's log loss (exponential weighting, Dalalyan and Tsybakov
      2008), so that members that are alike share alike, and those far behind hardly count. To give
      everything to one of m equal members costs `shrinkage` times log(m) nats, however many the
      rows: on few of them it is the prior, on many the data decide.
    - `greedy`: members added one at a time, with repetition, by log loss, averaged over bags of
      members (Caruana et al. 2004).
    - `best`: the one member of smallest log loss.

    A member that knows nothing is calibrated to a constant, and does no harm to an average.

    Attributes:
        shares_: Weight of each member after fitting, shape (members,), summing to 1.
    """

    def __init__(
        self,
        weighting: Weighting = "stacking",
        shrinkage: float = 2.0,
        calibration: Method = "sigmoid",
        seed: int = 0,
    ) -> None:
        """Declare the blend.

        Args:
            weighting: See the class.
            shrinkage: Of `stacking`: what a relative entropy of 1 costs, in nats of the log loss
                of all training rows together.
            calibration: Of each member.
            seed: Of the bags of `greedy`.

        Raises:
            ValueError: for an unknown weighting or a shrinkage below zero.
        """
        if weighting not in get_args(Weighting):
            known = ", ".join(get_args(Weighting))
            raise ValueError(f"weighting must be one of {known}, got {weighting!r}")
        if shrinkage < 0:
            raise ValueError(f"shrinkage must not be below zero, got {shrinkage}")
        self.weighting = weighting
        self.shrinkage = shrinkage
        self.calibration: Method = calibration
        self.seed = seed

    def fresh(self) -> Blend:
        """The same declaration, not fitted."""
        return Blend(self.weighting, self.shrinkage, self.calibration, self.seed)

    def fit(self, logits: np.ndarray, labels: np.ndarray) -> Self:
        """Learn from out-of-fold logits (n, members) and labels (n,).

        Raises:
            ValueError: where there is no member or a logit is not finite.
        """
        if logits.ndim != 2 or not logits.shape[1]:  # noqa: PLR2004
            raise ValueError(f"logits must have shape (rows, members), got {logits.shape}")
        # On several threads BLAS takes a hundred times as long for products this small.
        with one_thread():
            return self._fit(logits, labels)

    def _fit(self, logits: np.ndarray, labels: np.ndarray) -> Self:
        self._members = [
            make_calibration(self.calibration).fit(column, labels) for column in logits.T
        ]
        odds = self._odds(logits)
        if odds.shape[1] == 1:
            self.shares_ = np.ones(1)
        else:
            self.shares_ = self._weigh(odds, labels.astype(np.float64))
        self._last = SigmoidCalibration().fit(_mix(odds, self.shares_), labels)
        return self

    def predict_logit(self, logits: np.ndarray) -> np.ndarray:
        """Log-odds of rows from their members' logits (n, members); float64, shape (n,)."""
        return self._last.transform(_mix(self._odds(logits), self.shares_))

    def predict_probability(self, logits: np.ndarray) -> np.ndarray:
        """Probability of class 1; float64, shape (n,)."""
        return probability(self.predict_logit(logits))

    def _odds(self, logits: np.ndarray) -> np.ndarray:
        columns = zip(self._members, logits.T, strict=True)
        return np.column_stack([member.transform(column) for member, column in columns])

    def _weigh(self, odds: np.ndarray, labels: np.ndarray) -> np.ndarray:
        members = odds.shape[1]
        if self.weighting == "stacking":
            return stacked_weights(odds, labels, self.shrinkage)
        if self.weighting == "greedy":
            return greedy_weights(odds, labels, self.seed)
        if self.weighting == "best":
            return np.eye(members)[int(_log_losses(odds, labels).argmin())]
        return np.full(members, 1 / members)


def prior_weights(odds: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights that fall exponentially with the log loss; shape (members,), summing to 1."""
    losses = _log_losses(odds, labels)
    weights = np.exp(-_PRIOR_SHARPNESS * (losses - losses.min()))
    return (1 - _PRIOR_FLOOR) * weights / weights.sum() + _PRIOR_FLOOR / len(weights)


def stacked_weights(odds: np.ndarray, labels: np.ndarray, shrinkage: float) -> np.ndarray:
    """Weights of `stacking`, see `Blend`; shape (members,), none below 0, summing to 1."""
    from scipy.optimize import minimize

    rows, members = odds.shape
    prior = np.log(prior_weights(odds, labels))
    common = SigmoidCalibration().fit(_mix(odds, np.exp(prior)), labels)
    slope = max(common.slope / common.scale, 1e-3)

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        # point: logarithm of each weight but for a constant, of the slope, then the intercept
        weights, slope = _softmax(point[:members]), np.exp(point[members])
        mixed = odds @ weights
        margin = slope * mixed + point[-1]
        excess = probability(margin) - labels
        stray = np.log(np.maximum(weights, _LEAST_WEIGHT)) - prior
        value = (np.logaddexp(0, margin) - labels * margin).sum()
        value += shrinkage * (weights * stray).sum()
        by_weight = slope * (excess @ odds) + shrinkage * stray
        by_logarithm = weights * (by_weight - (weights * by_weight).sum())
        gradient = np.r_[by_logarithm, slope * (excess @ mixed), excess.sum()]
        return float(value / rows), gradient / rows

    start = np.r_[prior, np.log(slope), common.intercept - slope * common.center]
    bounds = [(-30.0, 30.0)] * members + [(-7.0, 7.0), (None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return _softmax(found[:members])


def greedy_weights(odds: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """Weights of `greedy`, see `Blend`; shape (members,), summing to 1."""
    members = odds.shape[1]
    generator = np.random.default_rng(seed)
    counts = np.zeros(members)
    for _ in range(_GREEDY_BAGS):
        bag = np.sort(generator.permutation(members)[: max(1, -(-members // 2))])
        total = np.zeros(len(odds))
        for step in range(1, _GREEDY_STEPS + 1):
            losses = _log_losses((total[:, None] + odds[:, bag]) / step, labels)
            chosen = bag[int(losses.argmin())]
            total += odds[:, chosen]
            counts[chosen] += 1
    return counts / counts.sum()


def _mix(odds: np.ndarray, weights: np.ndarray) -> np.ndarray:
    # einsum and not a BLAS product: its order of summation knows nothing of threads.
    return np.einsum("nm,m->n", odds, weights)


def _softmax(logarithms: np.ndarray) -> np.ndarray:
    weights = np.exp(logarithms - logarithms.max())
    return np.asarray(weights / weights.sum())


def _log_losses(odds: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return (np.logaddexp(0, odds) - labels[:, None] * odds).mean(axis=0)

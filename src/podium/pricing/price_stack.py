"""One price from many: weights chosen for SMAPE, one scale factor, prices within bounds."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from podium.common.threads import one_thread
from podium.pricing.best_constant import best_constant

Floats = NDArray[np.float64]


class PriceStack:
    """Non-negative combination of the members' log prices, fitted to SMAPE itself.

    The logarithms of the members, less that of the best constant price, are weighted and added up.
    Weights are none below zero, which is what keeps a stack of similar members steady (Breiman
    1996), and their sum is free: a mean of members that err in different ways lies too near the
    middle and has to be stretched, and members that know little have to be shrunk. The weights
    begin with non-negative least squares and go on with L-BFGS-B on smooth SMAPE, which in
    logarithms is 2 sqrt(tanh(d / 2)^2 + s^2) with d the error. The result is multiplied with the
    one factor of least SMAPE, and cut off at observed prices.

    Attributes:
        weights_: Of the members, shape (members,).
        scale_: The factor.
    """

    def __init__(
        self, smoothing: float = 0.1, clip_quantiles: Sequence[float] = (0.001, 0.999)
    ) -> None:
        """Declare the stack.

        Args:
            smoothing: Width of the rounded kink, see `SmoothSmape`.
            clip_quantiles: Of the training prices; predictions stay between these two.

        Raises:
            ValueError: smoothing or quantiles do not lie between 0 and 1, or do not rise.
        """
        low, high = clip_quantiles
        if not 0 < smoothing < 1 or not 0 <= low < high <= 1:
            raise ValueError(f"between 0 and 1, rising: {smoothing}, {list(clip_quantiles)}")
        self.smoothing = smoothing
        self.clip_quantiles = (float(low), float(high))

    def fit(self, members: ArrayLike, prices: ArrayLike) -> Self:
        """Learn from prices that the members gave to rows they had not seen.

        Args:
            members: Out-of-fold prices, shape (rows, members).
            prices: True prices, shape (rows,).

        Raises:
            ValueError: shapes do not fit, there is no row or member, or a price is not positive
                and finite.
        """
        answers, truth = _checked(members, prices)
        self._centre = float(np.log(best_constant(truth)))
        with one_thread():
            places, target = np.log(answers) - self._centre, np.log(truth) - self._centre
            self.weights_ = _weights(places, target, self.smoothing)
            mixed = _mix(places, self.weights_)
        self.scale_ = best_constant(np.exp(target - mixed))
        self._bounds = np.quantile(truth, self.clip_quantiles)
        return self

    def predict(self, members: ArrayLike) -> Floats:
        """Prices of rows from those of their members (rows, members), shape (rows,).

        Raises:
            ValueError: the number of members differs, or a price is not positive and finite.
        """
        answers = _checked_members(members)
        if answers.shape[1] != len(self.weights_):
            raise ValueError(f"{len(self.weights_)} members in training, {answers.shape[1]} now")
        mixed = _mix(np.log(answers) - self._centre, self.weights_)
        limits = np.log(self._bounds)
        return np.exp(np.clip(mixed + self._centre + np.log(self.scale_), *limits))

    def restricted(self, members: ArrayLike) -> PriceStack:
        """The same stack, fitted, with these members alone: for leaving out those of weight 0."""
        less = copy(self)
        less.weights_ = self.weights_[np.asarray(members)]
        return less


def nested_stack(
    oof: ArrayLike, prices: ArrayLike, folds: ArrayLike, stack: PriceStack | None = None
) -> Floats:
    """Stacked prices of every row, from weights that were fitted without the row's fold.

    Args:
        oof: Out-of-fold prices of the members, shape (rows, members).
        prices: True prices, shape (rows,).
        folds: Fold of each row, shape (rows,), at least two.
        stack: What to fit; the default one where none is given.

    Returns:
        Shape (rows,).

    Raises:
        ValueError: as for `PriceStack.fit`, or there is a single fold.
    """
    answers, truth = _checked(oof, prices)
    numbers = np.asarray(folds)
    if numbers.shape != truth.shape or len(np.unique(numbers)) < 2:  # noqa: PLR2004
        raise ValueError(f"needs at least two folds of {len(truth)} rows, got {numbers.shape}")
    plan = stack or PriceStack()
    stacked = np.empty(len(truth))
    for number in np.unique(numbers):
        held = numbers == number
        fresh = PriceStack(plan.smoothing, plan.clip_quantiles).fit(answers[~held], truth[~held])
        stacked[held] = fresh.predict(answers[held])
    return stacked


def _weights(places: Floats, target: Floats, smoothing: float) -> Floats:
    """Weights none below zero, shape (members,), of least smooth SMAPE near that of squares."""
    from scipy.optimize import minimize, nnls

    members = places.shape[1]
    start, _ = nnls(places, target)

    def cost(point: Floats) -> tuple[float, Floats]:
        # The last number is the logarithm of the scale.
        error = _mix(places, point[:-1]) + point[-1] - target
        share = np.tanh(error / 2)
        rounded = np.sqrt(share**2 + smoothing**2)
        slope = share * (1 - share**2) / rounded
        gradient = np.append(np.einsum("nm,n->m", places, slope), slope.sum())
        return float(2 * rounded.mean()), gradient / len(target)

    found = minimize(
        cost,
        np.append(start, 0.0),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * members + [(None, None)],
    )
    return np.asarray(found.x[:-1])


def _mix(places: Floats, weights: Floats) -> Floats:
    # einsum and not a BLAS product: its order of summation knows nothing of threads.
    return np.einsum("nm,m->n", places, weights)


def _checked(members: ArrayLike, prices: ArrayLike) -> tuple[Floats, Floats]:
    answers, truth = _checked_members(members), np.asarray(prices, dtype=np.float64)
    if truth.shape != (len(answers),) or not len(truth):
        raise ValueError(f"{len(answers)} rows of members, prices of shape {truth.shape}")
    if not (np.isfinite(truth) & (truth > 0)).all():
        raise ValueError("every price must be positive and finite")
    return answers, truth


def _checked_members(members: ArrayLike) -> Floats:
    answers = np.asarray(members, dtype=np.float64)
    if answers.ndim != 2 or not answers.shape[1]:  # noqa: PLR2004
        raise ValueError(f"members must have shape (rows, members), got {answers.shape}")
    if not (np.isfinite(answers) & (answers > 0)).all():
        raise ValueError("every member's price must be positive and finite")
    return answers

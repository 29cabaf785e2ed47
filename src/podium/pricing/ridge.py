"""Ridge regression of scores, its penalty chosen by SMAPE on held-out rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.pricing.metrics import smape

Floats = NDArray[np.float64]


def ridge(penalty: float) -> Any:
    """scikit-learn's ridge by conjugate gradient, which takes sparse and dense matrices."""
    from sklearn.linear_model import Ridge

    return Ridge(penalty, solver="sparse_cg", tol=1e-3, max_iter=300)


def chosen_penalty(
    penalties: Sequence[float], matrix: Any, target: Floats, held: NDArray[np.bool_]
) -> float:
    """The penalty with the least SMAPE on held-out rows; the middle one where there are none.

    Args:
        penalties: To choose from, at least one.
        matrix: (n, columns), sparse or dense.
        target: log1p of the prices, shape (n,).
        held: Rows that are held out, shape (n,).
    """
    if len(penalties) == 1 or not held.any():
        return penalties[len(penalties) // 2]
    limits = float(target.min()), float(target.max())
    losses = []
    for penalty in penalties:
        model = ridge(penalty).fit(matrix[~held], target[~held])
        scores = np.clip(model.predict(matrix[held]), *limits)
        losses.append(smape(np.expm1(target[held]), np.expm1(scores)))
    return penalties[int(np.argmin(losses))]

"""The organiser's metric: mean absolute error."""

from __future__ import annotations

import numpy as np

from podium.common.leaderboard import Metric

SCORE_UNIT = "mean absolute error (lower is better)"
METRIC = Metric(higher_is_better=False)
"""From the mean contributions to the score: the mean itself."""


def contributions(target: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """What each row adds to the score, shape (rows,)."""
    return np.abs(np.asarray(target, np.float64) - np.asarray(predicted, np.float64))

"""The blend of several rankers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np


def blend(
    predictions: Mapping[str, np.ndarray], weights: Mapping[str, float], groups: np.ndarray
) -> np.ndarray:
    """Weighted mean of scores that were standardised within each user.

    Rankers score on scales of their own (a fraction, a log-odds); within a user only order and
    distance matter.

    Args:
        predictions: By member, shape (n,).
        weights: By member; members without predictions are passed over.
        groups: Rows of each user in turn.

    Returns:
        float64, shape (n,).

    Raises:
        ValueError: where no member with a weight has predictions.
    """
    members = blend_members(predictions, weights)
    if not members:
        raise ValueError("no member of the blend was fitted")
    total = sum(weights[name] for name in members)
    return np.sum(
        [weights[name] / total * standardise(predictions[name], groups) for name in members],
        axis=0,
    )


def blend_members(names: Iterable[str], weights: Mapping[str, float]) -> list[str]:
    """Those of the names that have a weight in the blend, in their order."""
    return [name for name in names if weights.get(name, 0.0) > 0]


def standardise(scores: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Zero mean and unit deviation within each group; zeros where a group is constant."""
    starts = (np.cumsum(groups) - groups).astype(np.int64)
    count = groups.astype(np.float64)
    # The mean of equal scores may differ from them by a rounding error.
    constant = np.maximum.reduceat(scores, starts) == np.minimum.reduceat(scores, starts)
    mean = np.add.reduceat(scores, starts) / count
    centred = scores - np.repeat(mean, groups)
    deviation = np.sqrt(np.add.reduceat(centred**2, starts) / count)
    scale = np.repeat(np.where(constant, np.inf, deviation), groups)
    return centred / scale

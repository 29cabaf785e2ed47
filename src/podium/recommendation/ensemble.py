"""Several rankers fitted one after the other within a time budget, and their blend."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from podium.common.measure import Measure
from podium.common.time_budget import OutOfTimeError, TimeBudget
from podium.recommendation.rankers import Ranker

if TYPE_CHECKING:
    from podium.recommendation.ranking_data import RankingData

logger = logging.getLogger(__name__)


@dataclass
class FittedEnsemble:
    """Rankers by name, what each cost, and what was left out for want of time."""

    rankers: dict[str, Ranker] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    peak_memory_mb: dict[str, float] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def fit_within_budget(
    rankers: Mapping[str, Ranker],
    data: RankingData,
    budget: TimeBudget,
    refit_ratio: float,
    reserve_seconds: float,
    *,
    on_fitted: Callable[[str, Ranker, float], None] | None = None,
) -> FittedEnsemble:
    """Fit rankers in their order for as long as time is left.

    Each will be fitted once more on all data, see `TimeBudget.allowance`.

    Args:
        rankers: Unfitted, by name, the most valuable first.
        data: Candidates with targets.
        budget: Of the whole run.
        refit_ratio: How much longer a refit takes than the fit (0 for none).
        reserve_seconds: For evaluation, prediction and writing.
        on_fitted: Called with name, ranker and seconds after each.
    """
    fitted = FittedEnsemble()
    for name, ranker in rankers.items():
        allowed = budget.allowance(sum(fitted.seconds.values()), refit_ratio, reserve_seconds)
        try:
            if allowed <= 0:
                raise OutOfTimeError("not begun")
            with Measure() as measure:
                ranker.fit(data, seconds=allowed)
        except OutOfTimeError as reason:
            fitted.left_out[name] = f"left out: the time budget is used up ({reason})"
            logger.warning("%s %s", name, fitted.left_out[name])
            continue
        fitted.rankers[name] = ranker
        fitted.seconds[name] = measure.seconds
        fitted.peak_memory_mb[name] = measure.peak_memory_mb
        if on_fitted is not None:
            on_fitted(name, ranker, measure.seconds)
    return fitted


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

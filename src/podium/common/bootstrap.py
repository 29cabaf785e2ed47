"""Bootstrap intervals of scores, over the units that were drawn independently.

A unit is what a repetition of the contest would draw anew: a user, a group of pictures, a row.
Every unit contributes a row of numbers, and a score is a function of the mean row. A plain mean
(HearMe, Hit@k, SMAPE) has one column; a mean over rows drawn in groups has two (sum and count);
macro F1 has three counts per class. So one routine serves every metric.

Intervals are percentile intervals (Efron and Tibshirani 1993, chapter 13). For a mean of bounded
scores over some hundred units they agree with BCa to the third decimal, and they cost no jackknife.
Models are compared on the same draws, which makes the interval of a difference a paired one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""Takes mean rows of shape (..., columns) and gives scores of shape (...)."""

RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A score and the bounds between which it lies at the given confidence."""

    value: float
    low: float
    high: float
    units: int
    confidence: float = CONFIDENCE


def resampled_means(
    contributions: ArrayLike,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    memory_mb: float = 64.0,
) -> Floats:
    """Mean rows of `resamples` samples of the units, drawn with replacement.

    The draws depend only on the number of units, `resamples` and `seed`, not on the values nor on
    `memory_mb`: two models scored on the same units are compared on the same draws.

    Args:
        contributions: Finite numbers of shape (units,) or (units, columns), one row per unit.
        resamples: Number of samples.
        seed: Seed of the draws.
        memory_mb: Rough bound of the working memory; the samples are drawn in blocks below it.

    Returns:
        Shape (resamples, columns).

    Raises:
        ValueError: if there is no unit, a number is not finite, or `resamples` is below 1.
    """
    rows = _as_rows(contributions)
    means = np.empty((max(resamples, 0), rows.shape[1]))
    for block, counts in _drawn_counts(len(rows), resamples, seed, memory_mb):
        # einsum and not a BLAS product: its order of summation knows nothing of threads.
        means[block] = np.einsum("su,uc->sc", counts.astype(np.float64), rows)
    return means / len(rows)


def out_of_bag_means(
    contributions: ArrayLike,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    memory_mb: float = 64.0,
) -> Floats:
    """Mean rows of the units that each of the same samples left out, about 37 % of them.

    What was chosen on a sample (`resampled_means` with the same arguments) can be scored on the
    units that the sample does not hold.

    Args:
        contributions: As for `resampled_means`, as the rest.
        resamples: Number of samples.
        seed: Seed of the draws.
        memory_mb: Rough bound of the working memory.

    Returns:
        Shape (resamples, columns); NaN where a sample holds every unit.
    """
    rows = _as_rows(contributions)
    means = np.empty((max(resamples, 0), rows.shape[1]))
    for block, counts in _drawn_counts(len(rows), resamples, seed, memory_mb):
        left = (counts == 0).astype(np.float64)
        size = left.sum(axis=1, keepdims=True)
        sums = np.einsum("su,uc->sc", left, rows)
        means[block] = np.divide(sums, size, out=np.full_like(sums, np.nan), where=size > 0)
    return means


def bootstrap(
    contributions: ArrayLike,
    statistic: Statistic,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Interval of any score that is a function of the mean contributions.

    Args:
        contributions: Shape (units,) or (units, columns), one row per unit.
        statistic: From mean rows (..., columns) to scores (...); must not care about a common
            factor of the columns if the score is a ratio of sums.
        resamples: Number of samples.
        seed: Seed of the draws.
        confidence: Share of the samples between the bounds, between 0 and 1.
    """
    rows = _as_rows(contributions)
    draws = statistic(resampled_means(rows, resamples=resamples, seed=seed))
    value = float(statistic(rows.mean(axis=0, keepdims=True))[0])
    return percentile_interval(draws, value, units=len(rows), confidence=confidence)


def bootstrap_mean(
    values: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Interval of a mean over units.

    Args:
        values: Shape (rows,), the score of each row.
        groups: Shape (rows,), optional: rows of one group depend on each other (rows of one user,
            views of one object), so that groups are drawn whole. The mean stays a mean over rows.
        resamples: Number of samples.
        seed: Seed of the draws.
        confidence: Share of the samples between the bounds, between 0 and 1.

    Raises:
        ValueError: if there is no value, one is not finite, or `groups` has another length.
    """
    scores = np.asarray(values, dtype=np.float64).ravel()
    if groups is None:
        rows, statistic = scores[:, None], first_column
    else:
        rows, statistic = sums_and_counts(scores, groups), ratio_of_sums
    return bootstrap(rows, statistic, resamples=resamples, seed=seed, confidence=confidence)


def percentile_interval(
    draws: ArrayLike, value: float, *, units: int, confidence: float = CONFIDENCE
) -> Interval:
    """Interval between the two outer percentiles of the scores of the samples.

    Raises:
        ValueError: if `confidence` is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.asarray(draws, dtype=np.float64), [tail, 1 - tail])
    return Interval(value, float(low), float(high), units, confidence)


def first_column(means: Floats) -> Floats:
    """The statistic of a plain mean."""
    return means[..., 0]


def ratio_of_sums(means: Floats) -> Floats:
    """The statistic of a mean over rows that are drawn in groups: sums divided by counts."""
    return means[..., 0] / means[..., 1]


def sums_and_counts(values: ArrayLike, groups: ArrayLike) -> Floats:
    """Contributions of groups of rows: shape (groups, 2), the sum and the count of each.

    Raises:
        ValueError: if the two differ in length.
    """
    scores = np.asarray(values, dtype=np.float64).ravel()
    labels = np.asarray(groups).ravel()
    if len(scores) != len(labels):
        raise ValueError(f"{len(scores)} values but {len(labels)} group labels")
    if not np.isfinite(scores).all():
        raise ValueError("every value must be finite")
    _, codes = np.unique(labels, return_inverse=True)
    return np.column_stack([np.bincount(codes, weights=scores), np.bincount(codes)])


def _drawn_counts(
    units: int, resamples: int, seed: int, memory_mb: float
) -> Iterator[tuple[slice, NDArray[np.int64]]]:
    """Blocks of samples: how often each holds every unit, shape (samples of the block, units)."""
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples}")
    generator = np.random.default_rng(seed)
    block = max(1, int(memory_mb * 2**20 / (units * 24)))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = generator.integers(0, units, size=(size, units))
        drawn += np.arange(size)[:, None] * units
        counts = np.bincount(drawn.ravel(), minlength=size * units).reshape(size, units)
        yield slice(start, start + size), counts


def _as_rows(contributions: ArrayLike) -> Floats:
    """Contributions as a finite array of shape (units, columns)."""
    rows = np.asarray(contributions, dtype=np.float64)
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2 or 0 in rows.shape:  # noqa: PLR2004
        raise ValueError(f"a bootstrap needs rows of numbers, got shape {rows.shape}")
    if not np.isfinite(rows).all():
        raise ValueError("every contribution must be finite")
    return rows

"""Prices out of fold: what each model says of rows that neither it nor its features have seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from podium.common.measure import Measure
from podium.common.time_budget import OutOfTimeError, TimeBudget
from podium.pricing.feature_set import FeatureSet
from podium.pricing.price_models import PriceModel

Floats = NDArray[np.float64]
Make = Callable[[], PriceModel]


@dataclass(frozen=True)
class FoldFeatures:
    """Features of one split, all of them fitted on the rows that are not held out.

    Attributes:
        fitted: Of the rows that models learn from.
        held_out: Of the others.
        fitted_rows: Places of the first among all training rows.
        held_out_rows: Places of the others.
        seconds: What it took to make them.
    """

    fitted: FeatureSet
    held_out: FeatureSet
    fitted_rows: NDArray[np.int64]
    held_out_rows: NDArray[np.int64]
    seconds: float = 0.0


Splits = Mapping[str, Callable[[], FoldFeatures]]
"""What reads each split, by name: only one of them is in memory at a time."""


@dataclass(frozen=True)
class OutOfFold:
    """What one model says of the rows held out.

    Attributes:
        prices: Shape (n,); NaN where a row was not held out.
        fit_seconds: Of all fits together.
        predict_seconds: Likewise.
        peak_memory_mb: Largest resident memory meanwhile.
    """

    prices: Floats
    fit_seconds: float
    predict_seconds: float
    peak_memory_mb: float


@dataclass
class CrossFitted:
    """Out-of-fold prices by model, and what was left out for want of time."""

    models: dict[str, OutOfFold] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def out_of_fold(
    make: Make, splits: Splits, prices: Floats, groups: NDArray[np.int64], seconds: float
) -> OutOfFold:
    """Fit a model on each split, and let it price the rows held out.

    Args:
        make: Makes the model, not fitted.
        splits: At least one.
        prices: Of all n training rows.
        groups: Duplicates among them, shape (n,).
        seconds: How long it may take.

    Raises:
        OutOfTimeError: as soon as the fits so far show that the time will not do.
    """
    answers = np.full(len(prices), np.nan)
    began, fit_seconds, predict_seconds, peak = time.monotonic(), 0.0, 0.0, 0.0
    for number, read in enumerate(splits.values(), 1):
        split = read()
        rows = split.fitted_rows
        with Measure() as fitting:
            model = make().fit(split.fitted, prices[rows], groups[rows])
        with Measure() as predicting:
            answers[split.held_out_rows] = model.predict(split.held_out)
        fit_seconds += fitting.seconds
        predict_seconds += predicting.seconds
        peak = max(peak, fitting.peak_memory_mb, predicting.peak_memory_mb)
        spent = time.monotonic() - began
        if number < len(splits) and spent * len(splits) / number > seconds:
            raise OutOfTimeError(f"stopped at fit {number} of {len(splits)}")
    return OutOfFold(answers, fit_seconds, predict_seconds, peak)


def cross_fit_within_budget(
    makes: Mapping[str, Make],
    splits: Splits,
    prices: Floats,
    groups: NDArray[np.int64],
    budget: TimeBudget,
    reserve_seconds: float,
    *,
    refit_ratio: float = 0.0,
    on_fitted: Callable[[str, OutOfFold], None] | None = None,
) -> CrossFitted:
    """Out-of-fold prices of several models, in their order, for as long as time is left.

    Args:
        makes: By name, the most valuable first.
        splits: See `out_of_fold`, as prices and groups.
        prices: Of all training rows.
        groups: Duplicates among them.
        budget: Of the whole run.
        reserve_seconds: Kept for what comes after.
        refit_ratio: How much longer the refit of a model takes than its cross-fitting.
        on_fitted: Called with name and prices after each.
    """
    done, spent = CrossFitted(), 0.0
    for name, make in makes.items():
        allowed = budget.allowance(spent, refit_ratio, reserve_seconds)
        began = time.monotonic()
        try:
            if allowed <= 0:
                raise OutOfTimeError("not begun")
            done.models[name] = out_of_fold(make, splits, prices, groups, allowed)
        except OutOfTimeError as reason:
            done.left_out[name] = f"left out: the time budget is used up ({reason})"
            continue
        spent += time.monotonic() - began
        if on_fitted is not None:
            on_fitted(name, done.models[name])
    return done

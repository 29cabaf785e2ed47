"""Prices out of fold: what each model says of rows that neither it nor its features have seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.common.measure import Measure
from podium.common.time_budget import OutOfTimeError
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

"""Predictions out of fold, nested: what a model says of rows that no choice was made on.

For every outer fold the choices (calibration, blend, threshold) need predictions for the other
rows, by models that saw neither those rows nor the outer fold. The inner folds of an outer fold are
the other outer folds. A model fitted without folds a and b then serves twice: for b inside outer
fold a, and for a inside outer fold b. So k folds need k + k(k-1)/2 fits instead of k * k.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from podium.common.measure import Measure
from podium.common.threads import one_thread
from podium.common.time_budget import OutOfTimeError
from podium.fusion.classifiers import PairClassifier
from podium.fusion.pairs import EmbeddingPairs

FEWEST_NESTED_FOLDS = 3
_IDLE_SECONDS = 60
Make = Callable[[], PairClassifier]


@dataclass(frozen=True)
class NestedLogits:
    """What one model says of every training row, out of fold.

    Attributes:
        folds: Outer fold of each row, shape (repeats, n).
        outer: Logits by models fitted on all other folds, float64, shape (repeats, n).
        inner: inner[r, a, i] by a model that saw neither fold a nor the fold of row i; NaN on the
            rows of fold a; shape (repeats, folds, n).
        fit_seconds: Of all fits together, as if one after the other.
        predict_seconds: Likewise.
        peak_memory_mb: Largest resident memory of a process that fitted.
    """

    folds: np.ndarray
    outer: np.ndarray
    inner: np.ndarray
    fit_seconds: float
    predict_seconds: float
    peak_memory_mb: float

    @property
    def is_nested(self) -> bool:
        """Whether there are inner logits."""
        return not np.isnan(self.inner).all()


@dataclass(frozen=True)
class _Job:
    repeat: int
    left_out: tuple[int, ...]


@dataclass(frozen=True)
class _Answer:
    logits: np.ndarray
    fit_seconds: float
    predict_seconds: float
    peak_memory_mb: float


def nested_predictions(
    make: Make,
    pairs: EmbeddingPairs,
    labels: np.ndarray,
    folds: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    workers: int = 1,
    seconds: float = float("inf"),
    nested: bool = True,
) -> NestedLogits:
    """Fit a model without each fold, and without each pair of folds.

    Args:
        make: Makes the model, not fitted; must be picklable where there are several workers.
        pairs: n rows.
        labels: 0 or 1, shape (n,).
        folds: Number of the fold of each row from 0, shape (repeats, n); at least three folds.
        groups: Rows that belong together, for the model's own inner folds; shape (n,).
        workers: Processes; each fits on one thread, so that their number changes no byte.
        seconds: How long it may take.
        nested: False for `outer` alone, a third of the fits: enough to make a rule for new rows,
            not to score one.

    Raises:
        OutOfTimeError: as soon as the fits done so far show that the time will not do.
        ValueError: for fewer than three folds.
    """
    count = int(folds.max()) + 1
    if count < FEWEST_NESTED_FOLDS:
        raise ValueError(f"nested predictions need at least 3 folds, got {count}")
    # Single folds first: the longest fits, for an even load and an early estimate.
    lefts: list[tuple[int, ...]] = [(a,) for a in range(count)]
    if nested:
        lefts += combinations(range(count), 2)
    jobs = [_Job(repeat, left) for left in lefts for repeat in range(len(folds))]
    outer = np.empty(folds.shape)
    inner = np.full((len(folds), count, folds.shape[1]), np.nan)
    fit_seconds = predict_seconds = peak = 0.0
    answers = _answers(make, pairs, labels, folds, groups, jobs, workers, seconds)
    for job, answer in zip(jobs, answers, strict=True):
        number = folds[job.repeat]
        rows = np.isin(number, job.left_out)
        if len(job.left_out) == 1:
            outer[job.repeat, rows] = answer.logits
        else:
            a, b = job.left_out
            inner[job.repeat, a, number == b] = answer.logits[number[rows] == b]
            inner[job.repeat, b, number == a] = answer.logits[number[rows] == a]
        fit_seconds += answer.fit_seconds
        predict_seconds += answer.predict_seconds
        peak = max(peak, answer.peak_memory_mb)
    return NestedLogits(folds, outer, inner, fit_seconds, predict_seconds, peak)


def fits_in_whole_sets(folds: int, *, nested: bool) -> float:
    """Work of cross-fitting with so many folds, in fits on all rows at time linear in the rows."""
    single = folds * (folds - 1) / folds
    pairs = folds * (folds - 1) / 2 * (folds - 2) / folds
    return single + pairs if nested else single


def fit_all(
    models: Mapping[str, Make],
    pairs: EmbeddingPairs,
    labels: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    workers: int = 1,
) -> dict[str, PairClassifier]:
    """Every model fitted on all rows, for the submission."""
    calls = [(_fit_one, (make, pairs, labels, groups)) for make in models.values()]
    return dict(zip(models, _in_parallel(calls, workers), strict=True))


def _answers(
    make: Make,
    pairs: EmbeddingPairs,
    labels: np.ndarray,
    folds: np.ndarray,
    groups: np.ndarray | None,
    jobs: list[_Job],
    workers: int,
    seconds: float,
) -> Iterator[_Answer]:
    """Answers in the order of the jobs, for as long as they promise to be in time."""
    began, worked = time.monotonic(), 0.0
    calls = [
        (_answer, (make, pairs, labels, groups, np.isin(folds[job.repeat], job.left_out)))
        for job in jobs
    ]
    results = _in_parallel(calls, workers)
    try:
        for number, answer in enumerate(results, 1):
            worked += answer.fit_seconds + answer.predict_seconds
            left = len(jobs) - number
            # By the fits' own time: what the processes took to start is not paid again.
            expected = left * worked / number / max(1, min(workers, left))
            if left and time.monotonic() - began + expected > seconds:
                raise OutOfTimeError(f"stopped at fit {number} of {len(jobs)}")
            yield answer
    finally:
        results.close()


def _answer(
    make: Make,
    pairs: EmbeddingPairs,
    labels: np.ndarray,
    groups: np.ndarray | None,
    held_out: np.ndarray,
) -> _Answer:
    rows = ~held_out
    kept = None if groups is None else groups[rows]
    with Measure() as fitting:
        model = _fit_one(make, pairs.take(rows), labels[rows], kept)
    with Measure() as predicting:
        logits = model.predict_logit(pairs.take(held_out))
    peak = max(fitting.peak_memory_mb, predicting.peak_memory_mb)
    return _Answer(logits, fitting.seconds, predicting.seconds, peak)


def _fit_one(
    make: Make, pairs: EmbeddingPairs, labels: np.ndarray, groups: np.ndarray | None
) -> PairClassifier:
    with one_thread():
        return make().fit(pairs, labels, groups=groups)


def _load_libraries() -> None:
    """Import what the fits need before the first of them.

    The pool watches the memory of its processes, and ends one that grows: with torch, say.
    """
    import lightgbm  # noqa: F401
    import sklearn.ensemble
    import sklearn.linear_model
    import sklearn.svm  # noqa: F401
    import torch  # noqa: F401
    import xgboost  # noqa: F401


def _in_parallel(calls: list[tuple[Callable[..., Any], tuple[Any, ...]]], workers: int) -> Any:
    """Results in the order of the calls, as a generator that can be closed."""
    if workers == 1 or len(calls) == 1:
        return (function(*arguments) for function, arguments in calls)
    from joblib import Parallel, delayed

    # Processes and not threads: half of a fit is Python, and torch's threads are set for all.
    pool = Parallel(
        n_jobs=workers,
        return_as="generator",
        pre_dispatch="2*n_jobs",
        # Long enough for the work between two rounds of fits; after a kill they soon end too.
        idle_worker_timeout=_IDLE_SECONDS,
        initializer=_load_libraries,
    )
    return pool(delayed(function)(*arguments) for function, arguments in calls)

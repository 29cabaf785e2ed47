"""Whether two sets of rows come from the same source: can a classifier tell them apart?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from podium.common.bootstrap import Interval, percentile_interval
from podium.common.folds import feasible_folds, group_codes, repeated_group_folds
from podium.fusion.classifiers import PairClassifier
from podium.fusion.logistic import LogisticRegressionClassifier
from podium.fusion.pairs import EmbeddingPairs, concatenate

_COMPONENTS = 64


def adversarial_auc(
    first: EmbeddingPairs,
    second: EmbeddingPairs,
    *,
    groups: np.ndarray | None = None,
    make: Callable[[], PairClassifier] | None = None,
    folds: int = 5,
    resamples: int = 500,
    seed: int = 0,
) -> Interval:
    """Cross-validated area under the ROC curve of telling the second set from the first.

    0.5 means alike; near 1, a score measured on one set says little of the other ("adversarial
    validation"). The interval is a bootstrap over whole groups, the folds' models held fixed.

    Args:
        first: Rows of class 0.
        second: Rows of class 1.
        groups: Of the first set's rows, then the second's; rows of a group share their fold. Copies
            of a row in both sets should share a group.
        make: The classifier; logistic regression on 64 principal components of both sides by
            default.
        folds: Fewer where a set has fewer groups.
        resamples: Of the bootstrap.
        seed: Of folds and bootstrap.

    Raises:
        ValueError: where a set has fewer than two groups.
    """
    pairs = concatenate([first, second])
    labels = np.repeat([0, 1], [len(first), len(second)])
    count = feasible_folds(labels, groups, folds)
    numbers = repeated_group_folds(labels, groups, count, 1, seed)[0]
    ranks = np.empty(len(labels))
    for fold in range(count):
        held = numbers == fold
        kept = None if groups is None else groups[~held]
        model = make() if make else _usual(seed)
        model.fit(pairs.take(~held), labels[~held], groups=kept)
        logits = model.predict_logit(pairs.take(held))
        # Models of different folds score on scales of their own; ranks are common to all.
        ranks[held] = _ranks(logits)
    codes = group_codes(labels, groups)
    value = weighted_auc(ranks, labels, np.ones(len(labels)))
    draws = _resampled(ranks, labels, codes, resamples, seed)
    return percentile_interval(draws, value, units=int(codes.max()) + 1)


def weighted_auc(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    """Area under the ROC curve of weighted rows, ties counting half."""
    order = np.argsort(scores, kind="stable")
    _, starts = np.unique(scores[order], return_index=True)
    ones = np.add.reduceat((weights * labels)[order], starts)
    zeros = np.add.reduceat((weights * (1 - labels))[order], starts)
    below = np.cumsum(zeros) - zeros / 2
    return float((ones * below).sum() / (ones.sum() * zeros.sum()))


def _usual(seed: int) -> PairClassifier:
    return LogisticRegressionClassifier(inverse_penalty=1.0, components=_COMPONENTS, seed=seed)


def _ranks(values: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    return (rankdata(values) - 0.5) / len(values)


def _resampled(
    scores: np.ndarray, labels: np.ndarray, groups: np.ndarray, resamples: int, seed: int
) -> np.ndarray:
    generator = np.random.default_rng(seed)
    count = int(groups.max()) + 1
    draws = np.empty(resamples)
    for number in range(resamples):
        mass = np.bincount(generator.integers(0, count, count), minlength=count)[groups]
        known = (mass * labels).any() and (mass * (1 - labels)).any()
        draws[number] = weighted_auc(scores, labels, mass.astype(float)) if known else 0.5
    return draws

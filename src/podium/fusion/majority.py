"""The answer that needs no model: the class most rows have."""

from __future__ import annotations

import numpy as np

from podium.fusion.decisions import NestedDecisions


def majority_decisions(labels: np.ndarray, folds: np.ndarray) -> NestedDecisions:
    """Every row gets the majority class of the other folds.

    Args:
        labels: 0 or 1, shape (n,).
        folds: Fold of each row, shape (repeats, n).
    """
    probability = np.empty(folds.shape)
    for repeat, numbers in enumerate(folds):
        for fold in np.unique(numbers):
            probability[repeat, numbers == fold] = labels[numbers != fold].mean()
    repeats, count = len(folds), int(folds.max()) + 1
    return NestedDecisions(
        probability,
        (probability >= 0.5).astype(np.int64),  # noqa: PLR2004 - the majority
        np.full((repeats, count), 0.5),
        np.zeros((repeats, count, 0)),
    )


def majority_class(labels: np.ndarray) -> int:
    """The class that most labels have; 1 where both are as many."""
    return int(np.mean(labels) >= 0.5)  # noqa: PLR2004

"""Macro F1 of two classes, from counts that add up over rows.

Each row contributes one to exactly one of the four cells of the confusion matrix, so the score is
a function of the mean row and `podium.common.bootstrap` and `leaderboard` can work with it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

CELLS = ("true_positive", "false_positive", "false_negative", "true_negative")
"""Columns of `confusion_contributions`."""


def confusion_contributions(truth: ArrayLike, predicted: ArrayLike) -> Floats:
    """One row per prediction with a single 1 in the column of its cell, shape (n, 4).

    Args:
        truth: Labels 0 or 1, shape (n,).
        predicted: Predictions 0 or 1, shape (n,).

    Raises:
        ValueError: the lengths differ, or a value is neither 0 nor 1.
    """
    labels, answers = np.asarray(truth).ravel(), np.asarray(predicted).ravel()
    if len(labels) != len(answers):
        raise ValueError(f"{len(labels)} labels, {len(answers)} predictions")
    if not (np.isin(labels, (0, 1)).all() and np.isin(answers, (0, 1)).all()):
        raise ValueError("labels and predictions must be 0 or 1")
    yes, said = labels == 1, answers == 1
    return np.column_stack([yes & said, ~yes & said, yes & ~said, ~yes & ~said]).astype(np.float64)


def macro_f1_of_counts(counts: Floats) -> Floats:
    """Unweighted mean of the F1 of both classes.

    A class without any row and without any prediction has F1 0, as
    ``sklearn.metrics.f1_score(labels=[0, 1], average="macro", zero_division=0)``.

    Args:
        counts: Shape (..., 4): counts, sums or means of the columns `CELLS`; a common factor does
            not matter. Or shape (..., 3) without the true negatives: then the shares of all rows.

    Returns:
        Shape (...).
    """
    positive, false_positive, false_negative = counts[..., 0], counts[..., 1], counts[..., 2]
    if counts.shape[-1] == len(CELLS):
        negative = counts[..., 3]
    else:
        negative = 1 - positive - false_positive - false_negative
    wrong = false_positive + false_negative
    return (_f1(positive, wrong) + _f1(negative, wrong)) / 2


def class_f1_of_counts(counts: Floats) -> Floats:
    """F1 of class 0 and of class 1 from counts of shape (..., 4); shape (..., 2)."""
    wrong = counts[..., 1] + counts[..., 2]
    return np.stack([_f1(counts[..., 3], wrong), _f1(counts[..., 0], wrong)], axis=-1)


def macro_f1(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Macro F1 of predictions 0 or 1; see `macro_f1_of_counts`."""
    return float(macro_f1_of_counts(confusion_contributions(truth, predicted).sum(axis=0)))


def repeated_macro_f1(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Macro F1 of the counts of several repeats together.

    Args:
        truth: Labels 0 or 1, shape (n,).
        predicted: Predictions of each repeat, shape (repeats, n).
    """
    answers = np.asarray(predicted)
    return macro_f1(np.tile(np.asarray(truth), len(answers)), answers)


def _f1(right: Floats, wrong: Floats) -> Floats:
    total = 2 * right + wrong
    return np.divide(2 * right, total, out=np.zeros_like(total), where=total > 0)

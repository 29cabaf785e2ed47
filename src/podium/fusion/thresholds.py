"""The threshold for macro F1, found on probabilities of rows that no model was fitted on."""

from __future__ import annotations

import numpy as np

from podium.fusion.metrics import macro_f1_of_counts

# Macro F1 that a choice among thresholds may cost; below the noise of any set of this size.
TOLERANCE = 0.002
_NO_CHOICE = 0.5


def macro_f1_curve(probabilities: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Macro F1 at every threshold that tells rows apart, in O(n log n).

    Args:
        probabilities: Shape (n,).
        target: Labels, or shares of class 1 between 0 and 1 (then the F1 of expected counts).

    Returns:
        Thresholds, falling, each midway between two neighbouring probabilities; a row is of class 1
        at or above it. And macro F1 at each. Both are empty where all probabilities are equal.
    """
    order = np.argsort(-probabilities, kind="stable")
    sorted_probabilities = probabilities[order]
    ones = np.cumsum(target[order].astype(np.float64))
    last = np.flatnonzero(sorted_probabilities[:-1] > sorted_probabilities[1:])
    thresholds = (sorted_probabilities[last] + sorted_probabilities[last + 1]) / 2
    # Midway may round down to the lower of two neighbours.
    thresholds = np.where(
        thresholds > sorted_probabilities[last + 1], thresholds, sorted_probabilities[last]
    )
    found, called, total = ones[last], last + 1.0, ones.max(initial=0)
    false = called - found
    missed = total - found
    counts = np.column_stack([found, false, missed, len(ones) - found - false - missed])
    return thresholds, macro_f1_of_counts(counts)


def best_threshold(
    probabilities: np.ndarray, target: np.ndarray, tolerance: float = TOLERANCE
) -> float:
    """Centre of the plateau of macro F1 around its highest point.

    The plateau is the unbroken run of thresholds whose score is within `tolerance` of the highest.
    Its centre moves less from sample to sample than the peak. 0.5 where all rows look alike.
    """
    thresholds, scores = macro_f1_curve(probabilities, target)
    if not len(scores):
        return _NO_CHOICE
    peak = int(scores.argmax())
    below = np.flatnonzero(scores < scores[peak] - tolerance)
    # Equivalent with <=: the peak is not below itself.
    first = below[below < peak].max(initial=-1) + 1
    # Equivalent with >=: likewise.
    last = below[below > peak].min(initial=len(scores)) - 1
    return float((thresholds[first] + thresholds[last]) / 2)


def averaged_threshold(
    probabilities: np.ndarray,
    labels: np.ndarray,
    folds: np.ndarray,
    smoothing: float = 0.5,
    tolerance: float = TOLERANCE,
) -> float:
    """Mean of the best thresholds without each fold in turn.

    Args:
        probabilities: Calibrated, out of fold, shape (n,).
        labels: 0 or 1, shape (n,).
        folds: Number of the fold of each row, shape (n,).
        smoothing: From 0 (the labels as they are) to 1 (each row counts for class 1 by its
            probability, so that F1 is that expected of a calibrated model; Lipton et al. 2014).
            In between, the two are mixed.
        tolerance: See `best_threshold`.
    """
    target = (1 - smoothing) * labels + smoothing * probabilities
    kept = [folds != fold for fold in np.unique(folds)]
    if len(kept) == 1:
        kept = [np.ones(len(labels), bool)]
    found = [best_threshold(probabilities[rows], target[rows], tolerance) for rows in kept]
    return float(np.mean(found))

"""Folds for cross-validation: classes in equal shares, groups whole, drawn again and again."""

from __future__ import annotations

import numpy as np

FEWEST_FOLDS = 2


def repeated_group_folds(
    labels: np.ndarray, groups: np.ndarray | None, folds: int, repeats: int, seed: int
) -> np.ndarray:
    """Number the folds of repeated stratified cross-validation, groups kept whole.

    They are those of scikit-learn's StratifiedGroupKFold.

    Args:
        labels: Class of each row, shape (n,).
        groups: Group of each row, shape (n,); rows of a group share their fold. None where every
            row stands alone.
        folds: Folds per repeat, at least 2.
        repeats: How often the rows are divided anew.
        seed: Of the draws.

    Returns:
        int64, shape (repeats, n): the fold in which a row is held out, from 0.

    Raises:
        ValueError: where a class has fewer groups than folds, so that a fold would lack it.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    labels = np.asarray(labels)
    codes = group_codes(labels, groups)
    if folds < FEWEST_FOLDS or repeats < 1:
        raise ValueError(f"at least 2 folds and 1 repeat are needed, got {folds} and {repeats}")
    fewest = fewest_groups(labels, codes)
    if fewest < folds:
        raise ValueError(f"{folds} folds, but a class has only {fewest} groups of rows")
    # Without a group of two rows both give stratified folds, and this one is faster by far.
    alone = codes.max() + 1 == len(codes)
    kind = StratifiedKFold if alone else StratifiedGroupKFold
    numbers = np.empty((repeats, len(labels)), np.int64)
    for repeat in range(repeats):
        state = int(np.random.default_rng([seed, repeat]).integers(2**31))
        splitter = kind(n_splits=folds, shuffle=True, random_state=state)
        for number, (_, held_out) in enumerate(
            splitter.split(codes, labels, None if alone else codes)
        ):
            numbers[repeat, held_out] = number
    return numbers


def feasible_folds(labels: np.ndarray, groups: np.ndarray | None, wanted: int) -> int:
    """The wanted number of folds, or the fewest groups of any class where that is smaller."""
    return min(wanted, fewest_groups(np.asarray(labels), group_codes(labels, groups)))


def fewest_groups(labels: np.ndarray, groups: np.ndarray) -> int:
    """Number of groups of the class that has the fewest."""
    return min(len(np.unique(groups[labels == label])) for label in np.unique(labels))


def group_codes(labels: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Groups numbered from 0, shape (n,).

    Raises:
        ValueError: where there is no row, or groups and labels differ in length.
    """
    if len(labels) == 0:
        raise ValueError("there are no rows to divide")
    if groups is None:
        return np.arange(len(labels))
    if len(groups) != len(labels):
        raise ValueError(f"{len(labels)} labels, {len(groups)} groups")
    return np.unique(groups, return_inverse=True)[1].ravel()

"""Rows held out inside the training rows, their groups whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def inner_folds(groups: NDArray[np.int64], folds: int, seed: int) -> NDArray[np.int64]:
    """Deal groups into folds of about as many groups each (scikit-learn's GroupKFold).

    Args:
        groups: Group of each row, shape (n,).
        folds: How many; fewer where there are fewer groups.
        seed: Of the deal.

    Returns:
        The fold of each row, from 0, shape (n,); all -1 where there is a single group, so that no
        row can be held out.

    Raises:
        ValueError: fewer than two folds are wanted.
    """
    from sklearn.model_selection import GroupKFold

    if folds < 2:  # noqa: PLR2004
        raise ValueError(f"at least 2 folds are needed, got {folds}")
    numbers = np.full(len(groups), -1, dtype=np.int64)
    count = min(folds, len(np.unique(groups)))
    if count < 2:  # noqa: PLR2004
        return numbers
    state = int(np.random.default_rng([seed, 17]).integers(2**31))
    splitter = GroupKFold(count, shuffle=True, random_state=state)
    for number, (_, held_out) in enumerate(splitter.split(numbers, groups=groups)):
        numbers[held_out] = number
    return numbers

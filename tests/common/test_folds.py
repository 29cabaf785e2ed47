"""Folds: groups whole, classes in equal shares, the same for the same seed."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from podium.common.folds import feasible_folds, repeated_group_folds

LABELS = np.tile([0, 0, 1], 40)
GROUPS = np.arange(120) // 2


@pytest.mark.parametrize("groups", [None, GROUPS], ids=["alone", "grouped"])
def test_every_row_once_a_repeat_and_classes_in_equal_shares(groups):
    folds = repeated_group_folds(LABELS, groups, 4, 3, seed=5)
    assert folds.shape == (3, 120)
    for numbers in folds:
        assert set(numbers) == {0, 1, 2, 3}
        for number in range(4):
            assert LABELS[numbers == number].mean() == pytest.approx(1 / 3, abs=0.06)
            assert 24 <= (numbers == number).sum() <= 36
    assert not np.array_equal(folds[0], folds[1])


def test_groups_stay_whole():
    folds = repeated_group_folds(LABELS, GROUPS, 4, 3, seed=5)
    assert (folds[:, ::2] == folds[:, 1::2]).all()
    assert (repeated_group_folds(LABELS, None, 4, 3, seed=5)[:, ::2] != folds[:, 1::2]).any()


def test_seed_decides():
    first, again, other = (repeated_group_folds(LABELS, GROUPS, 3, 2, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_names_of_groups_do_not_matter():
    names = np.array([f"g{number:03}" for number in GROUPS])
    assert np.array_equal(
        repeated_group_folds(LABELS, names, 3, 1, 0), repeated_group_folds(LABELS, GROUPS, 3, 1, 0)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.array([0, 0, 0, 1, 1]), None, 3, 1, 0), "only 2 groups"),
        ((np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 3, 3, 3]), 2, 1, 0), "only 1 groups"),
        ((LABELS, GROUPS[:5], 2, 1, 0), "120 labels, 5 groups"),
        ((LABELS, None, 1, 1, 0), "at least 2 folds"),
        ((LABELS, None, 2, 0, 0), "1 repeat"),
        ((np.array([]), None, 2, 1, 0), "no rows"),
    ],
)
def test_what_cannot_be_divided_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        repeated_group_folds(*arguments)


def test_as_many_groups_as_folds_are_enough():
    folds = repeated_group_folds(np.array([0, 0, 0, 1, 1]), None, 2, 1, 0)
    assert sorted(folds[0, 3:]) == [0, 1]


def test_rows_that_stand_alone_are_divided_as_stratified_folds():
    state = int(np.random.default_rng([5, 0]).integers(2**31))
    splitter = StratifiedKFold(4, shuffle=True, random_state=state)
    held_out = [part.tolist() for _, part in splitter.split(LABELS, LABELS)]
    (folds,) = repeated_group_folds(LABELS, None, 4, 1, seed=5)
    assert [np.flatnonzero(folds == number).tolist() for number in range(4)] == held_out


def test_feasible_folds():
    assert feasible_folds(LABELS, GROUPS, 5) == 5
    assert feasible_folds(np.repeat([0, 1, 2], [4, 3, 2]), None, 9) == 2
    assert feasible_folds(np.array([0, 0, 0, 1, 1]), None, 5) == 2

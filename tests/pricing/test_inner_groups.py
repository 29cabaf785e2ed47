"""Inner folds keep groups whole."""

import numpy as np
import pytest

from podium.pricing.inner_groups import inner_folds

GROUPS = np.random.default_rng(0).integers(0, 60, 300)


def test_groups_stay_whole_and_folds_are_alike():
    folds = inner_folds(GROUPS, 5, 3)
    assert set(folds) == set(range(5))
    assert all(len(set(folds[GROUPS == group])) == 1 for group in set(GROUPS))
    assert np.bincount(folds).min() > 30


def test_seed_decides():
    np.testing.assert_array_equal(inner_folds(GROUPS, 5, 3), inner_folds(GROUPS, 5, 3))
    assert (inner_folds(GROUPS, 5, 3) != inner_folds(GROUPS, 5, 4)).any()


def test_few_groups():
    assert set(inner_folds(np.array([0, 0, 7]), 5, 0)) == {0, 1}
    assert (inner_folds(np.zeros(4, int), 5, 0) == -1).all()
    with pytest.raises(ValueError, match="at least 2"):
        inner_folds(GROUPS, 1, 0)

"""The score of a test that holds copies of training rows."""

import numpy as np
import pytest

from podium.common.bootstrap import bootstrap
from podium.pricing.expected_score import ExpectedScore, ScoredRows


def rows() -> ScoredRows:
    """Two pairs of copies and two single rows; of one pair it is known what seeing a copy does."""
    return ScoredRows(
        errors=np.array([40.0, 60.0, 30.0, 30.0, 10.0, 70.0]),
        groups=np.array([7, 8, 3, 3, 9, 9]),
        copied=np.array([False, False, True, True, True, True]),
        changes=np.array([np.nan, -99.0, -20.0, np.nan, -6.0, np.nan]),
    )


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.0, 40.0),  # of all six
        (1.0, 35.0 - 13.0),  # of the four copies, and the mean of the two known changes
        (0.25, 0.75 * 40 + 0.25 * 22),
    ],
)
def test_mixes_rows_with_and_without_a_copy(share: float, expected: float) -> None:
    sums = rows().sums()
    assert sums.shape == (4, 6)
    assert ExpectedScore(share)(sums.mean(axis=0)) == pytest.approx(expected)
    found = bootstrap(sums, ExpectedScore(share), resamples=500, seed=1)
    assert found.value == pytest.approx(expected)
    assert found.low < found.value < found.high


def test_samples_without_copies_count_without_them() -> None:
    means = np.array([[100.0, 2.0, 0.0, 0.0, 0.0, 0.0], [90.0, 3.0, 20.0, 1.0, 0.0, 0.0]])
    found = ExpectedScore(0.5)(means)
    assert found.tolist() == [50.0, 0.5 * 30 + 0.5 * 20]


def test_recovers_the_score_of_a_test_with_copies() -> None:
    """Planted: an error of 40 of new rows, 25 of seen ones; a third of the test rows are seen."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(3000), 2)
    copied = groups < 1000
    new = 40 + 10 * rng.normal(size=6000)
    seen = 25 + 10 * rng.normal(size=6000)
    held = rng.random(6000) < 0.2
    changes = np.where(copied & held, seen - new, np.nan)
    estimate = ExpectedScore(1 / 3)
    found = bootstrap(ScoredRows(new, groups, copied, changes).sums(), estimate, seed=0)
    assert found.low < 35 < found.high
    assert found.high - found.low < 1.5

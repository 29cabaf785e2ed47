"""The threshold for macro F1, against tables worked by hand and against trying all."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from podium.fusion.thresholds import averaged_threshold, best_threshold, macro_f1_curve

# Labels 1 0 1 0 at probabilities .9 .7 .6 .2. Called 1 from the top:
# one row: F1 of ones 2*1/(1+2) = 2/3, of zeros 2*2/(3+2) = 4/5; mean 11/15
# two rows: ones 2*1/(2+2) = 1/2, zeros 2*1/(2+2) = 1/2; mean 1/2
# three rows: ones 2*2/(3+2) = 4/5, zeros 2*1/(1+2) = 2/3; mean 11/15
PROBABILITIES = np.array([0.6, 0.9, 0.2, 0.7])
LABELS = np.array([1, 1, 0, 0])


def test_curve_by_hand():
    thresholds, scores = macro_f1_curve(PROBABILITIES, LABELS)
    np.testing.assert_allclose(thresholds, [0.8, 0.65, 0.4])
    np.testing.assert_allclose(scores, [11 / 15, 1 / 2, 11 / 15])


def test_expected_counts_by_hand():
    """Two rows of share .8 and .2: called 1 the first, 2*.8/(1+1) for both classes."""
    thresholds, scores = macro_f1_curve(np.array([0.8, 0.2]), np.array([0.8, 0.2]))
    np.testing.assert_allclose((thresholds, scores), ([0.5], [0.8]))


def test_curve_agrees_with_scikit_learn_on_ties():
    rng = np.random.default_rng(0)
    probabilities = rng.integers(0, 20, 300) / 20
    labels = (rng.random(300) < probabilities**2).astype(int)
    thresholds, scores = macro_f1_curve(probabilities, labels)
    assert len(thresholds) == len(np.unique(probabilities)) - 1
    wanted = [f1_score(labels, probabilities >= cut, average="macro") for cut in thresholds]
    np.testing.assert_allclose(scores, wanted)


def test_two_peaks_are_not_averaged():
    assert best_threshold(PROBABILITIES, LABELS) == pytest.approx(0.8)


def test_centre_of_the_plateau():
    """Thresholds .85, .65, .4, .2; the second to fourth are within the tolerance."""
    probabilities = np.array([0.9, 0.8, 0.5, 0.3, 0.1])
    labels = np.array([1, 1, 0, 0, 0])
    assert best_threshold(probabilities, labels, tolerance=0) == pytest.approx(0.65)
    thresholds, scores = macro_f1_curve(probabilities, labels)
    np.testing.assert_allclose(thresholds, [0.85, 0.65, 0.4, 0.2])
    slack = scores[1] - scores[2] + 1e-9
    assert scores[0] < scores[2]
    assert best_threshold(probabilities, labels, tolerance=slack) == pytest.approx((0.65 + 0.4) / 2)


def test_a_score_that_is_lower_by_just_the_tolerance_belongs_to_the_plateau():
    probabilities = np.array([0.9, 0.8, 0.5, 0.3, 0.1])
    labels = np.array([1, 1, 0, 0, 0])
    _, scores = macro_f1_curve(probabilities, labels)
    slack = scores[1] - scores[2]
    assert scores[1] - slack == scores[2]
    assert best_threshold(probabilities, labels, tolerance=slack) == pytest.approx((0.65 + 0.4) / 2)


@pytest.mark.parametrize("low", [np.nextafter(0.5, 0), 0.5])
def test_neighbours_too_close_for_a_number_between(low):
    """Midway is rounded up to the higher number in one case and down to the lower in the other."""
    high = np.nextafter(low, 1)
    cut = best_threshold(np.array([low, high]), np.array([0, 1]))
    assert low < cut <= high


def test_equal_probabilities_leave_no_choice():
    assert best_threshold(np.full(5, 0.3), np.array([0, 1, 0, 1, 1])) == 0.5
    assert best_threshold(np.array([]), np.array([])) == 0.5


def test_average_over_folds_by_hand():
    """Without fold 0 the cut lies between .2 and .8, without fold 1 between .4 and .6."""
    probabilities = np.array([0.4, 0.6, 0.2, 0.8])
    labels, folds = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    moved = np.array([0.3, 0.6, 0.2, 0.9])
    assert averaged_threshold(probabilities, labels, folds, smoothing=0) == pytest.approx(0.5)
    wanted = ((0.2 + 0.9) / 2 + (0.3 + 0.6) / 2) / 2
    assert averaged_threshold(moved, labels, folds, smoothing=0) == pytest.approx(wanted)


def test_average_over_three_folds_leaves_one_out_at_a_time():
    """The cuts lie between .4 and .6, between .3 and .5, and between .4 and .5."""
    probabilities = np.array([0.3, 0.5, 0.4, 0.9, 0.1, 0.6])
    labels, folds = np.array([0, 1, 0, 1, 0, 1]), np.array([0, 0, 1, 1, 2, 2])
    wanted = ((0.4 + 0.6) / 2 + (0.3 + 0.5) / 2 + (0.4 + 0.5) / 2) / 3
    assert averaged_threshold(probabilities, labels, folds, smoothing=0) == pytest.approx(wanted)


def test_smoothing_moves_less_from_sample_to_sample():
    def spread(smoothing):
        found = []
        for seed in range(30):
            rng = np.random.default_rng(seed)
            probabilities = rng.beta(1, 3, 200)
            labels = (rng.random(200) < probabilities).astype(int)
            folds = np.arange(200) % 4
            found.append(averaged_threshold(probabilities, labels, folds, smoothing))
        return np.std(found)

    assert spread(1.0) < spread(0.0) / 2

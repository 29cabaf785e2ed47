"""Macro F1 against tables worked out by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from podium.common.bootstrap import bootstrap
from podium.fusion.metrics import (
    class_f1_of_counts,
    confusion_contributions,
    macro_f1,
    macro_f1_of_counts,
)

BY_HAND = [
    # truth, predicted, F1 of class 1, F1 of class 0
    ("1100", "1100", 1, 1),
    ("1100", "0011", 0, 0),
    ("1100", "1010", 1 / 2, 1 / 2),
    ("1110", "1111", 6 / 7, 0),
    ("111000", "100000", 1 / 2, 3 / 4),
    ("1000", "0000", 0, 6 / 7),
    ("1111", "1111", 1, 0),
]


@pytest.mark.parametrize(("truth", "predicted", "of_one", "of_zero"), BY_HAND)
def test_by_hand(truth, predicted, of_one, of_zero):
    labels, answers = ([int(each) for each in text] for text in (truth, predicted))
    counts = confusion_contributions(labels, answers)
    assert counts.sum(axis=1).tolist() == [1.0] * len(labels)
    assert macro_f1(labels, answers) == pytest.approx((of_one + of_zero) / 2)
    assert class_f1_of_counts(counts.sum(axis=0)) == pytest.approx([of_zero, of_one])


@pytest.mark.parametrize("seed", range(5))
def test_as_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    labels = (rng.random(200) < 0.2).astype(int)
    answers = np.where(rng.random(200) < 0.7, labels, rng.integers(0, 2, 200))
    wanted = f1_score(labels, answers, average="macro")
    assert macro_f1(labels, answers) == pytest.approx(wanted, abs=1e-12)
    means = confusion_contributions(labels, answers).mean(axis=0)
    assert macro_f1_of_counts(means) == pytest.approx(wanted, abs=1e-12)
    assert macro_f1_of_counts(means[:3]) == pytest.approx(wanted, abs=1e-12)


def test_shape_is_that_of_the_leading_axes():
    counts = np.random.default_rng(0).random((5, 2, 4))
    assert macro_f1_of_counts(counts).shape == (5, 2)
    assert macro_f1_of_counts(counts)[3, 1] == pytest.approx(macro_f1_of_counts(counts[3, 1]))


def test_serves_the_bootstrap():
    labels = np.arange(300) % 3 == 0
    answers = labels ^ (np.arange(300) % 7 == 0)
    interval = bootstrap(confusion_contributions(labels, answers), macro_f1_of_counts)
    assert interval.value == pytest.approx(f1_score(labels, answers, average="macro"))
    assert interval.low < interval.value < interval.high


@pytest.mark.parametrize(("truth", "predicted"), [([0, 1], [0]), ([0, 2], [0, 1]), ([0], [0.5])])
def test_what_is_no_label_is_refused(truth, predicted):
    with pytest.raises(ValueError):
        confusion_contributions(truth, predicted)

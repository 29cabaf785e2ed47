import numpy as np
import pytest

from podium.fusion.majority import majority_class, majority_decisions


def test_each_fold_gets_the_majority_of_the_others():
    """Fold 0 has the ones: without it nearly all are zeros, and the other way round."""
    labels = np.array([1, 1, 1, 0, 0, 0, 1])
    folds = np.array([[0, 0, 0, 1, 1, 2, 2], [0, 1, 2, 0, 1, 2, 0]])
    said = majority_decisions(labels, folds)
    assert said.probability[0] == pytest.approx([1 / 4] * 3 + [4 / 5] * 2 + [3 / 5] * 2)
    assert said.predicted[0].tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert said.probability[1] == pytest.approx([1 / 2, 3 / 5, 3 / 5, 1 / 2, 3 / 5, 3 / 5, 1 / 2])
    assert said.predicted.dtype == np.int64 and said.predicted[1].tolist() == [1] * 7
    assert said.thresholds.tolist() == [[0.5] * 3] * 2
    assert said.shares.shape == (2, 3, 0)


@pytest.mark.parametrize(("labels", "wanted"), [([0, 0, 1], 0), ([1, 1, 0], 1), ([0, 1], 1)])
def test_the_class_most_labels_have(labels, wanted):
    assert majority_class(np.array(labels)) == wanted

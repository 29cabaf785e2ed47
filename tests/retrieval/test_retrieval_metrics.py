"""Ranks and Hit@k, worked by hand."""

import numpy as np
import pytest

from podium.retrieval.metrics import hits, true_ranks

SIMILARITIES = np.array([[0.9, 0.5, 0.1, 0.7], [0.2, 0.3, 0.3, 0.1], [0.4, 0.3, 0.2, 0.1]])


def test_ranks_count_from_one_and_ties_count_against() -> None:
    assert true_ranks(SIMILARITIES, np.array([3, 1, 0])).tolist() == [2, 2, 1]


def test_excluded_images_are_not_ranked() -> None:
    assert true_ranks(SIMILARITIES, np.array([3, 1, 3]), excluded=[0]).tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="excluded"):
        true_ranks(SIMILARITIES, np.array([3, 1, 0]), excluded=[0])


def test_similarities_must_be_finite() -> None:
    with pytest.raises(ValueError, match="finite"):
        true_ranks(np.array([[np.nan, 1.0]]), np.array([1]))


def test_hits_at_each_cutoff() -> None:
    expected = [[1, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 0]]
    assert hits(np.array([1, 3, 4, 11])).tolist() == expected

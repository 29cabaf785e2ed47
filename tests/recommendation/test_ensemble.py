"""The blend of rankers."""

import numpy as np
import pytest

from podium.recommendation.ensemble import blend, blend_members, standardise


def test_standardise_worked_by_hand():
    scores = np.array([1.0, 3.0, 0.1, 0.1, 0.1, 7.0, 2.0, 4.0, 6.0])
    root = np.sqrt(1.5)
    found = standardise(scores, np.array([2, 3, 1, 3]))
    assert found == pytest.approx(np.array([-1, 1, 0, 0, 0, 0, -root, 0, root]), abs=1e-12)
    assert (found[2:6] == 0).all()  # constant groups, exactly
    assert standardise(np.array([]), np.array([], np.int64)).shape == (0,)


def test_close_scores_are_not_taken_for_constant():
    found = standardise(np.array([1.0, 1.0 + 1e-9]), np.array([2]))
    assert found == pytest.approx(np.array([-1, 1]), rel=1e-3)


def test_the_blend_weighs_members_on_one_scale():
    groups = np.array([3, 3])
    first = np.array([1.0, 2.0, 3.0, 30.0, 20.0, 10.0])
    second = first[::-1] * 1000 + 5
    predictions = {"first": first, "second": second}
    root = np.sqrt(1.5)
    up = np.array([-root, 0, root])
    assert blend(predictions, {"first": 1, "second": 1}, groups) == pytest.approx(np.r_[up, -up])
    apart = {"first": first, "second": -second}
    assert blend(apart, {"first": 3, "second": 1}, groups) == pytest.approx(0.5 * np.r_[up, -up])
    for weights in ({"first": 2}, {"first": 1, "second": 0}, {"first": 1, "absent": 9}):
        assert blend(apart, weights, groups) == pytest.approx(np.r_[up, -up])


def test_members_of_a_blend_have_a_weight():
    weights = {"first": 0.5, "second": 0, "absent": 1}
    assert blend_members(["third", "second", "first"], weights) == ["first"]


def test_a_blend_of_nobody_is_an_error():
    with pytest.raises(ValueError, match="no member of the blend"):
        blend({"first": np.zeros(2)}, {"second": 1.0}, np.array([2]))

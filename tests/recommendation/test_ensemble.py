"""Fitting within a budget, and the blend."""

import logging
import time

import numpy as np
import pytest

from podium.common import time_budget
from podium.common.time_budget import OutOfTimeError, TimeBudget
from podium.recommendation.ensemble import blend, blend_members, fit_within_budget, standardise
from podium.recommendation.rankers import LightGBMRanker, Ranker
from podium.recommendation.ranking_data import RankingData


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(3_000, 4)).astype(np.float32)
    return RankingData(
        tuple("abcd"),
        features,
        np.repeat(np.arange(100), 30),
        np.tile(np.arange(30), 100),
        np.full(100, 30),
        np.clip(features[:, 0], 0, 1).astype(np.float32),
        np.ones(3_000, np.float32),
    )


def ranker(rounds):
    return LightGBMRanker(rounds=rounds, threads=1, min_data_in_leaf=20)


class Sleeper(Ranker):
    """A ranker of known cost, which keeps to its time as the others do."""

    names = ("a",)

    def __init__(self, needs):
        self.needs = needs

    def fit(self, data, seconds=float("inf")):
        self.allowed = seconds
        time.sleep(min(self.needs, max(seconds, 0)))
        if self.needs > seconds:
            raise OutOfTimeError("stopped at tree 7")
        return self

    def predict(self, features):
        return np.zeros(len(features))

    def gain(self):
        return np.ones(1)

    def shap(self, features):
        return np.zeros(1)


def test_without_a_budget_all_are_fitted_in_their_order(data):
    seen = []
    fitted = fit_within_budget(
        {"first": ranker(3), "second": ranker(5)},
        data,
        TimeBudget(),
        1.0,
        30.0,
        on_fitted=lambda name, model, seconds: seen.append(
            (name, len(model.predict(data.features)))
        ),
    )
    assert seen == [("first", 3_000), ("second", 3_000)]
    assert list(fitted.rankers) == list(fitted.seconds) == ["first", "second"]
    assert all(seconds > 0 for seconds in fitted.seconds.values())
    assert all(memory > 10 for memory in fitted.peak_memory_mb.values())
    assert fitted.left_out == {}


def test_a_budget_leaves_out_later_members_and_says_so(data, caplog):
    time_budget.start_clock()
    rankers = {"quick": ranker(2), "endless": ranker(1_000_000), "late": ranker(1_000_000)}
    with caplog.at_level(logging.WARNING):
        fitted = fit_within_budget(rankers, data, TimeBudget(4.0), 0.5, 0.2)
    assert time_budget.seconds_since_start() < 4.0 + 1.0
    assert list(fitted.rankers) == ["quick"]
    assert list(fitted.left_out) == ["endless", "late"]
    assert "stopped at tree" in fitted.left_out["endless"]
    for name, why in fitted.left_out.items():
        assert "the time budget is used up" in why
        assert f"{name} {why}" in caplog.text


def test_nothing_is_begun_once_the_budget_is_gone(data):
    time_budget.start_clock()
    begun = Sleeper(0.0)
    fitted = fit_within_budget({"only": begun}, data, TimeBudget(5.0), 0.0, 6.0)
    assert fitted.rankers == {}
    assert "not begun" in fitted.left_out["only"]
    assert not hasattr(begun, "allowed")


def test_a_member_is_left_out_and_a_quicker_one_after_it_still_fits(data):
    time_budget.start_clock()
    members = {"slow": Sleeper(60.0), "quick": Sleeper(0.0)}
    fitted = fit_within_budget(members, data, TimeBudget(2.0), 1.0, 0.0)
    assert list(fitted.left_out) == ["slow"]
    assert list(fitted.rankers) == ["quick"]


def test_time_is_kept_for_the_reserve_and_for_every_refit(data):
    """Budget 10, reserve 2, a refit takes twice the fit: (10 - 2) / 3 for the first member."""
    time_budget.start_clock()
    first, second, third = Sleeper(0.2), Sleeper(0.3), Sleeper(0.0)
    members = {"first": first, "second": second, "third": third}
    fitted = fit_within_budget(members, data, TimeBudget(10.0), 2.0, 2.0)
    assert list(fitted.rankers) == ["first", "second", "third"]
    assert first.allowed == pytest.approx(8 / 3, abs=0.1)
    # Spent so far, and owed twice that.
    spent = np.cumsum([fitted.seconds["first"], fitted.seconds["second"]])
    assert spent == pytest.approx([0.2, 0.5], abs=0.3)
    assert second.allowed == pytest.approx((8 - 3 * spent[0]) / 3, abs=0.1)
    assert third.allowed == pytest.approx((8 - 3 * spent[1]) / 3, abs=0.1)


def test_without_a_refit_only_the_reserve_is_kept(data):
    time_budget.start_clock()
    first, second = Sleeper(0.2), Sleeper(0.0)
    fit_within_budget({"first": first, "second": second}, data, TimeBudget(10.0), 0.0, 2.0)
    assert first.allowed == pytest.approx(8, abs=0.5)
    assert second.allowed == pytest.approx(first.allowed - 0.2, abs=0.15)


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

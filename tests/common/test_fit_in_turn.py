"""Models fitted in turn: what a budget leaves out, and the time that each may take."""

import logging

import pytest

from podium.common import fit_in_turn as module
from podium.common.fit_in_turn import fit_in_turn
from podium.common.time_budget import OutOfTimeError, TimeBudget


class Clock:
    """Time that goes on only while a model is fitted."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr("podium.common.time_budget.seconds_since_start", lambda: self.now)
        clock = self

        class Measured:
            peak_memory_mb = 50.0

            def __enter__(self):
                self.began = clock.now
                return self

            def __exit__(self, *_):
                self.seconds = clock.now - self.began

        monkeypatch.setattr(module, "Measure", Measured)

    def fit(self, name, needs):
        """A model that takes so many seconds, or stops where it may not."""

        def run(allowed):
            self.allowed[name] = allowed
            self.now += min(needs, allowed)
            if needs > allowed:
                raise OutOfTimeError("stopped at tree 7")
            return name.upper()

        return run

    def run(self, needs, budget, reserve, **options):
        self.allowed = {}
        fits = {name: self.fit(name, each) for name, each in needs.items()}
        return fit_in_turn(fits, TimeBudget(budget), reserve, **options)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_without_a_budget_all_are_fitted_in_their_order(clock):
    seen = []
    done = clock.run(
        {"first": 3, "second": 5}, None, 30, refit_ratio=1, on_fitted=lambda *of: seen.append(of)
    )
    assert seen == [("first", "FIRST", 3), ("second", "SECOND", 5)]
    assert done.models == {"first": "FIRST", "second": "SECOND"}
    assert [cost.seconds for cost in done.costs.values()] == [3, 5]
    assert not done.left_out


def test_one_that_is_too_slow_is_left_out_and_a_quicker_one_after_it_still_fits(clock, caplog):
    with caplog.at_level(logging.WARNING):
        done = clock.run({"slow": 60, "quick": 1, "late": 1}, 10, 2, refit_ratio=1)
    # (10 - 2) / 2 seconds for the first, half of what is left after it for the second.
    assert clock.allowed["slow"] == 4 and clock.allowed["quick"] == 2
    assert list(done.models) == ["quick", "late"]
    why = "left out: the time budget is used up (stopped at tree 7)"
    assert done.left_out == {"slow": why} and f"slow: {why}" in caplog.text


def test_nothing_is_begun_once_the_budget_is_gone(clock):
    done = clock.run({"only": 0}, 5, 6)
    assert not done.models and not clock.allowed
    assert done.left_out == {"only": "left out: the time budget is used up (not begun)"}


def test_time_is_kept_for_the_reserve_and_for_every_refit(clock):
    """Budget 10, reserve 2, a refit takes twice the fit: (10 - 2) / 3 for the first member."""
    clock.run({"first": 0.5, "second": 0.25, "third": 0}, 10, 2, refit_ratio=2)
    assert clock.allowed["first"] == pytest.approx(8 / 3)
    # Spent so far, and owed twice that.
    assert clock.allowed["second"] == pytest.approx((8 - 3 * 0.5) / 3)
    assert clock.allowed["third"] == pytest.approx((8 - 3 * 0.75) / 3)


def test_at_least_one_is_fitted_whatever_the_time(clock):
    done = clock.run({"first": 60, "second": 1}, 5, 6, at_least_one=True)
    assert list(done.models) == ["first"] and list(done.left_out) == ["second"]


def test_pardoned_errors_leave_a_model_out_and_others_come_up():
    def wrong(_):
        raise LookupError("no texture")

    fits = {"wrong": wrong, "right": lambda _: 1}
    done = fit_in_turn(fits, TimeBudget(), 0, at_least_one=True, pardoned=(LookupError,))
    assert done.models == {"right": 1} and done.left_out == {"wrong": "left out: no texture"}
    with pytest.raises(LookupError):
        fit_in_turn(fits, TimeBudget(), 0)


def test_costs_are_measured():
    done = fit_in_turn({"one": lambda allowed: allowed}, TimeBudget(), 0)
    assert done.models["one"] == float("inf")
    assert done.costs["one"].seconds >= 0 and done.costs["one"].peak_memory_mb > 10

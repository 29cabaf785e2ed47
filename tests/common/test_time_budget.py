"""How a time budget is written, and what is left of it."""

import time
from types import SimpleNamespace

import pytest

from podium.common import time_budget
from podium.common.parameters import ParameterError
from podium.common.time_budget import TimeBudget, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (90, 90),
        (0.5, 0.5),
        ("90", 90),
        (" 90 ", 90),
        ("1.5", 1.5),
        ("45s", 45),
        ("10m", 600),
        ("10M", 600),
        ("10 m", 600),
        ("1.5h", 5400),
        ("1h30m", 5400),
        ("1h 30m 15s", 5415),
    ],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "soon", "10 minutes", "10mm", "1h30", "m", "h10", "10m!", "1,5h", "-10m", "1d", "nan",
     "1 0m", "30m1h", "10m10m", True],
)  # fmt: skip
def test_what_is_no_duration(text):
    with pytest.raises(ParameterError, match="time_budget"):
        parse_duration(text)


@pytest.mark.parametrize("text", [0, "0", "0s", "0h0m", -1, "-5"])
def test_a_budget_is_above_zero(text):
    with pytest.raises(ParameterError, match="above zero"):
        parse_duration(text)


def test_no_budget_has_no_end():
    for budget in (TimeBudget(), TimeBudget.parse(None)):
        assert budget.remaining() == float("inf")
        assert budget.allowance(spent=1e12, refit_ratio=2, reserve=1e12) == float("inf")


@pytest.fixture
def clock(monkeypatch):
    """The time that the budget goes by, as the only item of a list."""
    now = [1000.0]
    monkeypatch.setattr(time_budget, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(time_budget, "_started", 0.0)
    return now


def test_a_budget_counts_from_the_start_of_the_run(clock):
    time_budget.start_clock()
    assert time_budget.start_of_run() == 1000
    budget = TimeBudget.parse("10s")
    clock[0] += 0.5
    assert time_budget.seconds_since_start() == 0.5
    assert budget.remaining() == 9.5
    # 10 - 0.5 seconds: 2 kept, 1.5 * 1 for the refit of what was spent, the rest for two and a half
    assert budget.allowance(spent=1, refit_ratio=1.5, reserve=2) == pytest.approx(6 / 2.5)
    time_budget.start_clock()
    assert time_budget.seconds_since_start() == 0
    assert budget.remaining() == 10


def test_the_clock_of_the_run_goes_by_itself():
    before = time_budget.seconds_since_start()
    time.sleep(0.01)
    assert time_budget.seconds_since_start() > before


def test_an_overrun_budget_allows_nothing(clock):
    time_budget.start_clock()
    budget = TimeBudget.parse(0.05)
    clock[0] += 0.1
    assert budget.remaining() < 0
    assert budget.allowance(0, 0, 0) < 0

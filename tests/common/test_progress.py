"""Progress yields everything; it logs where nobody watches, and draws a bar where someone does."""

import logging

import pytest

from podium.common import progress
from podium.common.progress import track


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture
def no_terminal(monkeypatch):
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("work", [[], [1], list(range(1000))])
@pytest.mark.parametrize("where", ["terminal", "no_terminal"])
def test_everything_is_yielded_in_order(work, where, request):
    request.getfixturevalue(where)
    assert list(track(work, "counting")) == work
    assert list(track(iter(work), "counting")) == work
    assert list(track((each for each in work), "counting", total=7)) == work


def test_without_a_terminal_it_logs_how_far_it_is(no_terminal, monkeypatch, caplog, capfd):
    monkeypatch.setattr(progress, "_LOG_EVERY_SECONDS", 0.0)
    with caplog.at_level(logging.INFO):
        list(track("abc", "reading"))
        list(track(iter("ab"), "guessing"))
        list(track(iter("ab"), "told", total=2))
    assert [record.getMessage() for record in caplog.records] == [
        "reading: 0 of 3",
        "reading: 1 of 3",
        "reading: 2 of 3",
        "guessing: 0 of ?",
        "guessing: 1 of ?",
        "told: 0 of 2",
        "told: 1 of 2",
    ]
    assert capfd.readouterr().err == ""


def test_with_a_unit_the_log_tells_the_rate_and_the_time_left(no_terminal, monkeypatch, caplog):
    monkeypatch.setattr(progress, "_LOG_EVERY_SECONDS", 0.0)
    clock = iter([0.0, 0.5, 1.0, 2.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with caplog.at_level(logging.INFO):
        list(track(range(3), "fetching", unit="images"))
    assert [record.getMessage() for record in caplog.records] == [
        "fetching: 0 of 3 (0 images/s)",
        "fetching: 1 of 3 (1 images/s, 2 s left)",
        "fetching: 2 of 3 (1 images/s, 1 s left)",
    ]


def test_with_a_unit_the_bar_tells_the_rate(terminal, monkeypatch, capfd):
    monkeypatch.setenv("COLUMNS", "120")
    list(track(range(3), "fetching", unit="images"))
    assert "images/s" in capfd.readouterr().err


def test_quick_work_logs_nothing(no_terminal, caplog):
    with caplog.at_level(logging.INFO):
        list(track(range(1000), "counting"))
    assert caplog.records == []


def test_on_a_terminal_it_draws_a_bar(terminal, monkeypatch, caplog, capfd):
    monkeypatch.setattr(progress, "_LOG_EVERY_SECONDS", 0.0)
    with caplog.at_level(logging.INFO):
        list(track(range(3), "counting tracks"))
    drawn = capfd.readouterr()
    assert "counting tracks" in drawn.err
    assert "3/3" in drawn.err
    assert drawn.out == ""
    assert caplog.records == []


@pytest.mark.parametrize("where", ["terminal", "no_terminal"])
def test_an_error_in_the_work_passes_through(where, request):
    request.getfixturevalue(where)

    def broken():
        yield 1
        raise RuntimeError("halfway")

    seen = []
    with pytest.raises(RuntimeError, match="halfway"):
        for each in track(broken(), "reading"):
            seen.append(each)
    assert seen == [1]

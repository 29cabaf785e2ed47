"""What a failure means: who is to blame, and how long to wait."""

import random
from datetime import UTC, datetime

import pytest

from podium.vision.downloading import failures
from podium.vision.downloading.failures import Blame, backoff, failed_status, seconds_to_wait

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 120 ", 120),
        ("0", 0),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("Thursday, 01-Jan-26 12:00:30 GMT", 30),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Thu, 99 Jan 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert seconds_to_wait(header, NOW) == seconds


def test_a_retry_after_of_thousands_of_digits_is_only_long():
    assert seconds_to_wait("9" * 5000, NOW) > 1e8


@pytest.mark.parametrize(
    ("status", "blame"),
    [(400, Blame.LINK), (403, Blame.LINK), (404, Blame.LINK), (410, Blame.LINK), (501, Blame.LINK)]
    + [(code, Blame.TRY) for code in (408, 425, 429, 500, 502, 503, 504)],
)
def test_which_statuses_are_asked_again(status, blame):
    assert failed_status(status, None).blame is blame


def test_only_a_host_that_is_asked_too_much_is_spared():
    busy = failed_status(429, "3")
    assert busy.slow_down and busy.retry_after == 3
    broken = failed_status(500, "3")
    assert not broken.slow_down and broken.retry_after is None


def test_waits_double_up_to_their_cap_and_are_drawn_from_zero_on(monkeypatch):
    monkeypatch.setattr(failures.random, "uniform", lambda low, high: (low, high))
    drawn = [backoff(tries, 0.5, 20.0) for tries in (1, 2, 3, 4, 9, 5000)]
    assert drawn == [(0.0, high) for high in (0.5, 1.0, 2.0, 4.0, 20.0, 20.0)]


def test_waits_differ():
    random.seed(1)
    assert len({backoff(3, 1.0, 60.0) for _ in range(20)}) == 20

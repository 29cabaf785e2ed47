"""What can go wrong with one request, and what to do about it."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

_RETRIED_STATUS = frozenset({408, 421, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_SLOW_DOWN = frozenset({429, 503})


class Blame(Enum):
    """Who is at fault, which decides what happens next."""

    LINK = "link"
    """Nothing will mend it: not asked again."""
    TRY = "try"
    """Another try may do."""
    SILENCE = "silence"
    """Another try may do; the host took the connection and did not answer."""
    HOST = "host"
    """No connection: the host's breaker decides."""


class FailedTry(Exception):
    """A request without a usable image; the message is the reason.

    Attributes:
        blame: Who is at fault.
        retry_after: Seconds that the host asked to wait, or None.
        slow_down: True where the host says that it is asked too much.
    """

    def __init__(
        self,
        reason: str,
        blame: Blame = Blame.TRY,
        *,
        retry_after: float | None = None,
        slow_down: bool = False,
    ) -> None:
        self.blame, self.retry_after, self.slow_down = blame, retry_after, slow_down
        super().__init__(reason)


def failed_status(status: int, retry_after: str | None) -> FailedTry:
    """The failure that an HTTP status stands for."""
    blame = Blame.TRY if status in _RETRIED_STATUS else Blame.LINK
    slow_down = status in _SLOW_DOWN
    wait = seconds_to_wait(retry_after) if slow_down else None
    return FailedTry(f"HTTP {status}", blame, retry_after=wait, slow_down=slow_down)


def seconds_to_wait(retry_after: str | None, now: datetime | None = None) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3): seconds, or a date.

    Args:
        retry_after: The header's text, or None where there is none.
        now: The present, for tests.

    Returns:
        Seconds from now, never below 0; None where there is nothing to be read.
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        # A number too long for a float is beyond any cap just as well.
        return float(text[:9])
    try:
        date = parsedate_to_datetime(text)
        moment = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max((moment - (now or datetime.now(UTC))).total_seconds(), 0.0)
    except (ValueError, OverflowError):
        return None


def backoff(tries: int, base: float, longest: float) -> float:
    """Seconds before the next try: exponential, with full jitter.

    Source: Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.

    Args:
        tries: Tries so far, from 1.
        base: Upper end of the first wait.
        longest: Upper end of any wait.
    """
    # The order of retries bears on nothing that is written, so it needs no seed.
    return random.uniform(0.0, min(longest, base * 2.0 ** min(tries - 1, 60)))

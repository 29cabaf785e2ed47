"""One host: what is still to be asked of it, how much at a time, and when to give it up."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from dataclasses import dataclass

from podium.vision.downloading.failures import Blame, FailedTry, backoff
from podium.vision.downloading.links import Link
from podium.vision.downloading.rules import DownloadRules

_LONGEST_PAUSE = 10.0


@dataclass
class Job:
    """A link on its way.

    Attributes:
        number: Its place among the distinct links.
        link: What is asked for next; after a redirect another than in the table.
        tries: Requests so far that count.
        redirects: Redirects so far.
        seconds: Time under way so far.
    """

    number: int
    link: Link
    tries: int = 0
    redirects: int = 0
    seconds: float = 0.0


class Host:
    """The state of one host. Times are those of the caller's clock, in seconds."""

    def __init__(self, name: str, rules: DownloadRules) -> None:
        """Start with a host that was never asked."""
        self.name = name
        self.active = 0
        self.dead: str | None = None
        self.reached = False
        self._rules = rules
        self._waiting: deque[Job] = deque()
        self._later: list[tuple[float, int, Job]] = []
        self._order = itertools.count()
        self._capacity = rules.per_host
        self._paused_until = 0.0
        self._unreachable = 0
        self._silent = 0
        self._away_since: float | None = None

    def add(self, job: Job, *, first: bool = False, due: float = 0.0) -> None:
        """Take a job in: at the end, at the front, or not before a time."""
        if due > 0:
            heapq.heappush(self._later, (due, next(self._order), job))
        elif first:
            self._waiting.appendleft(job)
        else:
            self._waiting.append(job)

    def next_time(self, now: float) -> float | None:
        """When it can take a request: now or later; None while it cannot or has nothing to do."""
        if self.active >= self._limit() or not (self._waiting or self._later):
            return None
        if self.dead:
            return now
        due = now if self._waiting else self._later[0][0]
        return max(due, self._paused_until, now)

    def take(self, now: float) -> Job | None:
        """The next job that is due, or None."""
        due = self._later and (self.dead or self._later[0][0] <= now)
        if due:
            return heapq.heappop(self._later)[2]
        return self._waiting.popleft() if self._waiting else None

    def _limit(self) -> int:
        # One at a time finds out whether it is there, and whether it speaks HTTP/2.
        troubled = not self.reached or self._unreachable > 0
        return 1 if troubled and not self.dead else self._capacity

    def answered(self) -> None:
        """It has answered something."""
        self.reached = True
        self._unreachable = self._silent = 0
        self._away_since = None

    def succeeded(self) -> None:
        """It has sent an image: it may be asked one more at a time."""
        self._capacity = min(self._capacity + 1, self._rules.per_host)

    def failed(self, failure: FailedTry, now: float) -> None:
        """Note a failure that says something about the host."""
        if failure.slow_down:
            self._slow_down(failure, now)
        elif failure.blame is Blame.SILENCE:
            self._silent += 1
            if self._silent >= self._rules.silent_tries and self._is_away(now):
                self.dead = f"host does not answer ({failure})"
        elif failure.blame is Blame.HOST:
            self._no_connection(failure, now)

    def _is_away(self, now: float) -> bool:
        """Whether it never answered, or has not for longer than an outage may take."""
        self._away_since = now if self._away_since is None else self._away_since
        return not self.reached or now - self._away_since >= self._rules.outage_seconds

    def _slow_down(self, failure: FailedTry, now: float) -> None:
        if now >= self._paused_until:  # once for all that were under way
            self._capacity = max(1, self._capacity // 2)
        if failure.retry_after is not None:
            wait = min(failure.retry_after, self._rules.longest_retry_after_seconds)
            self._paused_until = max(self._paused_until, now + wait)

    def _no_connection(self, failure: FailedTry, now: float) -> None:
        self._unreachable += 1
        away = self._is_away(now)
        if away and self._unreachable >= self._rules.unreachable_tries:
            self.dead = f"host cannot be reached ({failure})"
        base, longest = self._rules.backoff_seconds, self._rules.longest_backoff_seconds
        pause = backoff(self._unreachable, base, min(longest, _LONGEST_PAUSE))
        self._paused_until = max(self._paused_until, now + pause)

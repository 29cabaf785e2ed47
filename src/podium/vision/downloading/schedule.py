"""Who is asked next: a bounded number of requests, spread over hosts that can take one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from podium.vision.downloading.failures import Blame, FailedTry, backoff
from podium.vision.downloading.hosts import Host, Job
from podium.vision.downloading.links import Link
from podium.vision.downloading.rules import DownloadRules

logger = logging.getLogger(__name__)

NO_NETWORK = "no network: no host can be reached"


class Schedule:
    """Hands jobs to workers, one host after the other.

    A host stands in line, once, while it can take a request. Jobs that wait cost no worker.
    """

    def __init__(self, rules: DownloadRules, links: Iterable[tuple[int, Link]]) -> None:
        """Take all links in, numbered; to be called inside the event loop."""
        self._rules = rules
        self._loop = asyncio.get_running_loop()
        self._hosts: dict[str, Host] = {}
        self._line: asyncio.Queue[Host | None] = asyncio.Queue()
        self._in_line: set[str] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._left = 0
        for number, link in links:
            self._host(link.host).add(Job(number, link))
            self._left += 1
        for host in self._hosts.values():
            self._offer(host)
        if not self._left:
            self._line.put_nowait(None)

    async def next(self) -> tuple[Host, Job] | None:
        """The next job and its host, to be released; None once all jobs are done."""
        while True:
            host = await self._line.get()
            if host is None:
                self._line.put_nowait(None)
                return None
            self._in_line.discard(host.name)
            now = self._loop.time()
            due = host.next_time(now)
            job = host.take(now) if due is not None and due <= now else None
            if job is not None:
                host.active += 1
            self._offer(host)
            if job is not None:
                return host, job

    def release(self, host: Host) -> None:
        """The request is over: the host may take another."""
        host.active -= 1
        self._offer(host)

    def answered(self, host: Host) -> None:
        """The host has answered: it may be asked more at a time."""
        host.answered()
        self._offer(host)

    def succeeded(self, host: Host) -> None:
        """The host has sent an image."""
        host.succeeded()
        self._offer(host)

    def done(self) -> None:
        """One job has its result."""
        self._left -= 1
        if not self._left:
            self._line.put_nowait(None)

    def redirect(self, job: Job, link: Link) -> FailedTry | None:
        """Send a job on to another link.

        Returns:
            None, or why it goes no further.
        """
        job.redirects += 1
        if job.redirects > self._rules.most_redirects:
            return FailedTry(f"more than {self._rules.most_redirects} redirects", Blame.LINK)
        job.tries -= 1
        job.link = link
        self._put(self._host(link.host), job, first=True)
        return None

    def failed(self, host: Host, job: Job, failure: FailedTry) -> FailedTry | None:
        """Note a failure.

        Returns:
            None where the job is tried again, else why it is not.
        """
        now = self._loop.time()
        was_dead = host.dead
        host.failed(failure, now)
        if host.dead and not was_dead:
            self._buried(host)
        if failure.blame is Blame.LINK:
            return failure
        if host.dead:
            return FailedTry(host.dead, Blame.HOST)
        if failure.blame is Blame.HOST:
            job.tries -= 1
            self._put(host, job, first=True)
            return None
        if job.tries >= self._rules.tries:
            return FailedTry(f"{failure} (tries: {job.tries})", failure.blame)
        base, longest = self._rules.backoff_seconds, self._rules.longest_backoff_seconds
        self._put(host, job, due=now + backoff(job.tries, base, longest))
        return None

    def _buried(self, host: Host) -> None:
        logger.warning("%s: %s; its images become placeholders", host.name, host.dead)
        hosts = self._hosts.values()
        dead = sum(each.dead is not None for each in hosts)
        if dead >= self._rules.dead_hosts and not any(each.reached for each in hosts):
            logger.warning("%s (%s tried); all images become placeholders", NO_NETWORK, dead)
            for each in hosts:
                each.dead = each.dead or NO_NETWORK
                self._offer(each)

    def _host(self, name: str) -> Host:
        if name not in self._hosts:
            self._hosts[name] = Host(name, self._rules)
        return self._hosts[name]

    def _put(self, host: Host, job: Job, *, first: bool = False, due: float = 0.0) -> None:
        host.add(job, first=first, due=due)
        self._offer(host)

    def _offer(self, host: Host) -> None:
        """Put the host in line if it can take a request, or set the time when it can."""
        if host.name in self._in_line:
            return
        now = self._loop.time()
        due = host.next_time(now)
        timer = self._timers.pop(host.name, None)
        if timer is not None:
            timer.cancel()
        if due is None:
            return
        if due <= now:
            self._in_line.add(host.name)
            self._line.put_nowait(host)
        else:
            self._timers[host.name] = self._loop.call_at(due, self._offer, host)

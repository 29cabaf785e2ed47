"""One run of the downloader: workers that fetch and hand on what they got."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.common.errors import PodiumError
from podium.common.threads import available_cores
from podium.vision.downloading.failures import Blame, FailedTry
from podium.vision.downloading.files import save_placeholder
from podium.vision.downloading.items import Item
from podium.vision.downloading.manifest import Record
from podium.vision.downloading.rules import DownloadRules
from podium.vision.downloading.savers import ProcessSaver, Saver, ThreadSaver
from podium.vision.downloading.schedule import Schedule

if TYPE_CHECKING:
    from podium.vision.downloading.connections import KeptConnections
    from podium.vision.downloading.fetch import Fetcher
    from podium.vision.downloading.hosts import Host, Job

_MANY_LINKS = 500

Finish = Callable[[int, Record, float], None]


class DownloadRun:
    """Everything that is fetched in one run."""

    def __init__(
        self, items: Mapping[int, Item], folder: Path, rules: DownloadRules, finish: Finish
    ) -> None:
        """Declare the run.

        Args:
            items: What is wanted, by number.
            folder: Where it goes.
            rules: Limits.
            finish: Called with number, record and seconds of each, in any order, one at a time.
        """
        self._items, self._folder, self._rules, self._finish = items, folder, rules, finish

    def to_the_end(self) -> None:
        """Fetch everything, also where an event loop runs already (in a notebook).

        Raises:
            PodiumError: the folder cannot be written to.
        """
        if not self._items:
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._run()
            return
        with ThreadPoolExecutor(1) as thread:
            thread.submit(self._run).result()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=_fast_loop()) as runner:
            runner.run(self._all())

    async def _all(self) -> None:
        from podium.vision.downloading.fetch import Fetcher

        asked = [(number, item.link) for number, item in self._items.items() if item.link]
        self._schedule = Schedule(self._rules, asked)
        transport = _transport(self._rules)
        self._saver = self._make_saver(len(asked))
        try:
            fetcher = Fetcher(self._rules, transport)
            workers = min(self._rules.concurrency, len(asked))
            await _together(self._without_link(), *(self._work(fetcher) for _ in range(workers)))
        finally:
            try:
                await transport.aclose()
            finally:
                await self._saver.close()

    def _make_saver(self, links: int) -> Saver:
        processes = self._rules.processes
        if processes is None:
            # One core is busy with asking.
            processes = max(available_cores() - 1, 1) if links >= _MANY_LINKS else 0
        if not processes:
            return ThreadSaver(self._folder, self._rules.most_pixels)
        return ProcessSaver(self._folder, self._rules.most_pixels, processes)

    async def _without_link(self) -> None:
        for number, item in self._items.items():
            if item.link is None:
                await self._give_up(number, FailedTry(item.reason, Blame.LINK), 0.0)

    async def _work(self, fetcher: Fetcher) -> None:
        clock = asyncio.get_running_loop().time
        while (turn := await self._schedule.next()) is not None:
            host, job = turn
            began = clock()
            ended = await self._attempt(fetcher, host, job)
            job.seconds += clock() - began
            if isinstance(ended, FailedTry):
                await self._give_up(job.number, ended, job.seconds)
                self._schedule.done()
            elif ended is not None:
                self._finish(job.number, ended, job.seconds)
                self._schedule.done()

    async def _attempt(self, fetcher: Fetcher, host: Host, job: Job) -> Record | FailedTry | None:
        """One request: an image, a failure for good, or None where another request follows."""
        if host.dead:
            self._schedule.release(host)
            return FailedTry(host.dead, Blame.HOST)
        job.tries += 1
        held = _Held(partial(self._schedule.release, host))
        try:
            async with fetcher.fetch(job.link, partial(self._schedule.answered, host)) as found:
                held.release()
                if not isinstance(found, bytes):
                    return self._schedule.redirect(job, found)
                item = self._items[job.number]
                record = await self._saver.save(item.url, item.names, found)
        except FailedTry as failure:
            held.release()
            return self._schedule.failed(host, job, failure)
        finally:
            held.release()
        self._schedule.succeeded(host)
        return record

    async def _give_up(self, number: int, failure: FailedTry, seconds: float) -> None:
        item = self._items[number]
        # In this thread, for the file is small; but others get their turn.
        record = save_placeholder(self._folder, item.url, item.names, failure)
        self._finish(number, record, seconds)
        await asyncio.sleep(0)


class _Held:
    """A place with a host, given back once."""

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back: Callable[[], None] | None = give_back

    def release(self) -> None:
        if self._give_back is not None:
            give_back, self._give_back = self._give_back, None
            give_back()


async def _together(*work: Coroutine[Any, Any, None]) -> None:
    """Run all at once; the first error ends all and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors.exceptions[0].__cause__


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The event loop of uvloop where there is one; Windows has none."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _transport(rules: DownloadRules) -> KeptConnections:
    from podium.vision.downloading.connections import KeptConnections

    try:
        return KeptConnections(
            private_addresses=rules.private_addresses,
            connect_to=rules.connect_to,
            http2=rules.http2,
            certificates=rules.certificates,
            most_idle=rules.concurrency,
        )
    except (OSError, ssl.SSLError) as error:
        raise PodiumError(f"certificates {rules.certificates} cannot be read ({error})") from error

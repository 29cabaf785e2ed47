"""Where bodies become files: in processes of their own, or in a thread.

The program that asks hundreds of hosts at once has no time to decode. A process beside it has,
and an image that breaks the decoder then breaks only that.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from podium.common.errors import PodiumError
from podium.vision.downloading.failures import Blame, FailedTry
from podium.vision.downloading.files import FolderError, save_image
from podium.vision.downloading.manifest import Record
from podium.vision.downloading.saving_process import READY

_COMMAND = (
    "import sys; from podium.vision.downloading.saving_process import main; main(*sys.argv[1:])"
)


# Bodies that a process is given before it has answered: it is never idle, and a run that is stopped
# forgets no more.
_BODIES_AHEAD = 4


class Saver(Protocol):
    """Takes bodies and makes files of them."""

    async def save(self, url: str, names: Sequence[str], content: bytes) -> Record:
        """Check an image and write it; see `save_image`."""

    async def close(self) -> None:
        """End it."""


class ThreadSaver:
    """Decodes in threads of this process."""

    def __init__(self, folder: Path, most_pixels: int) -> None:
        """Say where files go."""
        self._folder, self._most_pixels = folder, most_pixels

    async def save(self, url: str, names: Sequence[str], content: bytes) -> Record:
        """Check an image and write it; see `save_image`."""
        return await asyncio.to_thread(
            save_image, self._folder, url, names, content, self._most_pixels
        )

    async def close(self) -> None:
        """Nothing is left to be ended."""


class ProcessSaver:
    """Decodes in processes; one that dies takes its image along and is replaced."""

    def __init__(self, folder: Path, most_pixels: int, processes: int) -> None:
        """Begin to start the processes; to be called inside the event loop."""
        self._arguments = (str(folder.absolute()), str(most_pixels))
        self._helpers = [self._begin() for _ in range(processes)]

    async def save(self, url: str, names: Sequence[str], content: bytes) -> Record:
        """Check an image and write it; see `save_image`.

        Raises:
            PodiumError: no process can be started.
        """
        helper = await self._least_busy()
        order = json.dumps({"url": url, "names": list(names), "size": len(content)})
        answer = await helper.ask(order.encode() + b"\n" + content)
        if "failed" in answer:
            raise FailedTry(answer["failed"], Blame(answer["blame"]))
        if "folder" in answer:
            raise FolderError(answer["folder"])
        extension = answer.pop("extension")
        return Record(**answer, files=tuple(name + extension for name in names))

    async def close(self) -> None:
        """End the processes, after what they are at."""
        for helper in await asyncio.gather(*self._helpers, return_exceptions=True):
            if isinstance(helper, _Helper):
                await helper.close()

    def _begin(self) -> asyncio.Task[_Helper]:
        return asyncio.create_task(_Helper.start(self._arguments))

    async def _least_busy(self) -> _Helper:
        while True:
            started = [
                (place, each.result()) for place, each in enumerate(self._helpers) if each.done()
            ]
            for place, helper in started:
                if helper.ended:
                    self._helpers[place] = self._begin()
            alive = [helper for _, helper in started if not helper.ended]
            if alive:
                return min(alive, key=lambda helper: helper.asked)
            await asyncio.wait(self._helpers, return_when=asyncio.FIRST_COMPLETED)


class _Helper:
    """One process, which answers in the order it is asked."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin and process.stdout
        self._process, self._input, self._output = process, process.stdin, process.stdout
        self._places = asyncio.Semaphore(_BODIES_AHEAD)
        self.asked = 0
        self.waiting: deque[asyncio.Future[dict[str, Any]]] = deque()
        self.ended = False
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, arguments: Sequence[str]) -> _Helper:
        # It imports what can be imported here, and nothing from the working directory.
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-c", _COMMAND, *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
        )
        assert process.stdout
        if await process.stdout.readline() != READY:
            code = await process.wait()
            raise PodiumError(f"the process that decodes images does not start (code {code})")
        return cls(process)

    async def ask(self, message: bytes) -> dict[str, Any]:
        self.asked += 1
        try:
            async with self._places:
                future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
                self.waiting.append(future)
                if self.ended:
                    self._end()
                else:
                    self._input.write(message)
                return await future
        finally:
            self.asked -= 1

    async def close(self) -> None:
        self._reading.cancel()
        self._input.close()
        await self._process.wait()

    async def _read(self) -> None:
        try:
            while line := await self._output.readline():
                answer, future = json.loads(line), self.waiting.popleft()
                if not future.done():
                    future.set_result(answer)
        except (ValueError, IndexError):  # not its answer: whose the next one is cannot be told
            self._input.close()
        finally:
            self._end()

    def _end(self) -> None:
        self.ended = True
        while self.waiting:
            future = self.waiting.popleft()
            if not future.done():
                future.set_exception(FailedTry("the process that decodes images broke off"))

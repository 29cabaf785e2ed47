"""Run a command and tell what it took: wall seconds, CPU seconds and peak memory."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_INTERVAL_SECONDS = 0.1
_GIGABYTE = 1 << 30
_TAIL = 3000


class CommandFailedError(RuntimeError):
    """A measured command ended with an error; the message holds the end of its output."""


@dataclass(frozen=True)
class Cost:
    """What a command took.

    Attributes:
        wall_seconds: From start to end. On a busy machine this says more of the machine.
        cpu_seconds: User and system time of the command and its children.
        peak_gb: Largest resident memory of the whole process tree in GiB, sampled ten times a
            second; pages that processes share count for each.
        load: One-minute load average of the machine at the end.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_gb: float
    load: float


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def measured_run(
    command: Sequence[str | Path],
    log: Path,
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Cost:
    """Run a command to its end.

    Args:
        command: Program and arguments.
        log: File for its output; an older one is replaced.
        folder: Where it runs.
        environment: Variables beside those of this process.

    Raises:
        CommandFailedError: where it ends with another code than 0.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        sampler = _PeakSampler(process.pid)
        sampler.start()
        # wait4 is the one call that tells the CPU time of a child and all that it waited for.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    peak = sampler.finish()
    if process.returncode:
        end = log.read_text(errors="replace")[-_TAIL:]
        raise CommandFailedError(f"{' '.join(map(str, command))} failed; {log} ends with:\n{end}")
    return Cost(
        seconds, usage.ru_utime + usage.ru_stime, peak / _GIGABYTE, round(os.getloadavg()[0], 1)
    )


class _PeakSampler(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root = psutil.Process(pid)
        self._done = threading.Event()
        self._peak = 0

    def run(self) -> None:
        while not self._done.wait(_INTERVAL_SECONDS):
            self._peak = max(self._peak, self._resident())

    def finish(self) -> int:
        self._done.set()
        self.join()
        return self._peak

    def _resident(self) -> int:
        total = 0
        try:
            tree = [self._root, *self._root.children(recursive=True)]
        except psutil.Error:
            return 0
        for process in tree:
            try:
                total += process.memory_info().rss
            except psutil.Error:  # it ended in the meantime
                continue
        return total

"""Whole challenges, each a run in a process of its own, several at the same time.

Much of a run is one thread's work (Kedro, SQL, tracking, plots), and small models gain little from
many threads. Several challenges on a thread each keep the cores busy where one on all of them
does not.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread, current_thread, main_thread
from typing import Any

from podium.common.threads import available_cores

# Libraries read it when they are imported, before any parameter is.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# For an interrupted run to close its tracking, and for what it started to end after it.
_PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class Ended:
    """How the run of a challenge ended.

    Attributes:
        challenge: Its name.
        code: Exit code of its process.
        seconds: How long it took.
    """

    challenge: str
    code: int
    seconds: float


def lanes(wanted: int | None, threads: int | None, challenges: int) -> tuple[int, int]:
    """How many runs at the same time, and how many threads for each.

    Args:
        wanted: How many the user wants; None for one per core.
        threads: How many threads the user wants for each; None to share the cores out.
        challenges: How many there are to run.
    """
    cores = available_cores()
    at_once = max(1, min(wanted or cores // (threads or 1), challenges))
    return at_once, threads or max(1, cores // at_once)


def run_side_by_side(
    project: Path,
    challenges: Sequence[str],
    options: Mapping[str, Any],
    *,
    at_once: int,
    threads: int,
    columns: int,
    show: Callable[[str, str], None],
) -> list[Ended]:
    """Run challenges as `kedro run --pipelines=CHALLENGE` would; how they ended, in this order.

    One that fails stops no other. What they print is handed on line by line. All of them end where
    this process does.

    Args:
        project: Root of the project.
        challenges: Their names.
        options: Of `kedro run`, by the names of its arguments; may be written as JSON.
        at_once: How many run at the same time.
        threads: For each of them.
        columns: Width of their lines.
        show: Called with challenge and line, from several threads.
    """
    processes = _Processes()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": str(columns)}
    for name in _THREADS:
        environment.setdefault(name, str(threads))
    parameters = {**(options.get("params") or {}), "threads": threads}

    def run(challenge: str) -> Ended:
        began = time.monotonic()
        own = {**options, "pipelines": [challenge], "params": parameters}
        process = processes.start(project, own, environment)
        assert process.stdout is not None
        for line in process.stdout:
            # Whoever reads along may be gone, or the disk of the log full: the run goes on.
            with contextlib.suppress(OSError, UnicodeError):
                show(challenge, line.rstrip("\n"))
        return Ended(challenge, process.wait(), time.monotonic() - began)

    with ThreadPoolExecutor(at_once) as pool:
        futures = [pool.submit(run, challenge) for challenge in challenges]
        try:
            with _terminated_as_interrupted():
                waiting = set(futures)
                while waiting:  # in short steps: signals are noticed between them
                    done, waiting = wait(waiting, timeout=1, return_when=FIRST_EXCEPTION)
                    processes.end_what_is_left_over()
                    for future in done:
                        future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            processes.stop()
            raise
    return [future.result() for future in futures]


class _Processes:
    """The runs, each with what it starts in a process group of its own.

    They are started and stopped under one lock: none begins while all are stopped.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._stopped = False
        self._processes: list[subprocess.Popen[str]] = []
        self._ended_at: dict[int, float] = {}
        self._cleared: set[int] = set()

    def start(
        self, project: Path, options: Mapping[str, Any], environment: Mapping[str, str]
    ) -> subprocess.Popen[str]:
        """Start a run.

        Raises:
            RuntimeError: if all were stopped meanwhile.
        """
        with self._lock:
            if self._stopped:
                raise RuntimeError("the runs were stopped")
            process = subprocess.Popen(
                [sys.executable, "-m", "podium.side_by_side", str(project)],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._processes.append(process)
        assert process.stdin is not None
        # Not closed: its end tells the run that nobody waits for it any more.
        process.stdin.write(json.dumps(options) + "\n")
        process.stdin.flush()
        return process

    def end_what_is_left_over(self) -> None:
        """End what a run that is over has started, after a while: its output would not end."""
        now = time.monotonic()
        for process in self._processes:
            if process.poll() is not None:
                ended_at = self._ended_at.setdefault(process.pid, now)
                if now - ended_at > _PATIENCE_SECONDS:
                    self._kill_group(process)

    def stop(self) -> None:
        """Interrupt all, then kill what has not ended."""
        with self._lock:
            self._stopped = True
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            self._kill_group(process)

    def _kill_group(self, process: subprocess.Popen[str]) -> None:
        """Once: later the number of a group that is empty may be that of another one."""
        if process.pid not in self._cleared:
            self._cleared.add(process.pid)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Meanwhile SIGTERM raises KeyboardInterrupt, so that what was started is stopped."""
    if current_thread() is not main_thread():
        yield
        return
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _end_with(parent: int) -> None:
    """Wait for the end of the parent's pipe, which comes when it has ended or was killed."""
    os.read(parent, 1)
    os.killpg(os.getpgrp(), signal.SIGTERM)


def _main(project: str) -> None:
    # A shell lets what it starts in the background ignore interrupts; by them a run is stopped.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    options = json.loads(sys.stdin.readline())
    # Nothing that the run starts may read from the pipe, or hold it.
    parent = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    Thread(target=_end_with, args=(parent,), daemon=True).start()
    from kedro.framework.cli.project import run
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(Path(project))
    assert run.callback is not None
    run.callback(**options)


if __name__ == "__main__":
    _main(*sys.argv[1:])

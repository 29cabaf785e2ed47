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
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium.common.threads import available_cores

# Libraries read it when they are imported, before any parameter is.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PATIENCE_SECONDS = 20
Options = Mapping[str, Any]


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
    options: Options,
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
        options: Of `kedro run`, by the names of its arguments.
        at_once: How many run at the same time.
        threads: For each of them.
        columns: Width of their lines.
        show: Called with challenge and line, from several threads.
    """
    running: dict[str, subprocess.Popen[str]] = {}

    def run(challenge: str) -> Ended:
        began = time.monotonic()
        process = _start(project, challenge, options, threads, columns)
        running[challenge] = process
        assert process.stdout is not None
        for line in process.stdout:
            show(challenge, line.rstrip("\n"))
        return Ended(challenge, process.wait(), time.monotonic() - began)

    pool = ThreadPoolExecutor(at_once)
    futures = [pool.submit(run, challenge) for challenge in challenges]
    try:
        with _terminated_as_interrupted():
            waiting = set(futures)
            while waiting:  # In short steps: a signal is noticed between them.
                _, waiting = wait(waiting, timeout=1, return_when=FIRST_COMPLETED)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        _stop(list(running.values()))
        raise
    pool.shutdown()
    return [future.result() for future in futures]


def _start(
    project: Path, challenge: str, options: Options, threads: int, columns: int
) -> subprocess.Popen[str]:
    parameters = {**(options.get("params") or {}), "threads": threads}
    own = {**options, "pipelines": [challenge], "params": parameters}
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": str(columns)}
    for name in _THREADS:
        environment.setdefault(name, str(threads))
    return subprocess.Popen(
        [sys.executable, "-m", "podium.side_by_side", str(project), json.dumps(own)],
        cwd=project,
        env=environment,
        # Never written to: its end tells the run that nobody waits for it any more.
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def _stop(processes: Sequence[subprocess.Popen[str]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Meanwhile SIGTERM raises KeyboardInterrupt, so that what was started is stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _end_with_the_parent() -> None:
    """Wait for the end of standard input, which comes when the parent has ended or was killed."""
    # Not by sys.stdin: its lock, held by this thread, would spoil the interpreter's end.
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _main(project: str, options: str) -> None:
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    from kedro.framework.cli.project import run
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(Path(project))
    assert run.callback is not None
    run.callback(**json.loads(options))


if __name__ == "__main__":
    _main(*sys.argv[1:])

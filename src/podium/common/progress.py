"""Progress of long work: a bar where a person watches, log lines where none does."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

T = TypeVar("T")
logger = logging.getLogger(__name__)

_LOG_EVERY_SECONDS = 20.0


def track(work: Iterable[T], description: str, total: int | None = None) -> Iterator[T]:
    """Yield from ``work`` and show how far it is.

    Args:
        work: What is gone through.
        description: What is being done, for the bar and the log.
        total: Number of steps; by default ``len(work)`` where it has one.
    """
    from rich.console import Console

    if total is None and isinstance(work, Sized):
        total = len(work)
    if Console(stderr=True).is_terminal:
        yield from _with_bar(work, description, total)
    else:
        yield from _with_log(work, description, total)


def _with_bar(work: Iterable[T], description: str, total: int | None) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(work, total=total, description=description)


def _with_log(work: Iterable[T], description: str, total: int | None) -> Iterator[T]:
    last = time.monotonic()
    for done, item in enumerate(work):
        if time.monotonic() - last >= _LOG_EVERY_SECONDS:
            logger.info("%s: %s of %s", description, done, total if total is not None else "?")
            last = time.monotonic()
        yield item

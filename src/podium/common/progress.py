"""Progress of long work: a bar where a person watches, log lines where none does."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterable, Iterator, Sized
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import ProgressColumn, Task

T = TypeVar("T")
logger = logging.getLogger(__name__)

_LOG_EVERY_SECONDS = 20.0


def track(
    work: Iterable[T], description: str, total: int | None = None, *, unit: str | None = None
) -> Generator[T, None, None]:
    """Yield from ``work`` and show how far it is.

    Args:
        work: What is gone through.
        description: What is being done, for the bar and the log.
        total: Number of steps; by default ``len(work)`` where it has one.
        unit: What a step is, in the plural, to show how many a second and, in the log too, the
            time that is left.
    """
    from rich.console import Console

    if total is None and isinstance(work, Sized):
        total = len(work)
    if Console(stderr=True).is_terminal:
        yield from _with_bar(work, description, total, unit)
    else:
        yield from _with_log(work, description, total, unit)


def _with_bar(
    work: Iterable[T], description: str, total: int | None, unit: str | None
) -> Iterator[T]:
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
        *((_rate_column(unit),) if unit else ()),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(work, total=total, description=description)


def _rate_column(unit: str) -> ProgressColumn:
    from rich.progress import ProgressColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            seconds = task.finished_time or task.elapsed
            return Text(f"{task.completed / seconds:,.0f} {unit}/s" if seconds else "")

    return Rate()


def _with_log(
    work: Iterable[T], description: str, total: int | None, unit: str | None
) -> Iterator[T]:
    began = last = time.monotonic()
    for done, item in enumerate(work):
        now = time.monotonic()
        if now - last >= _LOG_EVERY_SECONDS:
            shown = _rate(done, total, now - began, unit) if unit else ""
            of = total if total is not None else "?"
            logger.info("%s: %s of %s%s", description, done, of, shown)
            last = now
        yield item


def _rate(done: int, total: int | None, seconds: float, unit: str) -> str:
    speed = done / max(seconds, 1e-9)
    left = f", {(total - done) / speed:,.0f} s left" if total and speed else ""
    return f" ({speed:,.0f} {unit}/s{left})"

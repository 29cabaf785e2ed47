"""How long a run may take, counted from its start."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from podium.common.parameters import ParameterError

_UNITS = {"h": 3600, "m": 60, "s": 1}
# Hours, minutes, seconds, in this order, each at most once.
_DURATION = re.compile(r"\s*".join(rf"(?:(\d+(?:\.\d+)?)\s*{unit})?" for unit in _UNITS))
_started = time.monotonic()


class OutOfTimeError(Exception):
    """Training was stopped because its time was up."""


def start_clock() -> None:
    """Mark the start of the run that a time budget is counted from."""
    global _started  # noqa: PLW0603 - one run a process, and nodes share no other state
    _started = time.monotonic()


def start_of_run() -> float:
    """When the run began, on the clock of `time.monotonic`: tells the runs of a process apart."""
    return _started


def seconds_since_start() -> float:
    """Seconds since the run began."""
    return time.monotonic() - _started


def parse_duration(text: str | int | float) -> float:
    """Seconds in ``90``, ``"45s"``, ``"10m"``, ``"1.5h"`` or ``"1h30m"``.

    Raises:
        ParameterError: for anything else, or nothing above zero.
    """
    written = str(text).strip().lower()
    parts = _DURATION.fullmatch(written)
    if parts and written:
        numbers = zip(parts.groups(default="0"), _UNITS.values(), strict=True)
        seconds = sum(float(number) * unit for number, unit in numbers)
    else:
        try:
            seconds = float(written)
        except ValueError:
            raise ParameterError(
                f"time_budget: {text!r} is no duration; write 90, 45s, 10m or 1h30m"
            ) from None
    if not seconds > 0:
        raise ParameterError(f"time_budget: {text!r} must be above zero")
    return seconds


def _checked(text: str | int | float) -> str | int | float:
    parse_duration(text)
    return text


# Of a parameter model: refused where it is no duration, and kept as it is written.
Duration = Annotated[str | int | float, AfterValidator(_checked)]


@dataclass(frozen=True)
class TimeBudget:
    """A budget for the whole run; ``None`` means no end."""

    seconds: float | None = None

    @classmethod
    def parse(cls, text: str | int | float | None) -> TimeBudget:
        """Read the parameter ``time_budget``."""
        return cls(None if text is None else parse_duration(text))

    def remaining(self) -> float:
        """Seconds left, below zero where it is overrun; infinite without a budget."""
        return float("inf") if self.seconds is None else self.seconds - seconds_since_start()

    def allowance(self, spent: float, refit_ratio: float, reserve: float) -> float:
        """Seconds that the next model may take, at most zero where none is left.

        A model is fitted again later, for the submission: it may only take the time that leaves
        room for that, for the refits of those before it, and for the reserve.

        Args:
            spent: Seconds of the models before it.
            refit_ratio: How much longer the refit takes than the fit (0 for none).
            reserve: Seconds for evaluation, prediction and writing.
        """
        return (self.remaining() - refit_ratio * spent - reserve) / (1 + refit_ratio)

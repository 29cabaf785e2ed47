"""How the report shows a value as text: scores, shares, seconds, counts, intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

Format = Callable[[Any], str]


def spans(low: pd.Series, high: pd.Series, show: Format) -> list[str]:
    """Intervals as text."""
    return [f"{show(a)} to {show(b)}" for a, b in zip(low, high, strict=True)]


def span(row: Mapping[str, Any]) -> str:
    """The interval of one row of a leaderboard, for a headline."""
    return f"interval {score(row['ci_low'])} to {score(row['ci_high'])}"


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as dictionaries."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def text(value: Any) -> str:
    """Anything as text; nothing for a missing value."""
    return "" if pd.isna(value) else str(value)


def score(value: float) -> str:
    """Four decimals."""
    return f"{value:.4f}" if math.isfinite(value) else "–"


def signed(value: float) -> str:
    """Four decimals with a sign."""
    return f"{value:+.4f}".replace("-", "−") if math.isfinite(value) else "–"


def percent(value: float) -> str:
    """A share as percent; small ones keep two digits."""
    if not math.isfinite(value):
        return "–"
    shown = 100 * value
    return f"{shown:.1f} %" if shown == 0 or abs(shown) >= 1 else f"{shown:.2g} %"


def signed_percent(value: float) -> str:
    """A relative change as percent with a sign."""
    return f"{100 * value:+.1f} %".replace("-", "−") if math.isfinite(value) else "–"


def seconds(value: float) -> str:
    """Seconds with one decimal below 100."""
    return "–" if not math.isfinite(value) else f"{value:.1f}" if value < 100 else f"{value:,.0f}"  # noqa: PLR2004


def whole(value: float) -> str:
    """A count with separators."""
    return f"{value:,.0f}" if math.isfinite(value) else "–"


def in_quarantine(rows: int) -> str:
    """How many rows were set aside, as the beginning of a sentence."""
    counted = "No row is" if not rows else "1 row is" if rows == 1 else f"{whole(rows)} rows are"
    return f"{counted} in quarantine"

"""Small charts as inline SVG: a few kilobytes each, sharp in print, coloured by the page's style.

Colours come from the CSS classes of the report's template, so that light and dark both work.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

WIDTH = 860.0
LABELS = 250.0
RIGHT = 76.0
ROW = 26.0
TOP = 8.0
AXIS = 42.0
LONGEST_LABEL = 36
TICKS = 6
KEYS_PER_ROW = 3
KEY_ROW = 22
DASHES = ("", *(f' stroke-dasharray="{dash}"' for dash in ("8 4", "2 4", "10 4 2 4")))


@dataclass(frozen=True)
class Mark:
    """One row of a chart.

    Attributes:
        label: Name at the left.
        value: Where the bar ends or the dot lies.
        low: Lower bound of its interval, if it has one.
        high: Upper bound.
        kind: CSS class that colours it.
        text: What stands at the right; the value, if empty.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    kind: str = "main"
    text: str = ""


@dataclass(frozen=True)
class Scale:
    """From values to places on the page."""

    low: float
    high: float
    left: float = LABELS
    right: float = WIDTH - RIGHT

    def __call__(self, value: float) -> float:
        """Where a value lies."""
        share = (value - self.low) / (self.high - self.low)
        return self.left + share * (self.right - self.left)


def interval_chart(marks: Sequence[Mark], unit: str, reference: float | None = None) -> str:
    """Dots with intervals; the axis need not begin at zero.

    Args:
        marks: Rows from the top.
        unit: Label of the axis.
        reference: Where a dashed line stands, such as the best baseline.
    """
    bounds = [bound for mark in marks for bound in (mark.value, mark.low, mark.high)]
    bounds.append(reference)
    known = [bound for bound in bounds if bound is not None and math.isfinite(bound)]
    scale = _scale(min(known, default=0.0), max(known, default=1.0))
    parts = [_axis(scale, len(marks), unit)]
    if reference is not None and math.isfinite(reference):
        x, end = scale(reference), TOP + ROW * len(marks)
        parts.append(f'<line class="reference" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{end}"/>')
    for row, mark in enumerate(marks):
        y = TOP + ROW * (row + 0.5)
        parts.append(_label(mark, y))
        parts.append(_whisker(mark, scale, y))
        parts.append(
            f'<circle class="{mark.kind}" cx="{scale(mark.value):.1f}" cy="{y:.1f}" r="5"/>'
        )
    return _svg(parts, len(marks), unit)


def bar_chart(marks: Sequence[Mark], unit: str) -> str:
    """Horizontal bars from zero, with intervals where they are known.

    Args:
        marks: Rows from the top; values of 0 and above.
        unit: Label of the axis.
    """
    ends = [mark.value if mark.high is None else mark.high for mark in marks]
    scale = _scale(0.0, max((end for end in ends if math.isfinite(end)), default=1.0))
    parts = [_axis(scale, len(marks), unit)]
    for row, mark in enumerate(marks):
        y = TOP + ROW * (row + 0.5)
        parts.append(_label(mark, y))
        if math.isfinite(mark.value):
            width = max(scale(mark.value) - scale.left, 0.0)
            parts.append(
                f'<rect class="{mark.kind}" x="{scale.left:.1f}" y="{y - 8:.1f}" '
                f'width="{width:.1f}" height="16" rx="2"/>'
            )
            parts.append(_whisker(mark, scale, y))
    return _svg(parts, len(marks), unit)


def line_chart(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]], x_unit: str, y_unit: str
) -> str:
    """Lines over a common axis, the vertical one from zero.

    Args:
        lines: Per CSS class `main`, `baseline`, ... after a colon the name: ``main:blend``; values
            are the horizontal and the vertical coordinates.
        x_unit: Label of the horizontal axis.
        y_unit: Label of the vertical axis.
    """
    # Keys stand three to a row above the lines.
    keys = KEY_ROW * max(0, (len(lines) - 1) // KEYS_PER_ROW)
    height, left, bottom = 260.0 + keys, 56.0, 212.0 + keys
    xs = [x for values, _ in lines.values() for x in values]
    ys = [y for _, values in lines.values() for y in values]
    first, last = min(xs, default=0.0), max(xs, default=1.0)
    across = Scale(first, last if last > first else first + 1.0, left, WIDTH - 20)
    up = _scale(0.0, max(ys, default=1.0))
    up = Scale(up.low, up.high, bottom, 30.0 + keys)
    parts = []
    for tick in round_ticks(up.low, up.high):
        y = up(tick)
        parts.append(
            f'<line class="grid" x1="{left}" x2="{WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(f'<text class="tick" x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">')
        parts.append(f"{tick:g}</text>")
    for tick in round_ticks(across.low, across.high):
        parts.append(f'<text class="tick" x="{across(tick):.1f}" y="{bottom + 18}" ')
        parts.append(f'text-anchor="middle">{tick:g}</text>')
    drawn: dict[str, int] = {}
    for number, (key, (horizontal, vertical)) in enumerate(lines.items()):
        kind, name = key.split(":", 1)
        # Lines of one kind share its colour.
        dash = DASHES[drawn.setdefault(kind, 0) % len(DASHES)]
        drawn[kind] += 1
        points = " ".join(
            f"{across(x):.1f},{up(y):.1f}" for x, y in zip(horizontal, vertical, strict=True)
        )
        parts.append(f'<polyline class="{kind}"{dash} points="{points}"/>')
        x = left + 10 + 250 * (number % KEYS_PER_ROW)
        y = 14 + KEY_ROW * (number // KEYS_PER_ROW)
        parts.append(f'<line class="{kind} key"{dash} x1="{x}" x2="{x + 22}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{x + 30}" y="{y + 4}">{escape(cut_label(name))}</text>')
    middle = (left + WIDTH - 20) / 2
    parts.append(f'<text class="unit" x="{middle}" y="{height - 8}" text-anchor="middle">')
    parts.append(f"{escape(x_unit)}; vertical: {escape(y_unit)}</text>")
    return wrap_svg(parts, height, f"{y_unit} by {x_unit}")


def histogram(
    values: Mapping[str, Sequence[float]], bins: int, upper: float
) -> dict[str, tuple[list[float], list[float]]]:
    """Outlines of histograms in percent on common bins from 0, for `line_chart`.

    Args:
        values: As the keys of `line_chart`, the values of all units.
        bins: Number of bins.
        upper: Where the last bin ends.
    """
    edges = np.linspace(0.0, max(upper, 1e-9), bins + 1)
    outlines = {}
    for key, scores in values.items():
        counts, _ = np.histogram(np.asarray(scores, dtype=np.float64), bins=edges)
        shares = 100 * counts / max(len(scores), 1)
        outlines[key] = (np.repeat(edges, 2)[1:-1].tolist(), np.repeat(shares, 2).tolist())
    return outlines


def _scale(low: float, high: float) -> Scale:
    spread = high - low or abs(high) or 1.0
    margin = 0.04 * spread
    return Scale(0.0 if low == 0 else max(low - margin, min(low, 0.0)), high + margin)


def round_ticks(low: float, high: float) -> list[float]:
    """Round numbers between two bounds."""
    raw = (high - low) / TICKS
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw)
    first = math.ceil(low / step - 1e-9)
    return [round(step * number, 12) for number in range(first, int(high / step + 1e-9) + 1)]


def _axis(scale: Scale, rows: int, unit: str) -> str:
    end = TOP + ROW * rows
    parts = []
    for tick in round_ticks(scale.low, scale.high):
        x = scale(tick)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{end}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{end + 16}" text-anchor="middle">')
        parts.append(f"{tick:g}</text>")
    middle = (scale.left + scale.right) / 2
    parts.append(f'<text class="unit" x="{middle}" y="{end + 36}" text-anchor="middle">')
    parts.append(f"{escape(unit)}</text>")
    return "".join(parts)


def _label(mark: Mark, y: float) -> str:
    text = mark.text or (f"{mark.value:.4f}" if math.isfinite(mark.value) else "none")
    return (
        f'<text x="{LABELS - 10}" y="{y + 4:.1f}" text-anchor="end">{escape(cut_label(mark.label))}'
        f'</text><text class="value" x="{WIDTH}" y="{y + 4:.1f}" text-anchor="end">'
        f"{escape(text)}</text>"
    )


def _whisker(mark: Mark, scale: Scale, y: float) -> str:
    if mark.low is None or mark.high is None or not math.isfinite(mark.low + mark.high):
        return ""
    return (
        f'<line class="whisker" x1="{scale(mark.low):.1f}" x2="{scale(mark.high):.1f}" '
        f'y1="{y:.1f}" y2="{y:.1f}"/>'
    )


def cut_label(text: str) -> str:
    """A name that is not too long for its place."""
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"


def _svg(parts: Sequence[str], rows: int, title: str) -> str:
    return wrap_svg(parts, TOP + ROW * rows + AXIS, title)


def wrap_svg(parts: Sequence[str], height: float, title: str) -> str:
    """The whole picture, as wide as all others; `title` is what is read out in its place."""
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )

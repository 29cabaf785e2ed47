"""Points on a plane as inline SVG: a map without units, or two values on logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from podium.common.charts import WIDTH, Scale, cut_label, round_ticks, wrap_svg

HEIGHT = 460.0
TOP = 34.0
EDGE = 16.0
KEY_WIDTH = 210
MARGIN = 0.04
FEWEST_TICKS = 3
FEWEST_LINES = 2

Points = Mapping[str, tuple[Sequence[float], Sequence[float]]]


@dataclass(frozen=True)
class LogAxes:
    """Two logarithmic axes with the same bounds, for values above zero.

    Attributes:
        across: Title of the horizontal axis, with its unit.
        up: Title of the vertical axis.
        diagonal: Name of the line on which both values are alike.
    """

    across: str
    up: str
    diagonal: str


def scatter_chart(points: Points, axes: LogAxes | None = None) -> str:
    """Points on a plane.

    Args:
        points: As the lines of `line_chart`: per ``class:name`` both coordinates; later ones are
            drawn above earlier ones.
        axes: What the coordinates are; without axes it is a map whose places have no unit.
    """
    xs = [x for values, _ in points.values() for x in values]
    ys = [y for _, values in points.values() for y in values]
    if axes is None:
        across = Scale(min(xs, default=0.0), max(xs, default=1.0) + 1e-9, EDGE, WIDTH - EDGE)
        up = Scale(min(ys, default=0.0), max(ys, default=1.0) + 1e-9, HEIGHT - 12, TOP)
        return wrap_svg(_dots(points, across, up), HEIGHT, "map")
    low, high = log_bounds([*xs, *ys])
    ends = (math.log10(low), math.log10(high))
    across = Scale(*ends, 76.0, WIDTH - EDGE)
    up = Scale(*ends, HEIGHT - 56, TOP)
    logs = {
        key: (list(map(math.log10, horizontal)), list(map(math.log10, vertical)))
        for key, (horizontal, vertical) in points.items()
    }
    parts = [_axes(axes, across, up), *_dots(logs, across, up)]
    key = EDGE + KEY_WIDTH * len(points)
    parts.append(
        f'<line class="reference" x1="{across.left}" x2="{across.right}" y1="{up.left}" '
        f'y2="{up.right}"/>'
        f'<line class="reference" x1="{key}" x2="{key + 22}" y1="14" y2="14"/>'
        f'<text x="{key + 30}" y="18">{escape(cut_label(axes.diagonal))}</text>'
    )
    return wrap_svg(parts, HEIGHT, f"{axes.up} by {axes.across}")


def log_bounds(values: Iterable[float]) -> tuple[float, float]:
    """Where axes begin and end that show all these values, which are above zero."""
    logs = [math.log10(value) for value in values] or [0.0, 1.0]
    low, high = min(logs), max(logs)
    margin = MARGIN * (high - low or 1.0)
    return 10 ** (low - margin), 10 ** (high + margin)


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten between two bounds; where these are few, their multiples by 2 and 5 too."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1,), (1, 2, 5)):
        every = (float(f"{factor}e{power}") for power in powers for factor in factors)
        ticks = [tick for tick in every if low <= tick <= high]
        if len(ticks) >= FEWEST_TICKS:
            return ticks
    return ticks if len(ticks) >= FEWEST_LINES else round_ticks(low, high)


def tick_text(tick: float) -> str:
    """A tick in figures, such as 0.01 or 10,000."""
    return f"{tick:,.12g}"


def _dots(points: Points, across: Scale, up: Scale) -> list[str]:
    """All points, and their names above them."""
    parts = []
    for number, (key, (horizontal, vertical)) in enumerate(points.items()):
        kind, name = key.split(":", 1)
        for x, y in zip(horizontal, vertical, strict=True):
            parts.append(f'<circle class="{kind}" cx="{across(x):.1f}" cy="{up(y):.1f}" r="2.4"/>')
        x = EDGE + KEY_WIDTH * number
        parts.append(f'<circle class="{kind}" cx="{x:g}" cy="14" r="4"/>')
        parts.append(f'<text x="{x + 10:g}" y="18">{escape(cut_label(name))}</text>')
    return parts


def _axes(axes: LogAxes, across: Scale, up: Scale) -> str:
    """Lines and figures at the ticks, and the titles."""
    parts = []
    for tick in log_ticks(10**across.low, 10**across.high):
        x, y = across(math.log10(tick)), up(math.log10(tick))
        parts.append(
            f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{up.right}" y2="{up.left}"/>'
            f'<line class="grid" x1="{across.left}" x2="{across.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{x:.1f}" y="{up.left + 18}" text-anchor="middle">'
            f"{tick_text(tick)}</text>"
            f'<text class="tick" x="{across.left - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{tick_text(tick)}</text>"
        )
    middle, height = (across.left + across.right) / 2, (up.left + up.right) / 2
    parts.append(
        f'<text class="unit" x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">'
        f"{escape(axes.across)}</text>"
        f'<text class="unit" transform="translate(14 {height}) rotate(-90)" '
        f'text-anchor="middle">{escape(axes.up)}</text>'
    )
    return "".join(parts)

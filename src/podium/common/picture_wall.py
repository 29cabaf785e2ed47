"""Rows of pictures as inline SVG, for reports without any outside file."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_GAP = 14.0
_LABEL = 22.0
_BORDER = 3.0
_LONGEST_LABEL = 24


@dataclass(frozen=True)
class Picture:
    """One picture of a wall.

    Attributes:
        jpeg: Bytes of a JPEG file; empty for a blank place.
        width: Of the picture, in any unit: only the proportions count.
        height: Likewise.
        label: Below the picture.
        good: True and False draw a border, None draws none.
    """

    jpeg: bytes
    width: int
    height: int
    label: str
    good: bool | None = None


def picture_wall(rows: Sequence[Sequence[Picture]], side: float) -> str:
    """Pictures in rows, each in a square.

    Args:
        rows: From the top.
        side: Of a square, in the units of the page (about pixels).
    """
    columns = max((len(row) for row in rows), default=0)
    width = max(columns * (side + _GAP), 1.0)
    height = len(rows) * (side + _LABEL + _GAP)
    parts = [
        _placed(picture, column * (side + _GAP), row * (side + _LABEL + _GAP), side)
        for row, line in enumerate(rows)
        for column, picture in enumerate(line)
    ]
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" style="max-width:{width:.0f}px" role="img" '
        f'aria-label="pictures">{"".join(parts)}</svg>'
    )


def _placed(picture: Picture, x: float, y: float, side: float) -> str:
    scale = (side - 2 * _BORDER) / max(picture.width, picture.height)
    width, height = picture.width * scale, picture.height * scale
    left, top = x + (side - width) / 2, y + (side - height) / 2
    box = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
    data = base64.b64encode(picture.jpeg).decode()
    shown = f'<image {box} href="data:image/jpeg;base64,{data}"/>' if picture.jpeg else ""
    border = ""
    if picture.good is not None:
        colour = "#2e8f63" if picture.good else "#c0392b"
        border = f'<rect {box} fill="none" stroke="{colour}" stroke-width="{_BORDER}"/>'
    label = picture.label
    if len(label) > _LONGEST_LABEL:
        label = label[: _LONGEST_LABEL - 1] + "…"
    text = f'<text class="tick" x="{x + side / 2:.1f}" y="{y + side + 15:.1f}" '
    return f'{shown}{border}{text}text-anchor="middle">{escape(label)}</text>'

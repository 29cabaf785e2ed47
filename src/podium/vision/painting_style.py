"""The hand of a synthetic artist: palette, brush strokes, canvas.

Strokes follow painterly rendering (Hertzmann 1998, "Painterly rendering with curved brush strokes
of multiple sizes"): the colour comes from the picture below, the direction from a smooth field.
"""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass

import numpy as np

_COLOURS = 9
_STROKES = 1200  # per layer at full coverage
#: Hues of pigments: red lake, sienna, ochre, green earth, ultramarine.
_PIGMENTS = (0.0, 0.05, 0.09, 0.12, 0.3, 0.58, 0.63)
_NATURAL = 0.7  # probability that a painter keeps to pigments


@dataclass(frozen=True)
class Artist:
    """What all paintings of one artist share.

    Attributes:
        palette: Colours from dark to light, float64 (n, 3), 0 to 255.
        accents: Colours that stand out, float64 (m, 3).
        genre: Index of the favourite subject; any whole number.
        coverage: How much of the canvas strokes cover, 0 to 1.
        length: Of a stroke, share of the shorter side.
        width: Of a stroke, as a share of its length.
        swirl: How often the direction of the strokes changes across the canvas.
        jitter: Spread of colours between strokes, grey levels.
        outline: Whether things are drawn with a dark contour.
        weave: Strength of the canvas's texture, grey levels.
    """

    palette: np.ndarray
    accents: np.ndarray
    genre: int
    coverage: float
    length: float
    width: float
    swirl: int
    jitter: float
    outline: bool
    weave: float

    def shade(self, lightness: float) -> tuple[float, ...]:
        """A colour of the palette, from 0 (darkest) to 1 (lightest)."""
        at = min(max(lightness, 0.0), 1.0) * (len(self.palette) - 1)
        low = min(int(at), len(self.palette) - 2)
        mixed = self.palette[low] + (self.palette[low + 1] - self.palette[low]) * (at - low)
        return tuple(mixed.tolist())

    def accent(self, rng: np.random.Generator) -> tuple[float, ...]:
        """One of the colours that stand out, a little varied."""
        colour = self.accents[rng.integers(len(self.accents))] + rng.normal(0, 10, 3)
        return tuple(np.clip(colour, 0, 255).tolist())

    def any_colour(self, rng: np.random.Generator) -> tuple[float, ...]:
        """Any colour of the palette, or an accent."""
        return self.accent(rng) if rng.random() < 1 / 3 else self.shade(rng.random())


def draw_artist(rng: np.random.Generator) -> Artist:
    """A new artist."""
    hue, spread = _hue(rng), rng.choice([0.04, 0.1, 0.25, 0.5])
    saturation = rng.choice([0.12, 0.3, 0.45, 0.7])
    low, high = rng.uniform(0.06, 0.25), rng.uniform(0.8, 1.0)
    palette = [
        colorsys.hsv_to_rgb(
            (hue + spread * at + rng.normal(0, 0.02)) % 1,
            float(np.clip(saturation * (1.2 - 0.8 * at) + rng.normal(0, 0.06), 0, 1)),
            low + (high - low) * at,
        )
        for at in np.linspace(0, 1, _COLOURS)
    ]
    accents = [
        colorsys.hsv_to_rgb(_hue(rng), rng.uniform(0.4, 0.95), rng.uniform(0.4, 0.95))
        for _ in range(3)
    ]
    light = np.array(palette) @ np.array([0.299, 0.587, 0.114])
    return Artist(
        palette=255 * np.array(palette)[np.argsort(light)],
        accents=255 * np.array(accents),
        genre=int(rng.integers(1 << 16)),
        coverage=float(rng.choice([0.1, 0.4, 0.8, 1.0])),
        length=float(rng.uniform(0.02, 0.07)),
        width=float(rng.uniform(0.12, 0.45)),
        swirl=int(rng.integers(2, 7)),
        jitter=float(rng.uniform(4, 16)),
        outline=bool(rng.random() < 0.35),  # noqa: PLR2004
        weave=float(rng.uniform(1, 6)),
    )


def _hue(rng: np.random.Generator) -> float:
    if rng.random() < _NATURAL:
        return float(_PIGMENTS[rng.integers(len(_PIGMENTS))] + rng.normal(0, 0.015)) % 1
    return float(rng.random())


def brush(canvas: np.ndarray, artist: Artist, rng: np.random.Generator) -> None:
    """Go over a picture with strokes, broad ones first, in place."""
    for fineness in (1.0, 0.5):
        _stroke_layer(canvas, artist, fineness, rng)


def lay_on_canvas(picture: np.ndarray, artist: Artist, rng: np.random.Generator) -> np.ndarray:
    """Add weave, uneven varnish and a little grain."""
    import cv2

    height, width = picture.shape[:2]
    rows = 0.5 * rng.normal(0, 1, (height, 1)) + np.sin(np.arange(height) * 2.1)[:, None]
    columns = 0.5 * rng.normal(0, 1, (1, width)) + np.sin(np.arange(width) * 2.1)[None]
    weave = (rows + columns).astype(np.float32) * np.float32(artist.weave / 2)
    varnish = rng.uniform(-10, 6, (4, 4)).astype(np.float32)
    weave += cv2.resize(varnish, (width, height), interpolation=cv2.INTER_LINEAR)
    relief = np.rint(weave).astype(np.int16)
    return cv2.add(picture, cv2.merge([relief] * 3), dtype=cv2.CV_8U)


def _stroke_layer(
    canvas: np.ndarray, artist: Artist, fineness: float, rng: np.random.Generator
) -> None:
    import cv2

    height, width = canvas.shape[:2]
    count = round(_STROKES * artist.coverage / fineness)
    x, y = rng.uniform(0, width, count), rng.uniform(0, height, count)
    angles = _directions(artist.swirl, x / width, y / height, rng)
    reach = artist.length * min(height, width) * fineness * rng.uniform(0.5, 1.3, count) / 2
    thick = np.maximum(2 * reach * artist.width, 1).astype(int)
    colours = canvas[y.astype(int), x.astype(int)] + rng.normal(0, artist.jitter, (count, 1))
    colours = np.clip(colours + rng.normal(0, artist.jitter / 3, (count, 3)), 0, 255)
    step = np.column_stack([np.cos(angles), np.sin(angles)]) * reach[:, None]
    middle = np.column_stack([x, y])
    begin, end = np.rint(middle - step).astype(int), np.rint(middle + step).astype(int)
    lines = zip(begin.tolist(), end.tolist(), colours.tolist(), thick.tolist(), strict=True)
    for one, other, colour, across in lines:
        cv2.line(canvas, one, other, colour, across)


def _directions(swirl: int, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Angles of a smooth random field at places in [0, 1), radians."""
    import cv2

    knots = rng.normal(0, 0.9, (swirl, swirl)).astype(np.float32) + np.float32(
        rng.uniform(0, math.pi)
    )
    field = cv2.resize(knots, (64, 64), interpolation=cv2.INTER_CUBIC)
    return field[(y * 64).astype(int), (x * 64).astype(int)]

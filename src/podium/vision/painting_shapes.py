"""Shapes that the subjects of synthetic paintings are made of. Lengths in px, canvases in place."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Colour = Sequence[float] | np.ndarray
Point = Sequence[float] | np.ndarray

_SUBPIXELS = 4  # bits


def fill(canvas: np.ndarray, points: np.ndarray, colour: Colour, outline: bool = False) -> None:
    """Fill a polygon, points (n, 2) as x, y; with a dark contour if asked."""
    import cv2

    fixed = np.rint(np.asarray(points, float) * 2**_SUBPIXELS).astype(np.int32)
    cv2.fillPoly(canvas, [fixed], list(colour), cv2.LINE_AA, _SUBPIXELS)
    if outline:
        dark = [0.2 * part for part in colour]
        thick = max(min(canvas.shape[:2]) // 150, 1)
        cv2.polylines(canvas, [fixed], True, dark, thick, cv2.LINE_AA, _SUBPIXELS)


def gradient(canvas: np.ndarray, top: Colour, bottom: Colour) -> None:
    """From one colour above to another below; the canvas may be a slice of a larger one."""
    at = np.linspace(0, 1, len(canvas))[:, None]
    canvas[:] = (np.asarray(top) + (np.asarray(bottom) - np.asarray(top)) * at)[:, None].astype(
        np.uint8
    )


def ridge(width: int, height: float, rng: np.random.Generator, octaves: int = 6) -> np.ndarray:
    """A fractal line, float64 (width,), between about -height and height."""
    places = np.linspace(0, 1, width)
    line = np.zeros(width)
    for octave in range(octaves):
        knots = rng.normal(0, 1, 2 ** (octave + 1) + 2)
        line += np.interp(places, np.linspace(0, 1, len(knots)), knots) / 1.9**octave
    return line * height / max(float(np.abs(line).max()), 1e-9)


def below(line: np.ndarray, bottom: float) -> np.ndarray:
    """The polygon between a line of heights and the bottom, float64 (n, 2)."""
    columns = np.arange(len(line), dtype=float)
    last = len(line) - 1
    return np.vstack([np.column_stack([columns, line]), [[last, bottom], [0, bottom]]])


def ellipse(
    canvas: np.ndarray,
    centre: Point,
    radii: Point,
    colour: Colour,
    angle: float = 0.0,
) -> None:
    """A filled ellipse; the angle in degrees."""
    import cv2

    scale = 2**_SUBPIXELS
    at = (round(centre[0] * scale), round(centre[1] * scale))
    axes = (max(round(radii[0] * scale), 1), max(round(radii[1] * scale), 1))
    cv2.ellipse(canvas, at, axes, angle, 0, 360, list(colour), -1, cv2.LINE_AA, _SUBPIXELS)


def ball(
    canvas: np.ndarray,
    centre: Point,
    radii: Point,
    colour: Colour,
    outline: bool = False,
) -> None:
    """A round thing with light from the upper left."""
    base = np.asarray(colour, float)
    if outline:
        ellipse(canvas, centre, (radii[0] * 1.04 + 1, radii[1] * 1.04 + 1), 0.2 * base)
    for step in range(6):
        light, size = 0.55 + 0.15 * step, 1 - 0.15 * step
        at = (centre[0] - 0.06 * step * radii[0], centre[1] - 0.07 * step * radii[1])
        shade = np.minimum(base * light, 255).tolist()
        ellipse(canvas, at, (radii[0] * size, radii[1] * size), shade)
    glint = (centre[0] - 0.38 * radii[0], centre[1] - 0.42 * radii[1])
    ellipse(canvas, glint, (radii[0] * 0.09, radii[1] * 0.07), np.minimum(base + 110, 255).tolist())


def dabs(
    canvas: np.ndarray,
    centres: np.ndarray,
    size: float,
    colours: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Small ellipses at centres (n, 2) in colours (n, 3): leaves, petals, pebbles."""
    sizes = size * rng.uniform(0.5, 1.4, (len(centres), 2))
    angles = rng.uniform(0, 180, len(centres))
    rows = zip(centres.tolist(), sizes.tolist(), colours.tolist(), angles.tolist(), strict=True)
    for centre, radii, colour, angle in rows:
        ellipse(canvas, centre, radii, colour, angle)


def around(colour: Colour, count: int, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Colours near one, float64 (count, 3): mostly lighter or darker, a little other."""
    light = rng.normal(0, spread, (count, 1))
    return np.clip(np.asarray(colour) + light + rng.normal(0, spread / 3, (count, 3)), 0, 255)


def branch(
    canvas: np.ndarray,
    start: np.ndarray,
    angle: float,
    length: float,
    colour: Colour,
    rng: np.random.Generator,
    depth: int = 4,
) -> list[np.ndarray]:
    """A branching line; returns the places of its tips, each (2,)."""
    import cv2

    end = start + length * np.array([math.cos(angle), math.sin(angle)])
    thick = max(round(length * 0.12), 1)
    at = [tuple(np.rint(point).astype(int).tolist()) for point in (start, end)]
    cv2.line(canvas, at[0], at[1], list(colour), thick, cv2.LINE_AA)
    if depth == 0:
        return [end]
    tips = []
    for _ in range(int(rng.integers(2, 4))):
        turn, shorter = rng.normal(0, 0.55), length * rng.uniform(0.55, 0.85)
        tips += branch(canvas, end, angle + turn, shorter, colour, rng, depth - 1)
    return tips

"""Synthetic paintings without a subject: grids, shapes, colour fields. Canvases in place."""

from __future__ import annotations

import math

import numpy as np

from podium.vision.painting_shapes import around, ellipse, fill, ridge
from podium.vision.painting_style import Artist

_UNIT_SQUARE = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
_SMALLEST_CELL = 0.12


def grid(canvas: np.ndarray, artist: Artist, rng: np.random.Generator) -> None:
    """Rectangles in rectangles, some with a figure inside, divided by lines or not."""
    import cv2

    height, width = canvas.shape[:2]
    canvas[:] = np.array(artist.shade(0.9), np.uint8)
    lines = rng.choice([0, 2, 8])
    for left, top, wide, tall in _divided((0.0, 0.0, 1.0, 1.0), rng):
        corners = (_UNIT_SQUARE * (wide, tall) + (left, top)) * (width, height)
        corners += rng.normal(0, 0.003 * width, (4, 2))
        fill(canvas, corners, artist.any_colour(rng))
        _emblem(canvas, corners, artist, rng)
        if lines:
            points = [np.rint(corners).astype(np.int32)]
            cv2.polylines(canvas, points, True, list(artist.shade(0.02)), int(lines), cv2.LINE_AA)


def shapes(canvas: np.ndarray, artist: Artist, rng: np.random.Generator) -> None:
    """Circles, triangles, arcs and bars over one another."""
    import cv2

    height, width = canvas.shape[:2]
    canvas[:] = np.array(artist.shade(rng.choice([0.15, 0.85, 0.95])), np.uint8)
    short = min(height, width)
    for _ in range(int(rng.integers(18, 50))):
        at, size = rng.uniform(0, 1, 2) * (width, height), short * rng.uniform(0.02, 0.2)
        colour, kind, angle = artist.any_colour(rng), rng.integers(5), rng.uniform(0, 360)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        if kind == 0:
            ellipse(canvas, at, (size, size * rng.uniform(0.4, 1)), colour, angle)
            ellipse(canvas, at, (size * 0.5, size * 0.4), artist.any_colour(rng), angle)
        elif kind == 1:
            corners = rng.uniform(-1, 1, (int(rng.integers(3, 6)), 2)) * size
            fill(canvas, corners + at, colour, artist.outline)
        elif kind == 2:  # noqa: PLR2004
            bar = (_UNIT_SQUARE - 0.5) * (size * 3, size * 0.2)
            fill(canvas, bar @ turn.T + at, colour, artist.outline)
        elif kind == 3:  # noqa: PLR2004
            place, axes = np.rint(at).astype(int).tolist(), (round(size), round(size * 0.7))
            thick = max(round(size * 0.1), 1)
            cv2.ellipse(canvas, place, axes, angle, 0, 200, list(colour), thick, cv2.LINE_AA)
        else:
            for cell in range(9):
                square = (_UNIT_SQUARE + (cell % 3, cell // 3)) * size * 0.4
                shade = colour if cell % 2 else artist.shade(0.9)
                fill(canvas, square @ turn.T + at, shade)


def colour_fields(canvas: np.ndarray, artist: Artist, rng: np.random.Generator) -> None:
    """Broad bands with ragged edges, and drips over them."""
    import cv2

    height, width = canvas.shape[:2]
    canvas[:] = np.array(artist.any_colour(rng), np.uint8)
    for top in np.sort(rng.uniform(0, 0.95, int(rng.integers(2, 7)))):
        deep = rng.uniform(0.08, 0.4)
        upper = height * top + ridge(width, height * 0.02, rng, 8)
        lower = height * min(top + deep, 0.98) + ridge(width, height * 0.03, rng, 8)
        columns = np.arange(width)
        band = np.vstack(
            [np.column_stack([columns, upper]), np.column_stack([columns, lower])[::-1]]
        )
        inset = width * rng.uniform(0, 0.08)
        band[:, 0] = inset + band[:, 0] * (1 - 2 * inset / width)
        fill(canvas, band, artist.any_colour(rng))
    colours = around(artist.accent(rng), 60, 40, rng).tolist()
    for colour in colours[: int(rng.integers(5, 60))]:
        walk = np.cumsum(rng.normal(0, 0.03, (int(rng.integers(3, 14)), 2)), axis=0)
        path = (walk + rng.uniform(0, 1, 2)) * (width, height)
        thick = int(rng.integers(1, max(width // 90, 3)))
        cv2.polylines(canvas, [path.astype(np.int32)], False, colour, thick, cv2.LINE_AA)


def _divided(
    box: tuple[float, float, float, float], rng: np.random.Generator
) -> list[tuple[float, float, float, float]]:
    """A rectangle (left, top, width, height) cut into smaller ones at random."""
    left, top, wide, tall = box
    if max(wide, tall) < 2 * _SMALLEST_CELL or (wide * tall < 1 / 5 and rng.random() < 1 / 5):
        return [box]
    share = rng.uniform(0.3, 0.7)
    if wide > tall:
        parts = [
            (left, top, wide * share, tall),
            (left + wide * share, top, wide * (1 - share), tall),
        ]
    else:
        parts = [
            (left, top, wide, tall * share),
            (left, top + tall * share, wide, tall * (1 - share)),
        ]
    return [piece for part in parts for piece in _divided(part, rng)]


def _emblem(
    canvas: np.ndarray, corners: np.ndarray, artist: Artist, rng: np.random.Generator
) -> None:
    """A figure inside a cell, or nothing."""
    middle, size = corners.mean(axis=0), np.ptp(corners, axis=0) / 2
    kind, colour = rng.integers(6), artist.any_colour(rng)
    if kind == 0:
        for share in (0.85, 0.6, 0.35):
            ellipse(canvas, middle, size * share, artist.any_colour(rng))
    elif kind == 1:
        fill(canvas, np.array([[0, -0.8], [0.8, 0.7], [-0.8, 0.7]]) * size + middle, colour)
    elif kind == 2:  # noqa: PLR2004
        for row in np.linspace(-0.8, 0.6, 4):
            fill(canvas, (_UNIT_SQUARE * (1.6, 0.2) + (-0.8, row)) * size + middle, colour)
    elif kind == 3:  # noqa: PLR2004
        fill(canvas, np.array([[0, -0.8], [0.6, 0], [0, 0.8], [-0.6, 0]]) * size + middle, colour)

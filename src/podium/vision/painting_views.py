"""Subjects of synthetic paintings seen from afar: land, sea, town, ink. Canvases in place."""

from __future__ import annotations

import math

import numpy as np

from podium.vision.painting_shapes import (
    around,
    ball,
    below,
    branch,
    dabs,
    ellipse,
    fill,
    gradient,
    ridge,
)
from podium.vision.painting_style import Artist


def landscape(canvas: np.ndarray, artist: Artist, rng: np.random.Generator) -> None:
    """Sky, hills behind one another, fields, trees and a house or two."""
    height, width = canvas.shape[:2]
    horizon = height * rng.uniform(0.3, 0.6)
    _sky(canvas, horizon, artist, rng)
    for depth in np.linspace(0, 1, int(rng.integers(2, 5))):
        middle = horizon + (height - horizon) * 0.5 * depth
        line = middle + ridge(width, height * rng.uniform(0.05, 0.16) * (1.2 - depth), rng)
        colour = artist.shade(0.72 - 0.4 * depth + rng.normal(0, 0.05))
        fill(canvas, below(line, height), colour, artist.outline)
    ground = horizon + (height - horizon) * 0.6
    for _ in range(int(rng.integers(2, 6))):
        _field(canvas, ground, artist, rng)
    for _ in range(int(rng.integers(0, 3))):
        _house(canvas, ground, artist, rng)
    for _ in range(int(rng.integers(1, 8))):
        _tree(canvas, ground, artist, rng)


def sea(canvas: np.ndarray, artist: Artist, rng: np.random.Generator) -> None:
    """Waves in rows below a sky, with boats, rocks, or both."""
    height, width = canvas.shape[:2]
    horizon = height * rng.uniform(0.3, 0.6)
    _sky(canvas, horizon, artist, rng)
    gradient(canvas[int(horizon) :], artist.shade(0.55), artist.shade(0.2))
    boats = [(rng.uniform(0.1, 0.9) * width, rng.uniform(0.05, 0.7)) for _ in range(5)]
    for x, depth in sorted(boats[: int(rng.integers(1, 6))], key=lambda boat: boat[1]):
        _boat(canvas, x, horizon + (height - horizon) * depth, 0.05 + 0.12 * depth, artist, rng)
    for depth in np.linspace(0.03, 1, int(rng.integers(12, 26))) ** 1.6:
        count = int(rng.integers(4, 14))
        y = horizon + (height - horizon) * depth + rng.normal(0, 3, count)
        centres = np.column_stack([rng.uniform(0, width, count), y])
        colours = around(artist.shade(rng.uniform(0.3, 0.95)), count, 18, rng)
        for at, colour in zip(centres.tolist(), colours.tolist(), strict=True):
            radii = (width * (0.015 + 0.05 * depth), max(height * 0.009 * depth, 1))
            ellipse(canvas, at, radii, colour, float(rng.normal(0, 6)))
    if rng.random() < 1 / 2:
        line = height * rng.uniform(0.8, 0.95) + ridge(width, height * 0.15, rng)
        fill(canvas, below(line, height), artist.shade(0.1), artist.outline)


def town(canvas: np.ndarray, artist: Artist, rng: np.random.Generator) -> None:
    """Houses in rows with lit or dark windows, roofs, a tower, a street."""
    height, width = canvas.shape[:2]
    _sky(canvas, height * 0.8, artist, rng)
    for row, base in enumerate(np.linspace(0.55, 0.95, int(rng.integers(2, 4)))):
        x = -width * rng.uniform(0, 0.1)
        while x < width:
            wide, tall = width * rng.uniform(0.07, 0.18), height * rng.uniform(0.15, 0.45)
            shade = artist.shade(0.75 - 0.2 * row + rng.normal(0, 0.12))
            _facade(canvas, (x, height * base), (wide, tall), shade, artist, rng)
            x += wide * rng.uniform(0.9, 1.15)
    street = np.array([[0, 0.95], [1, 0.95], [1, 1], [0, 1]]) * (width, height)
    fill(canvas, street, artist.shade(0.35))
    for _ in range(int(rng.integers(0, 12))):
        at = (rng.uniform(0, width), height * rng.uniform(0.92, 0.98))
        small = height * rng.uniform(0.012, 0.025)
        ellipse(canvas, at, (small * 0.6, small * 1.6), artist.any_colour(rng))
        ellipse(canvas, (at[0], at[1] - 2 * small), (small * 0.5, small * 0.5), artist.shade(0.8))


def ink(canvas: np.ndarray, artist: Artist, rng: np.random.Generator) -> None:
    """Ink on paper: branches with blossom, faint hills, a column of signs and a seal."""
    import cv2

    height, width = canvas.shape[:2]
    canvas[:] = np.array(artist.shade(0.93), np.uint8)
    dark = artist.shade(0.05)
    for _ in range(int(rng.integers(0, 4))):
        middle = height * rng.uniform(0.3, 0.9)
        line = middle + ridge(width, height * rng.uniform(0.08, 0.2), rng)
        fill(canvas, below(line, height), artist.shade(rng.uniform(0.65, 0.9)))
    tips = []
    for _ in range(int(rng.integers(1, 4))):
        edge = np.array([rng.choice([0.0, 1.0]) * width, rng.uniform(0.2, 1) * height])
        inwards = math.atan2(height * rng.uniform(0.1, 0.6) - edge[1], width / 2 - edge[0])
        tips += branch(canvas, edge, inwards, width * rng.uniform(0.1, 0.25), dark, rng)
    flowers = np.repeat(np.array(tips), 4, axis=0) + rng.normal(
        0, width * 0.012, (4 * len(tips), 2)
    )
    dabs(canvas, flowers, width * 0.01, around(artist.accent(rng), len(flowers), 20, rng), rng)
    x, size = width * rng.uniform(0.06, 0.94), max(height * 0.018, 3)
    for sign in range(int(rng.integers(3, 12))):
        at = np.array([x, height * 0.06 + sign * size * 2.2])
        for _ in range(int(rng.integers(3, 7))):
            one, other = (at + rng.uniform(-size, size, (2, 2)) * 0.9).astype(int).tolist()
            cv2.line(canvas, one, other, list(dark), max(round(size / 5), 1), cv2.LINE_AA)
    seal = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * size
    fill(canvas, seal + (x, height * 0.1 + 12 * size * 2.2), (178, 40, 34))


def _sky(canvas: np.ndarray, horizon: float, artist: Artist, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    night = rng.random() < 1 / 5
    top, low = (0.08, 0.4) if night else (rng.uniform(0.5, 0.8), rng.uniform(0.8, 1))
    gradient(canvas[: max(int(horizon), 1)], artist.shade(top), artist.shade(low))
    canvas[max(int(horizon), 1) :] = np.array(artist.shade(0.45), np.uint8)
    if rng.random() < 1 / 2:
        sun, size = (width * rng.random(), horizon * rng.uniform(0.1, 0.8)), width * 0.04
        ball(canvas, sun, (size, size), artist.accent(rng))
    for _ in range(int(rng.integers(0, 7))):
        at = np.array([rng.uniform(0, width), horizon * rng.uniform(0.05, 0.8)])
        puffs = at + rng.normal(0, 1, (14, 2)) * (width * 0.05, width * 0.015)
        colours = around(artist.shade(0.25 if night else 0.95), 14, 14, rng)
        dabs(canvas, puffs, width * 0.025, colours, rng)


def _field(canvas: np.ndarray, ground: float, artist: Artist, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    top = ground + (height - ground) * rng.uniform(-0.2, 0.7)
    left, wide = rng.uniform(-0.2, 0.9) * width, rng.uniform(0.2, 0.6) * width
    lean = rng.uniform(-0.4, 0.4) * width
    low = top + (height - ground) * rng.uniform(0.15, 0.5)
    corners = [[left, top], [left + wide, top], [left + 1.3 * wide + lean, low], [left + lean, low]]
    fill(canvas, np.array(corners), artist.any_colour(rng), artist.outline)


def _house(canvas: np.ndarray, ground: float, artist: Artist, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    base = (rng.uniform(0.05, 0.8) * width, ground + (height - ground) * rng.uniform(-0.3, 0.5))
    size = height * rng.uniform(0.07, 0.15)
    _facade(canvas, base, (size * rng.uniform(0.9, 1.8), size), artist.shade(0.85), artist, rng)


def _facade(
    canvas: np.ndarray,
    base: tuple[float, float],
    size: tuple[float, float],
    colour: tuple[float, ...],
    artist: Artist,
    rng: np.random.Generator,
) -> None:
    """A house front with its lower left corner at base."""
    (x, y), (wide, tall) = base, size
    unit = np.array([[0, 0], [1, 0], [1, -1], [0, -1]])
    fill(canvas, unit * size + base, colour, artist.outline)
    roof = np.array([[-0.08, -1], [1.08, -1], [rng.uniform(0.3, 0.7), -1 - rng.uniform(0.15, 0.5)]])
    if rng.random() < 3 / 4:
        fill(
            canvas,
            roof * (wide, min(tall, 1.2 * wide)) + (x, y - tall + min(tall, 1.2 * wide)),
            artist.accent(rng),
            artist.outline,
        )
    columns, rows = int(rng.integers(1, 4)), max(int(tall / wide * 2), 1)
    lit = artist.accent(rng)
    for row in range(rows):
        for column in range(columns):
            pane = np.array([(column + 0.5) / columns, -(row + 0.6) / (rows + 0.2)]) * size + base
            half = np.array([wide / columns, tall / rows]) * 0.24
            fill(
                canvas,
                pane + (unit - (0.5, -0.5)) * 2 * half,
                lit if rng.random() < 1 / 3 else artist.shade(0.12),
            )


def _tree(canvas: np.ndarray, ground: float, artist: Artist, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    depth = rng.uniform(-0.25, 0.8)
    base = np.array([rng.uniform(0, 1) * width, ground + (height - ground) * depth])
    tall = height * (0.1 + 0.25 * (depth + 0.25)) * rng.uniform(0.7, 1.3)
    trunk = artist.shade(0.12)
    if rng.random() < 1 / 3:
        # A fir or a cypress.
        wide = tall * rng.uniform(0.12, 0.35)
        for step in np.linspace(0, 0.75, 5):
            tier = np.array(
                [[-wide, -step * tall], [wide, -step * tall], [0, -(step + 0.4) * tall]]
            )
            tier[:2, 0] *= 1.05 - step
            fill(canvas, tier + base, artist.shade(0.15 + 0.15 * step), artist.outline)
        return
    tips = np.array(branch(canvas, base, -math.pi / 2, tall * 0.35, trunk, rng, depth=2))
    leaves = np.repeat(tips, 6, axis=0) + rng.normal(0, tall * 0.1, (6 * len(tips), 2))
    foliage = artist.any_colour(rng) if rng.random() < 1 / 2 else artist.shade(0.35)
    dabs(canvas, leaves, tall * 0.06, around(foliage, len(leaves), 22, rng), rng)


def _boat(
    canvas: np.ndarray,
    x: float,
    y: float,
    size: float,
    artist: Artist,
    rng: np.random.Generator,
) -> None:
    scale = np.array([1, 1]) * size * canvas.shape[1]
    hull = np.array([[-1, -0.15], [1, -0.2], [0.7, 0.15], [-0.7, 0.15]])
    fill(canvas, hull * scale + (x, y), artist.shade(0.1), artist.outline)
    tall, bulge = rng.uniform(0.9, 2.2), rng.uniform(0.3, 1)
    sail = np.array([[0, -0.25], [0, -tall], [bulge, -0.4]])
    fill(canvas, sail * scale + (x, y), artist.accent(rng), artist.outline)
    if rng.random() < 1 / 2:
        fill(canvas, sail * (-0.7, 0.8) * scale + (x - 2, y), artist.shade(0.9), artist.outline)

"""Pictures that are no paintings: pages, patterns, exhibits, streets, charts, things on a table."""

from __future__ import annotations

import math

import numpy as np

from podium.vision.painting_shapes import around, ball, below, dabs, ellipse, fill, gradient, ridge
from podium.vision.painting_style import Artist, draw_artist

_SQUARE = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
_ASPECTS = (1.0, 4 / 3, 3 / 2, 16 / 9)
_TALL = 0.4  # probability
_DISTRACTOR = 3
_SMALLEST = 32  # px
_LETTERS = tuple("abcdefghiklmnoprstuvwy" * 3 + "ABCDEFGHKLMNPRST0123456789.,")


def draw_distractor(seed: int, number: int, longest_side: int = 640) -> np.ndarray:
    """Draw a picture that is no painting.

    Args:
        seed: Of the whole collection.
        number: Which one.
        longest_side: Of the picture, px.

    Returns:
        Red, green, blue, uint8 (H, W, 3). The same arguments give the same bytes.

    Raises:
        ValueError: if the longest side is below 32 px.
    """
    if longest_side < _SMALLEST:
        raise ValueError(f"longest_side must be at least {_SMALLEST} px, got {longest_side}")
    rng = np.random.default_rng([seed, _DISTRACTOR, number])
    short = round(longest_side / _ASPECTS[rng.integers(len(_ASPECTS))])
    size = (longest_side, short) if rng.random() < _TALL else (short, longest_side)
    canvas = np.zeros((*size, 3), np.uint8)
    kind = (_page, _pattern, _exhibit, _street, _chart, _things)[rng.integers(6)]
    kind(canvas, draw_artist(rng), rng)
    return _photographed(canvas, rng)


def _photographed(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A little softness and grain."""
    import cv2

    soft = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.2))
    grain = rng.integers(-5, 6, size=picture.shape[:2], dtype=np.int16)
    return cv2.add(soft, cv2.merge([grain] * 3), dtype=cv2.CV_8U)


def _page(canvas: np.ndarray, colours: Artist, rng: np.random.Generator) -> None:
    """A printed page: a heading, lines of letters, perhaps a picture."""
    import cv2

    height, width = canvas.shape[:2]
    canvas[:] = rng.integers(225, 256)
    ink = (int(rng.integers(0, 70)),) * 3
    margin, size = width * rng.uniform(0.06, 0.12), min(height, width) * rng.uniform(0.025, 0.045)
    font, y = int(rng.choice([0, 3, 4])), height * 0.1
    scale = size / 25
    picture = rng.uniform(0.3, 0.7) * height if rng.random() < 1 / 2 else 2.0 * height
    while y < height - margin:
        if y > picture:
            corners = _SQUARE * (width - 2 * margin, height * 0.2) + (margin, y)
            fill(canvas, corners, colours.any_colour(rng), outline=True)
            y, picture = y + height * 0.25, 2.0 * height
            continue
        count = int((width - 2 * margin) / (19 * scale))
        letters = rng.choice(_LETTERS, max(count, 1))
        letters[rng.random(len(letters)) < 1 / 6] = " "
        place = (round(margin), round(y))
        cv2.putText(canvas, "".join(letters), place, font, scale, ink, 1, cv2.LINE_AA)
        y += size * (1.7 if rng.random() < 9 / 10 else 3.2)


def _pattern(canvas: np.ndarray, colours: Artist, rng: np.random.Generator) -> None:
    """Cloth, tiles or bricks: one motif over and over."""
    height, width = canvas.shape[:2]
    unit = int(min(height, width) * rng.uniform(0.06, 0.25))
    tile = np.empty((max(unit, 4), max(int(unit * rng.uniform(0.7, 1.6)), 4), 3), np.uint8)
    tile[:] = np.array(colours.any_colour(rng), np.uint8)
    for _ in range(int(rng.integers(2, 6))):
        at = rng.uniform(0, 1, 2) * tile.shape[1::-1]
        size = len(tile) * rng.uniform(0.1, 0.45)
        if rng.random() < 1 / 2:
            ellipse(tile, at, (size, size * rng.uniform(0.3, 1)), colours.any_colour(rng))
        else:
            fill(tile, rng.uniform(-1, 1, (4, 2)) * size + at, colours.any_colour(rng))
    rows, columns = -(-height // tile.shape[0]), -(-width // tile.shape[1])
    canvas[:] = np.tile(tile, (rows, columns, 1))[:height, :width]


def _exhibit(canvas: np.ndarray, colours: Artist, rng: np.random.Generator) -> None:
    """A vase or a statue on a plinth before a plain wall."""
    height, width = canvas.shape[:2]
    grey = rng.uniform(60, 220)
    gradient(canvas, (grey * 1.1,) * 3, (grey * 0.8,) * 3)
    x, base, tall = width / 2, height * 0.82, height * rng.uniform(0.45, 0.7)
    plinth = (_SQUARE - (0.5, 0)) * (min(tall * 0.8, width * 0.7), height * 0.2) + (x, base)
    fill(canvas, plinth, (grey * 0.6,) * 3, outline=True)
    knots = rng.uniform(0.08, 0.32, int(rng.integers(4, 9)))
    up = np.linspace(0, 1, 40)
    profile = np.interp(up, np.linspace(0, 1, len(knots)), knots) * min(tall, width)
    stone = np.array(colours.shade(rng.random()))
    for step in range(8):
        right = x - profile + 2 * profile * (1 - step / 8)
        sides = np.concatenate([x - profile, right[::-1]])
        body = np.column_stack([sides, base - np.concatenate([up, up[::-1]]) * tall])
        fill(canvas, body, np.minimum(stone * (0.4 + 0.1 * step), 255).tolist())
    marks = np.column_stack(
        [x + rng.normal(0, 0.1, 40) * tall, base - rng.uniform(0.1, 0.9, 40) * tall]
    )
    dabs(canvas, marks, tall * 0.012, around((stone * 0.5).tolist(), 40, 12, rng), rng)


def _street(canvas: np.ndarray, colours: Artist, rng: np.random.Generator) -> None:
    """A road that runs to the horizon between trees and walls."""
    height, width = canvas.shape[:2]
    vanishing = np.array([rng.uniform(0.35, 0.65) * width, rng.uniform(0.35, 0.55) * height])
    light = rng.uniform(170, 250)
    gradient(canvas, (light * 0.8, light * 0.9, light), (light, light, light))
    line = vanishing[1] + ridge(width, height * 0.06, rng)
    fill(canvas, below(line, height), (90, 110, 80))
    half = width * rng.uniform(0.4, 0.8)
    road = np.array([vanishing, [vanishing[0] + half, height], [vanishing[0] - half, height]])
    fill(canvas, road, (rng.uniform(80, 120),) * 3)
    for share in np.linspace(0.1, 1, 9) ** 1.5:
        y, reach = vanishing[1] + (height - vanishing[1]) * share, 0.03 * half * share
        dash = _SQUARE * (reach, (height - vanishing[1]) * 0.06 * share) + (vanishing[0], y)
        fill(canvas, dash, (235, 235, 230))
        for side in (-1, 1):
            foot = np.array([vanishing[0] + side * half * share * rng.uniform(1.1, 1.6), y])
            tall, wide = height * 0.5 * share, width * 0.08 * share
            if rng.random() < 1 / 2:
                fill(
                    canvas,
                    (_SQUARE - (0.5, 1)) * (wide * 2, tall) + foot,
                    colours.shade(rng.random()),
                )
            else:
                leaves = foot - (0, tall) + rng.normal(0, wide * 0.6, (12, 2))
                fill(canvas, (_SQUARE - (0.5, 1)) * (wide * 0.2, tall) + foot, (60, 45, 35))
                dabs(canvas, leaves, wide * 0.5, around((70, 110, 60), 12, 20, rng), rng)


def _chart(canvas: np.ndarray, colours: Artist, rng: np.random.Generator) -> None:
    """Bars and lines over a grid, as on a screen."""
    import cv2

    height, width = canvas.shape[:2]
    canvas[:] = rng.choice([250, 30])
    for y in np.linspace(0.1, 0.9, 9) * height:
        cv2.line(canvas, (0, round(y)), (width, round(y)), (140, 140, 140), 1)
    tops = rng.uniform(0.15, 0.85, int(rng.integers(4, 14)))
    for bar, top in enumerate(tops):
        corners = _SQUARE * (0.7 / len(tops), 0.9 - top) + ((bar + 0.15) / len(tops), top)
        fill(canvas, corners * (width, height), colours.any_colour(rng))
    for _ in range(int(rng.integers(1, 4))):
        line = np.column_stack([np.arange(width), height * 0.5 + ridge(width, height * 0.35, rng)])
        colour = list(colours.accent(rng))
        cv2.polylines(canvas, [line.astype(np.int32)], False, colour, 2, cv2.LINE_AA)


def _things(canvas: np.ndarray, colours: Artist, rng: np.random.Generator) -> None:
    """Boxes and balls on a table, out of focus behind."""
    import cv2

    height, width = canvas.shape[:2]
    patches = around(colours.shade(rng.random()), 35, 40, rng).reshape(5, 7, 3).astype(np.uint8)
    canvas[:] = cv2.resize(patches, (width, height), interpolation=cv2.INTER_CUBIC)
    edge = int(height * rng.uniform(0.45, 0.65))
    gradient(canvas[edge:], colours.shade(0.5), colours.shade(0.75))
    for depth in np.sort(rng.uniform(0.05, 0.9, int(rng.integers(3, 9)))):
        at = np.array([rng.uniform(0.1, 0.9) * width, edge + (height - edge) * depth])
        size, colour = min(height, width) * (0.05 + 0.1 * depth), colours.accent(rng)
        ellipse(canvas, at + (size * 0.3, 0), (size * 1.2, size * 0.3), (40, 36, 34))
        if rng.random() < 1 / 2:
            ball(canvas, at - (0, size * 0.8), (size, size), colour)
            continue
        turn, tall = rng.uniform(-0.5, 0.5), size * rng.uniform(1, 2.5)
        side = np.array([math.cos(turn), 0.3 * math.sin(turn)]) * size
        front = np.array([at - side, at + side, at + side - (0, tall), at - side - (0, tall)])
        fill(canvas, front, colour)
        lid = np.array(
            [
                front[3],
                front[2],
                front[2] + (size * 0.5, -size * 0.4),
                front[3] + (size * 0.5, -size * 0.4),
            ]
        )
        fill(canvas, lid, np.minimum(np.array(colour) * 1.25, 255).tolist())
        band = front * (1, 1) + (0, -tall * 0.3)
        fill(canvas, np.vstack([band[:2], band[:2][::-1] - (0, tall * 0.2)]), colours.shade(0.95))

"""Subjects of synthetic paintings seen close: still lifes, flowers, people. Canvases in place."""

from __future__ import annotations

import math

import numpy as np

from podium.vision.painting_shapes import (
    around,
    ball,
    branch,
    dabs,
    ellipse,
    fill,
    gradient,
)
from podium.vision.painting_style import Artist

_SKIN = ((236, 200, 172), (214, 168, 134), (168, 118, 84), (108, 72, 52))


def still_life(canvas: np.ndarray, artist: Artist, rng: np.random.Generator) -> None:
    """A table with a cloth, vessels and fruit."""
    height, width = canvas.shape[:2]
    edge = height * rng.uniform(0.5, 0.68)
    _room(canvas, edge, artist, rng)
    left = width * rng.uniform(0, 0.5)
    cloth = np.array([[0, -0.02], [0.45, 0], [0.6, 0.45], [0.3, 0.35], [0.1, 0.5], [-0.1, 0.2]])
    fill(canvas, cloth * (width, height) + (left, edge), artist.shade(0.95), artist.outline)
    places = np.sort(rng.uniform(0.02, 0.6, int(rng.integers(4, 11))))
    for place in places:
        base = (width * rng.uniform(0.08, 0.92), edge + (height - edge) * place)
        if rng.random() < 1 / 3 and place < 0.35:  # noqa: PLR2004
            tall = height * rng.uniform(0.2, 0.42)
            _vessel(canvas, base, tall, artist.any_colour(rng), artist, rng)
        else:
            size = min(height, width) * rng.uniform(0.035, 0.08)
            shadow = (base[0] + size * 0.5, base[1] + size * 0.1)
            ellipse(canvas, shadow, (size * 1.2, size * 0.35), artist.shade(0.08))
            radii = (size, size * rng.uniform(0.8, 1.1))
            ball(canvas, (base[0], base[1] - size * 0.7), radii, artist.accent(rng), artist.outline)


def flowers(canvas: np.ndarray, artist: Artist, rng: np.random.Generator) -> None:
    """A bouquet in a vase."""
    height, width = canvas.shape[:2]
    edge = height * rng.uniform(0.68, 0.85)
    _room(canvas, edge, artist, rng)
    base = (width * rng.uniform(0.35, 0.65), edge + (height - edge) * 0.4)
    mouth = np.array([base[0], base[1] - height * rng.uniform(0.25, 0.33)])
    tips: list[np.ndarray] = []
    for angle in rng.normal(-math.pi / 2, 0.5, int(rng.integers(3, 6))):
        reach = height * rng.uniform(0.1, 0.2)
        tips += branch(canvas, mouth, float(angle), reach, artist.shade(0.2), rng, depth=2)
    leaves = np.array(tips)[rng.integers(len(tips), size=50)] + rng.normal(0, width * 0.04, (50, 2))
    dabs(canvas, leaves, width * 0.02, around(artist.shade(0.3), 50, 20, rng), rng)
    _vessel(canvas, base, base[1] - float(mouth[1]), artist.any_colour(rng), artist, rng)
    for tip in tips[:22]:
        _flower(canvas, tip, width * rng.uniform(0.02, 0.055), artist, rng)


def portrait(canvas: np.ndarray, artist: Artist, rng: np.random.Generator) -> None:
    """One to three people from the waist up, before a room or a view."""
    height, width = canvas.shape[:2]
    _room(canvas, height * rng.uniform(0.6, 1.0), artist, rng)
    count = int(rng.choice([1, 1, 1, 2, 3]))
    for place in (np.arange(count) + 0.5) / count:
        size = min(height * 0.14, width * 0.2 / count**0.5) * rng.uniform(0.85, 1.2)
        at = np.array([width * (place + rng.normal(0, 0.04)), height * rng.uniform(0.28, 0.45)])
        _sitter(canvas, at, size, artist, rng)


def figures(canvas: np.ndarray, artist: Artist, rng: np.random.Generator) -> None:
    """People standing, walking and bending in a landscape or a hall."""
    height, width = canvas.shape[:2]
    floor = height * rng.uniform(0.35, 0.6)
    _room(canvas, floor, artist, rng)
    for depth in np.sort(rng.uniform(0, 1, int(rng.integers(3, 12)))):
        feet = np.array(
            [rng.uniform(0.05, 0.95) * width, floor + (height - floor) * (0.1 + depth * 0.85)]
        )
        _walker(canvas, feet, height * (0.16 + 0.3 * depth), artist, rng)


def _room(canvas: np.ndarray, edge: float, artist: Artist, rng: np.random.Generator) -> None:
    """A wall above and a floor or table below; on the wall a curtain, a window or a pattern."""
    height, width = canvas.shape[:2]
    cut = min(max(int(edge), 1), height - 1)
    gradient(canvas[:cut], artist.shade(rng.uniform(0.1, 0.6)), artist.shade(rng.uniform(0.2, 0.8)))
    gradient(canvas[cut:], artist.shade(rng.uniform(0.3, 0.7)), artist.shade(rng.uniform(0.1, 0.4)))
    kind = rng.integers(4)
    if kind == 0:
        for x in np.arange(rng.uniform(0, 0.1), rng.uniform(0.15, 0.5), 0.03) * width:
            fold = np.array([[0, 0], [0.02, 0], [0.035 + rng.normal(0, 0.01), 1], [0.01, 1]])
            shade = artist.shade(rng.uniform(0.1, 0.7))
            fill(canvas, fold * (width, edge) + (x, 0), shade)
    elif kind == 1:
        low, high = np.array([0.1, 0.08]), np.array([rng.uniform(0.3, 0.5), rng.uniform(0.4, 0.8)])
        x, y = rng.uniform(0, 0.5) * width, 0.0
        corners = np.array([low, [high[0], low[1]], high, [low[0], high[1]]]) * (width, edge)
        fill(canvas, corners + (x, y), artist.shade(0.95), outline=True)
        bars = corners + (x, y)
        fill(canvas, bars * (0.02, 1) + (bars[:, 0].mean() * 0.98, 0), artist.shade(0.1))
    elif kind == 2:  # noqa: PLR2004
        step, colour = width * rng.uniform(0.05, 0.1), artist.any_colour(rng)
        grid = np.stack(np.meshgrid(np.arange(0, width, step), np.arange(0, edge, step)), axis=-1)
        places = grid.reshape(-1, 2) + rng.normal(0, step * 0.1, (grid.size // 2, 2))
        dabs(canvas, places[:300], step * 0.15, around(colour, min(len(places), 300), 8, rng), rng)


def _vessel(
    canvas: np.ndarray,
    base: tuple[float, float],
    tall: float,
    colour: tuple[float, ...],
    artist: Artist,
    rng: np.random.Generator,
) -> None:
    """A jug or a bottle: a body of revolution with light from the left."""
    knots = rng.uniform(0.12, 0.42, int(rng.integers(4, 7)))
    knots[-2] = min(knots[-2], 0.18)
    up = np.linspace(0, 1, 24)
    profile = np.interp(up, np.linspace(0, 1, len(knots)), knots)
    profile = np.convolve(np.pad(profile, 3, mode="edge"), np.full(7, 1 / 7), "valid")
    for step in range(7):
        light, share = 0.5 + 0.11 * step, 1 - step / 7
        left = np.column_stack([-profile, -up])
        right = np.column_stack([-profile + 2 * profile * share, -up])
        body = np.vstack([left, right[::-1]]) * tall + base
        shade = np.minimum(np.array(colour) * light, 255).tolist()
        fill(canvas, body, shade, artist.outline and step == 0)
    rim = (base[0], base[1] - tall)
    ellipse(canvas, rim, (profile[-1] * tall, profile[-1] * tall * 0.25), artist.shade(0.1))
    for ring in rng.uniform(0.2, 0.8, int(rng.integers(0, 3))):
        across = float(np.interp(ring, up, profile)) * tall
        y = base[1] - ring * tall
        places = np.column_stack([base[0] + np.linspace(-0.85, 0.85, 9) * across, np.full(9, y)])
        dabs(canvas, places, tall * 0.022, around(artist.accent(rng), 9, 10, rng), rng)


def _flower(
    canvas: np.ndarray, at: np.ndarray, size: float, artist: Artist, rng: np.random.Generator
) -> None:
    petals, turn = int(rng.integers(5, 11)), rng.uniform(0, math.pi)
    colours = around(artist.accent(rng), petals, 16, rng).tolist()
    for petal, colour in enumerate(colours):
        angle = turn + 2 * math.pi * petal / petals
        centre = at + size * 0.7 * np.array([math.cos(angle), math.sin(angle)])
        ellipse(canvas, centre, (size * 0.6, size * 0.3), colour, math.degrees(angle))
    ellipse(canvas, at, (size * 0.3, size * 0.3), artist.shade(rng.choice([0.1, 0.95])))


def _sitter(
    canvas: np.ndarray, at: np.ndarray, size: float, artist: Artist, rng: np.random.Generator
) -> None:
    """Head and shoulders; `size` is half the height of the head."""
    skin = np.array(_SKIN[rng.integers(len(_SKIN))]) * rng.uniform(0.8, 1.05)
    look, hair = rng.normal(0, 0.15), artist.shade(rng.choice([0.05, 0.15, 0.6, 0.9]))
    ellipse(canvas, at - (0, 0.1 * size), (size * 1.02, size * rng.uniform(1.2, 1.7)), hair)
    slope = rng.uniform(1.6, 2.0)
    torso = np.array(
        [
            [-0.4, 0.9],
            [0.4, 0.9],
            [slope, 1.6],
            [2.2, 5],
            [2.4, 9],
            [-2.4, 9],
            [-2.2, 5],
            [-slope, 1.6],
        ]
    )
    clothes = artist.any_colour(rng)
    fill(canvas, torso * size + at, clothes, artist.outline)
    for fold in rng.uniform(-1.8, 1.8, 6):
        crease = np.array([[fold, 2], [fold + 0.08, 2], [fold * 1.2 + rng.normal(0, 0.3), 8]])
        fill(canvas, crease * size + at, (np.array(clothes) * 0.6).tolist())
    fill(
        canvas,
        np.array([[-0.35, 0.5], [0.35, 0.5], [0.5, 1.3], [-0.5, 1.3]]) * size + at,
        (skin * 0.8).tolist(),
    )
    ball(canvas, at, (size * 0.75, size), np.minimum(skin / 1.15, 255).tolist(), artist.outline)
    for side in (-1, 1):
        eye = at + size * np.array([look + 0.28 * side, -0.08])
        ellipse(canvas, eye, (size * 0.14, size * 0.07), (235, 230, 220))
        ellipse(canvas, eye + (size * look * 0.2, 0), (size * 0.06, size * 0.06), (30, 24, 20))
        ellipse(canvas, eye - (0, size * 0.16), (size * 0.17, size * 0.03), hair, 8.0 * side)
    nose = np.array([[look, -0.05], [look + 0.12, 0.28], [look - 0.06, 0.3]])
    fill(canvas, nose * size + at, (skin * 0.72).tolist())
    ellipse(canvas, at + size * np.array([look, 0.5]), (size * 0.2, size * 0.06), (150, 52, 48))
    if rng.random() < 1 / 3:
        brim = at - (0, size * 0.7)
        ellipse(
            canvas, brim, (size * 1.5, size * 0.25), artist.accent(rng), float(rng.normal(0, 6))
        )
        ellipse(canvas, brim - (0, size * 0.3), (size * 0.75, size * 0.5), artist.accent(rng))


def _walker(
    canvas: np.ndarray, feet: np.ndarray, tall: float, artist: Artist, rng: np.random.Generator
) -> None:
    """A whole person of a height in px, in some pose."""
    lean, stride, arm = rng.normal(0, 0.06), rng.uniform(0.03, 0.12), rng.uniform(-0.2, 0.25)
    hip, neck = np.array([lean * 0.5, -0.45]), np.array([lean, -0.82])
    dress = rng.random() < 1 / 2
    clothes, skin = artist.any_colour(rng), _SKIN[rng.integers(len(_SKIN))]
    legs = [[hip[0] - 0.07, hip[1]], [hip[0] + 0.07, hip[1]], [stride, 0], [stride - 0.05, 0]]
    legs += [[0, -0.3]] if not dress else []
    legs += [[-stride + 0.05, 0], [-stride, 0]]
    below_hip = clothes if dress else artist.shade(0.1)
    fill(canvas, np.array(legs) * tall + feet, below_hip, artist.outline)
    body = [neck + (-0.1, 0.02), neck + (0.1, 0.02), hip + (0.08, 0.02), hip + (-0.08, 0.02)]
    fill(canvas, np.array(body) * tall + feet, clothes, artist.outline)
    for side in (-1, 1):
        shoulder = neck + (0.09 * side, 0.04)
        hand = shoulder + (side * (0.1 + abs(arm) * 0.5), 0.28 - arm)
        limb = [shoulder, shoulder + (0.045 * side, 0), hand + (0.02, 0), hand]
        fill(canvas, np.array(limb) * tall + feet, clothes, artist.outline)
        ellipse(canvas, hand * tall + feet, (tall * 0.022, tall * 0.022), skin)
    head = (neck - (0, 0.09)) * tall + feet
    ellipse(canvas, head - (0, tall * 0.02), (tall * 0.065, tall * 0.08), artist.shade(0.06))
    ellipse(canvas, head, (tall * 0.05, tall * 0.068), skin)

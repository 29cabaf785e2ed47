"""Light in a simulated photo: reflections, shadows, exposure. Linear light, float32, 1 is white."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from podium.vision.photo_settings import PhotoSettings

_REDUCTION = 4  # soft fields are drawn at a quarter of the resolution
_WINDOW = 0.35  # probability that a reflection shows a window and not a lamp


def shadow_field(
    shape: tuple[int, int], settings: PhotoSettings, rng: np.random.Generator
) -> np.ndarray:
    """Share of the light that reaches each point, float32 (H, W) in (0, 1]."""
    depth = rng.uniform(*settings.shadow)
    y, x = _grid(shape)
    kind = rng.integers(3)
    if kind == 0:
        shade = _edge(x, y, rng)
    elif kind == 1:
        # A slab between two edges: a beam, a post, an arm.
        angle, at, width = (
            rng.uniform(0, 2 * math.pi),
            rng.uniform(-0.3, 0.3),
            rng.uniform(0.1, 0.3),
        )
        along = x * math.cos(angle) + y * math.sin(angle) - at
        shade = _soft_step(width - np.abs(along), rng.uniform(0.02, 0.08))
    else:
        # The photographer: head and shoulders from below.
        centre, top = rng.uniform(-0.3, 0.3), rng.uniform(-0.2, 0.2)
        size, softness = rng.uniform(0.1, 0.2), rng.uniform(0.02, 0.06)
        head = size - np.hypot((x - centre) / 0.85, y - top)
        shoulders = 2.3 * size - np.hypot(x - centre, (y - top - 3.2 * size) * 0.85)
        shade = _soft_step(np.maximum(head, shoulders), softness)
    return _enlarge(1 - np.float32(depth) * shade, shape)


def glare_field(
    shape: tuple[int, int], settings: PhotoSettings, rng: np.random.Generator
) -> np.ndarray:
    """Light added by reflections on varnish or glass, float32 (H, W)."""
    y, x = _grid(shape)
    low, high = (int(count) for count in settings.glare_spots)
    field = np.full(x.shape, rng.uniform(*settings.glare_veil), np.float32)
    for _ in range(int(rng.integers(low, high + 1))):
        peak, size = rng.uniform(*settings.glare_peak), rng.uniform(*settings.glare_size)
        at = rng.uniform(-0.45, 0.45, 2) * np.array(shape[::-1]) / max(shape)
        spot = (
            _window(x, y, at, size, rng) if rng.random() < _WINDOW else _lamp(x, y, at, size, rng)
        )
        field += np.float32(peak) * spot
    return _enlarge(field, shape)


def white_balance(settings: PhotoSettings, rng: np.random.Generator) -> np.ndarray:
    """Factors of exposure and colour cast on red, green and blue, float32 (3,)."""
    warmth, tint = rng.uniform(*settings.warmth), rng.normal(0, 0.02)
    cast = np.exp([warmth, tint, -warmth])
    return (cast * rng.uniform(*settings.exposure)).astype(np.float32)


def _grid(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Places y and x on a coarse grid, as shares of the longest side from the middle."""
    height, width = shape
    rows, columns = -(-height // _REDUCTION), -(-width // _REDUCTION)
    y = (np.arange(rows, dtype=np.float32) + 0.5) * _REDUCTION - height / 2
    x = (np.arange(columns, dtype=np.float32) + 0.5) * _REDUCTION - width / 2
    scale = np.float32(max(shape))
    grid = np.meshgrid(y / scale, x / scale, indexing="ij")
    return grid[0], grid[1]


def _soft_step(distance: np.ndarray, softness: float) -> np.ndarray:
    """From 0 to 1 where a signed distance passes zero, smoothly."""
    t = np.clip(distance / np.float32(2 * softness) + np.float32(0.5), 0, 1)
    return t * t * (3 - 2 * t)


def _edge(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * math.pi)
    along = x * math.cos(angle) + y * math.sin(angle) - rng.uniform(-0.2, 0.2)
    bent = along + rng.uniform(-0.4, 0.4) * (x * math.sin(angle) - y * math.cos(angle)) ** 2
    return _soft_step(bent, rng.uniform(0.01, 0.2))


def _lamp(
    x: np.ndarray, y: np.ndarray, at: np.ndarray, size: float, rng: np.random.Generator
) -> np.ndarray:
    """An elliptic spot with a bright core and a long tail, as rough varnish gives."""
    angle, stretch = rng.uniform(0, math.pi), rng.uniform(1.0, 2.8)
    along = (x - at[0]) * math.cos(angle) + (y - at[1]) * math.sin(angle)
    across = (y - at[1]) * math.cos(angle) - (x - at[0]) * math.sin(angle)
    square = ((along / stretch) ** 2 + across**2) * np.float32(stretch / size**2)
    core = np.exp(-square * np.float32(rng.uniform(1.0, 2.5)))
    return 0.85 * core + np.float32(0.15) / (1 + square)


def _window(
    x: np.ndarray, y: np.ndarray, at: np.ndarray, size: float, rng: np.random.Generator
) -> np.ndarray:
    """A window of two or three panes in a row, in perspective, with soft edges."""
    slant, lean = rng.normal(0, 0.25, 2)
    wide = np.float32(size * rng.uniform(1.0, 1.6))
    tall = np.float32(size * rng.uniform(1.2, 2.2))
    across = (x - at[0] + slant * (y - at[1])) * (1 + lean * (y - at[1]))
    down = y - at[1] + 0.3 * slant * (x - at[0])
    softness = size * rng.uniform(0.06, 0.25)
    bars = float(rng.integers(2, 4))
    pane = np.abs(np.mod(across / (2 * wide) * bars + bars, 1) - 0.5)
    panes = _soft_step((0.46 - pane) * (2 * wide / bars), softness / 2)
    frame = _soft_step(wide - np.abs(across), softness) * _soft_step(tall - np.abs(down), softness)
    return 0.7 * frame * (0.25 + 0.75 * panes)


def _enlarge(field: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    import cv2

    field = np.ascontiguousarray(field, np.float32)
    return cv2.resize(field, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)

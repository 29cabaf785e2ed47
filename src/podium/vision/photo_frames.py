"""Things that hang on a museum's wall: frames, other paintings, labels."""

from __future__ import annotations

import numpy as np

#: Colours of frames (red, green, blue), and how much of an ornament they carry.
_FRAMES = (
    ((176, 136, 62), 0.5),
    ((140, 104, 48), 0.5),
    ((104, 72, 42), 0.2),
    ((46, 34, 28), 0.1),
    ((24, 24, 24), 0.03),
    ((236, 234, 228), 0.03),
)
_MAT = 0.25  # probability of a card between frame and painting
_LIGHT_ON_SIDES = (1.15, 0.9, 0.7, 1.0)  # top, right, bottom, left: light comes from above


def framed(image: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """An image in a frame.

    Args:
        image: uint8 (H, W, 3).
        rng: Source of kind, width and ornament.

    Returns:
        The framed image, uint8 (H + 2m, W + 2m, 3), and m, px.
    """
    import cv2

    colour, ornament = _FRAMES[rng.integers(len(_FRAMES))]
    short = min(image.shape[:2])
    width = max(round(short * rng.uniform(0.03, 0.15)), 2)
    mat = round(short * rng.uniform(0.03, 0.14)) if rng.random() < _MAT else 0
    shade = (int(rng.integers(215, 245)),) * 3
    panel = cv2.copyMakeBorder(image, *(mat,) * 4, cv2.BORDER_CONSTANT, value=shade)
    panel = cv2.copyMakeBorder(panel, *(width,) * 4, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    _draw_frame(panel, width, np.array(colour, float), ornament, rng)
    return panel, width + mat


def neighbour_panel(rng: np.random.Generator) -> np.ndarray:
    """Another painting in its frame: blurred patches of colour, uint8, about 100 px."""
    import cv2

    height, width = (int(side) for side in rng.integers(70, 120, 2))
    patches = rng.normal(0, 35, (*rng.integers(4, 12, 2), 1)) + rng.normal(0, 12, (1, 1, 3))
    patches = np.clip(patches + rng.uniform(50, 190) + rng.normal(0, 18, 3), 0, 255)
    picture = cv2.resize(patches.astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    return framed(picture, rng)[0]


def wall_label(rng: np.random.Generator) -> np.ndarray:
    """A card with lines of text, uint8 (40, 60, 3)."""
    import cv2

    card = np.full((40, 60, 3), rng.integers(225, 250), np.uint8)
    for row in range(6, int(rng.integers(18, 36)), 5):
        cv2.line(card, (5, row), (int(rng.integers(25, 56)), row), (120, 120, 120), 1)
    return card


def _draw_frame(
    panel: np.ndarray, width: int, colour: np.ndarray, ornament: float, rng: np.random.Generator
) -> None:
    """Moulding along the four sides, mitred, in place."""
    import cv2

    height, length = panel.shape[:2]
    # A profile across the frame: ridges that catch the light.
    knots = rng.uniform(0.5, 1.25, int(rng.integers(3, 7)))
    profile = np.interp(np.linspace(0, len(knots) - 1, width), np.arange(len(knots)), knots)
    profile[-1] *= 0.4
    for ring, height_of_ridge in enumerate(profile):
        right, bottom = length - 1 - ring, height - 1 - ring
        corners = [(ring, ring), (right, ring), (right, bottom), (ring, bottom)]
        for side, light in enumerate(_LIGHT_ON_SIDES):
            shade = np.clip(colour * height_of_ridge * light, 0, 255)
            cv2.line(panel, corners[side], corners[(side + 1) % 4], shade.tolist(), 1)
    across, along = max(width // 2, 2), int(rng.integers(5, 14))
    pattern = rng.uniform(1 - ornament, 1 + ornament, (across, along))
    for strip in (panel[:width], panel[-width:]):
        _carve(strip, pattern)
    for strip in (panel[:, :width], panel[:, -width:]):
        _carve(strip.transpose(1, 0, 2), pattern)


def _carve(strip: np.ndarray, pattern: np.ndarray) -> None:
    """Multiply a strip (width, length, 3) by an ornament repeated along it, in place."""
    import cv2

    width, length = strip.shape[:2]
    unit = max(round(width * pattern.shape[1] / pattern.shape[0] / 2), 4)
    relief = cv2.resize(pattern.astype(np.float32), (unit, width), interpolation=cv2.INTER_LINEAR)
    relief = np.tile(relief, (1, -(-length // unit)))[:, :length, None]
    strip[:] = np.clip(strip * relief, 0, 255).astype(np.uint8)

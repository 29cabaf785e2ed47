"""Where a painting on a wall lands in a photo: the homography of a plane seen by a pinhole camera.

A plane and a pinhole camera give the homography K [r1 r2 t] (Hartley and Zisserman 2004, "Multiple
View Geometry", chapter 8). Zoom and the crop of the photo are a scale and a shift after it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from podium.vision.photo_settings import PhotoSettings

#: Sides of photos and their probability; None follows the painting, as a cropped photo does.
_ASPECTS = ((None, 0.4), (4 / 3, 0.35), (3 / 2, 0.1), (16 / 9, 0.15))
_ACROSS = 0.12  # probability that a tall painting is taken in a wide photo, or the other way round
_BISECTIONS = 14


@dataclass(frozen=True)
class View:
    """A photo's size and what it shows.

    Attributes:
        height: Of the photo, px.
        width: Of the photo, px.
        homography: From px of the painting's image (x, y, 1) to px of the photo, float64 (3, 3).
    """

    height: int
    width: int
    homography: np.ndarray


def draw_view(
    shape: tuple[int, ...], settings: PhotoSettings, rng: np.random.Generator, longest_side: int
) -> View:
    """Place the camera before a painting.

    Args:
        shape: Of the painting's image, (height, width, ...), px.
        settings: Angles, distance, and how much is visible.
        rng: Source of the draw.
        longest_side: Of the photo, px.
    """
    painting = np.array([shape[1], shape[0]], float)
    photo = _photo_size(painting, rng, longest_side)
    onto_plane = _centred(painting)
    seen = _camera(settings, rng) @ onto_plane
    corners = transform(corner_points(*painting), seen)
    low, high = corners.min(axis=0), corners.max(axis=0)
    fit = float((photo / (high - low)).min())
    if rng.random() < settings.close_up:
        share = rng.uniform(*settings.visible)
        inside = 1 - math.sqrt(share)
        aim = painting * (0.5 + rng.uniform(-0.5, 0.5, 2) * inside)
        at = transform(aim[None], seen)[0]
        zoom = _zoom_for(share, seen, at, painting, photo, fit)
        shift = photo / 2 - zoom * at
    else:
        zoom = fit * rng.uniform(*settings.fill)
        spare = photo - zoom * (high - low)
        shift = spare * rng.uniform(0.3, 0.7, 2) - zoom * low
    homography = _placing(zoom, shift) @ seen
    return View(int(photo[1]), int(photo[0]), homography / homography[2, 2])


def transform(points: np.ndarray, homography: np.ndarray) -> np.ndarray:
    """Points (n, 2) through a homography (3, 3), float64 (n, 2)."""
    mapped = np.column_stack([points, np.ones(len(points))]) @ homography.T
    return mapped[:, :2] / mapped[:, 2:]


def corner_points(width: float, height: float) -> np.ndarray:
    """Centres of the corner pixels of an image, clockwise from the top left, float64 (4, 2)."""
    right, bottom = width - 1, height - 1
    return np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]], float)


def resizing(factor_x: float, factor_y: float) -> np.ndarray:
    """Homography of a resized image, where the centre of a pixel is a whole number, (3, 3)."""
    return np.array(
        [[factor_x, 0, factor_x / 2 - 0.5], [0, factor_y, factor_y / 2 - 0.5], [0, 0, 1]]
    )


def quarter_turns(turns: int, height: int, width: int) -> np.ndarray:
    """Homography that goes with `numpy.rot90(image, turns)`, (3, 3)."""
    turned = np.eye(3)
    for _ in range(turns % 4):
        turned = np.array([[0.0, 1, 0], [-1, 0, width - 1], [0, 0, 1]]) @ turned
        height, width = width, height
    return turned


def _photo_size(painting: np.ndarray, rng: np.random.Generator, longest_side: int) -> np.ndarray:
    """Width and height in whole px."""
    probabilities = [probability for _, probability in _ASPECTS]
    aspect = _ASPECTS[rng.choice(len(_ASPECTS), p=probabilities)][0]
    if aspect is None:
        aspect = max(painting.max() / painting.min() * rng.uniform(0.92, 1.08), 1)
        aspect = min(aspect, 2.5)
    wide = (painting[0] >= painting[1]) != (rng.random() < _ACROSS)
    short = max(round(longest_side / aspect), 1)
    return np.array([longest_side, short] if wide else [short, longest_side], float)


def _centred(painting: np.ndarray) -> np.ndarray:
    """From px of the painting to its plane: the middle is 0, the longest side 1."""
    scale = 1 / painting.max()
    x, y = -(painting - 1) / 2 * scale
    return np.array([[scale, 0, x], [0, scale, y], [0, 0, 1]])


def _camera(settings: PhotoSettings, rng: np.random.Generator) -> np.ndarray:
    """From the painting's plane to a picture plane at unit focal length."""
    tilt = math.radians(rng.uniform(*settings.tilt))
    # Visitors step aside more than they stoop; high pictures are seen from below.
    direction = math.radians(rng.normal(0, 28)) + (math.pi if rng.random() < 1 / 2 else 0)
    roll = math.radians(rng.uniform(*settings.roll)) * (1 if rng.random() < 1 / 2 else -1)
    yaw, pitch = tilt * math.cos(direction), tilt * math.sin(direction)
    turn = _rotation(roll, (0, 1)) @ _rotation(pitch, (1, 2)) @ _rotation(yaw, (2, 0))
    return np.column_stack([turn[:, 0], turn[:, 1], [0, 0, rng.uniform(*settings.distance)]])


def _rotation(angle: float, axes: tuple[int, int]) -> np.ndarray:
    turn = np.eye(3)
    one, other = axes
    turn[one, one] = turn[other, other] = math.cos(angle)
    turn[one, other], turn[other, one] = -math.sin(angle), math.sin(angle)
    return turn


def _placing(zoom: float, shift: np.ndarray) -> np.ndarray:
    return np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]], [0, 0, 1]])


def _zoom_for(
    share: float,
    seen: np.ndarray,
    at: np.ndarray,
    painting: np.ndarray,
    photo: np.ndarray,
    fit: float,
) -> float:
    """The zoom at which a share of the painting's area lies within the photo."""
    low, high = math.log(fit / 4), math.log(fit * 16)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        zoom = math.exp(middle)
        homography = _placing(zoom, photo / 2 - zoom * at) @ seen
        if visible_share(painting, photo, homography) > share:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def visible_share(painting: np.ndarray, photo: np.ndarray, homography: np.ndarray) -> float:
    """Share of a painting's area that lies within a photo; both as (width, height), px."""
    import cv2

    window = transform(corner_points(*photo), np.linalg.inv(homography))
    whole = corner_points(*painting)
    if not _in_front(window, homography):
        # The photo shows the horizon of the plane: cut the painting in the photo instead.
        return 1.0
    area, _ = cv2.intersectConvexConvex(window.astype(np.float32), whole.astype(np.float32))
    return float(area) / float(np.prod(painting - 1))


def _in_front(points: np.ndarray, homography: np.ndarray) -> bool:
    depths = points @ homography[2, :2] + homography[2, 2]
    return bool((depths > 0).all())

"""What a visitor's camera sees: a painting in its frame on a wall, neighbours, people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from podium.vision.photo_frames import framed, neighbour_panel, wall_label
from podium.vision.photo_geometry import View, corner_points, resizing, transform

if TYPE_CHECKING:
    from podium.vision.photo_settings import PhotoSettings

#: Colours of museum walls (red, green, blue).
_WALLS = (
    (232, 230, 224),
    (214, 210, 200),
    (186, 186, 184),
    (150, 156, 160),
    (120, 44, 42),
    (64, 84, 76),
    (58, 70, 96),
    (92, 84, 78),
    (44, 42, 44),
)
_HAIR = ((28, 22, 18), (70, 50, 34), (120, 96, 66), (150, 148, 144))
_LABEL = 0.35  # probability of a card with the title
_SHARPNESS = 1.2  # px of the warped picture per px of the photo, so that its near side stays sharp
_FURTHEST = 0.15  # of the painting's depth: nearer to the camera nothing can be drawn
_MASK_REDUCTION = 4


def render_scene(
    image: np.ndarray, view: View, settings: PhotoSettings, rng: np.random.Generator
) -> np.ndarray:
    """Draw the scene in flat light.

    Args:
        image: The painting, uint8 (H, W, 3).
        view: The photo to make.
        settings: How probable frame, neighbours and people are.
        rng: Source of the draw.

    Returns:
        The photo before light and camera, uint8 (view.height, view.width, 3).
    """
    border = rng.random() < settings.framed
    panel, onto_photo, frame = _panel(image, view, border, rng)
    photo = _wall(view, rng)
    sides = image.shape[1], image.shape[0]
    for side in (-1, 1):
        beside, label = rng.random(2) < (settings.neighbour, _LABEL / 2)
        if beside:
            _hang_neighbour(photo, view, side, sides, frame, rng)
        elif label:
            _hang_label(photo, view, side, sides, frame, rng)
    _cast_shadow(photo, panel.shape, onto_photo, rng)
    _paste(photo, panel, onto_photo)
    if rng.random() < settings.person:
        _person(photo, rng)
    return photo


def _panel(
    image: np.ndarray, view: View, border: bool, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """The painting at about the photo's resolution, in its frame; its homography; frame in px."""
    import cv2

    height, width = image.shape[:2]
    corners = transform(corner_points(width, height), view.homography)
    area = cv2.contourArea(corners.astype(np.float32))
    factor = min(1.0, _SHARPNESS * math.sqrt(area / (width * height)))
    size = max(round(width * factor), 2), max(round(height * factor), 2)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if factor < 1 else image
    onto_photo = view.homography @ np.linalg.inv(resizing(size[0] / width, size[1] / height))
    if not border:
        return small, onto_photo, 0.0
    panel, margin = framed(small, rng)
    shift = np.array([[1.0, 0, -margin], [0, 1, -margin], [0, 0, 1]])
    return panel, onto_photo @ shift, margin * width / size[0]


def _wall(view: View, rng: np.random.Generator) -> np.ndarray:
    """Plain wall: a colour, uneven light, grain. Out of focus, so half the resolution will do."""
    import cv2

    size = (view.width + 1) // 2, (view.height + 1) // 2
    colour = np.clip(np.array(_WALLS[rng.integers(len(_WALLS))]) + rng.normal(0, 6, 3), 0, 255)
    corners = rng.uniform(0.75, 1.1, (3, 3)).astype(np.float32)
    grain = rng.integers(-8, 9, size=(size[1], size[0]), dtype=np.int8).astype(np.float32)
    relief = cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.5, 1.5)) * rng.uniform(0.002, 0.008)
    light = cv2.resize(corners, size, interpolation=cv2.INTER_LINEAR) + relief
    wall = np.clip(light[..., None] * colour.astype(np.float32), 0, 255).astype(np.uint8)
    return cv2.resize(wall, (view.width, view.height), interpolation=cv2.INTER_LINEAR)


def _hang_neighbour(
    photo: np.ndarray,
    view: View,
    side: int,
    painting: tuple[int, int],
    frame: float,
    rng: np.random.Generator,
) -> None:
    panel = neighbour_panel(rng)
    scale = max(painting) * rng.uniform(0.5, 1.1) / max(panel.shape[:2])
    gap = frame + max(painting) * rng.uniform(0.08, 0.3)
    top = (painting[1] - panel.shape[0] * scale) * rng.uniform(0.2, 0.8)
    _hang(photo, view, panel, scale, _beside(side, painting, panel.shape[1] * scale, gap), top)


def _hang_label(
    photo: np.ndarray,
    view: View,
    side: int,
    painting: tuple[int, int],
    frame: float,
    rng: np.random.Generator,
) -> None:
    panel = wall_label(rng)
    scale = max(painting) * rng.uniform(0.1, 0.18) / max(panel.shape[:2])
    gap = frame + max(painting) * rng.uniform(0.03, 0.1)
    left = _beside(side, painting, panel.shape[1] * scale, gap)
    _hang(photo, view, panel, scale, left, painting[1] * rng.uniform(0.5, 0.9))


def _beside(side: int, painting: tuple[int, int], width: float, gap: float) -> float:
    """Left edge of something beside the painting, px of the painting."""
    return painting[0] + gap if side > 0 else -gap - width


def _hang(
    photo: np.ndarray, view: View, panel: np.ndarray, scale: float, left: float, top: float
) -> None:
    place = np.array([[scale, 0, left], [0, scale, top], [0, 0, 1.0]])
    onto_photo = view.homography @ place
    corners = corner_points(panel.shape[1], panel.shape[0])
    depths = corners @ onto_photo[2, :2] + onto_photo[2, 2]
    if depths.min() > _FURTHEST:
        _paste(photo, panel, onto_photo)


def _paste(photo: np.ndarray, panel: np.ndarray, onto_photo: np.ndarray) -> None:
    """Warp a panel into the photo, in place, with a smooth outline."""
    import cv2

    height, width = photo.shape[:2]
    corners = transform(corner_points(panel.shape[1], panel.shape[0]), onto_photo)
    low = np.clip(np.floor(corners.min(axis=0)), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, (width, height)).astype(int)
    if (high <= low).any():
        return
    part = photo[low[1] : high[1], low[0] : high[0]]
    shift = np.array([[1.0, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]])
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    warped = cv2.warpPerspective(
        panel, shift @ onto_photo, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    mask = np.zeros((size[1], size[0]), np.uint8)
    outline = np.clip(np.round((corners - low) * 16), -(2**20), 2**20).astype(np.int32)
    cv2.fillConvexPoly(mask, outline, 255, cv2.LINE_AA, shift=4)
    _blend(part, warped, mask)


def _blend(under: np.ndarray, over: np.ndarray, mask: np.ndarray) -> None:
    """Lay a picture over another where the mask says, in place; 255 is opaque."""
    import cv2

    cv2.copyTo(over, (mask == 255).astype(np.uint8), under)  # noqa: PLR2004
    rows, columns = np.nonzero((mask > 0) & (mask < 255))  # noqa: PLR2004
    weight = mask[rows, columns, None].astype(np.float32) / 255
    edge = under[rows, columns]
    under[rows, columns] = (edge + (over[rows, columns] - edge.astype(np.float32)) * weight).astype(
        np.uint8
    )


def _cast_shadow(
    photo: np.ndarray,
    panel: tuple[int, ...],
    onto_photo: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Darken the wall below and beside the frame, in place."""
    depth = rng.uniform(0.15, 0.5)
    offset = max(photo.shape) * rng.uniform(0.004, 0.02) * np.array([rng.uniform(-1, 1), 1])
    corners = transform(corner_points(panel[1], panel[0]), onto_photo) + offset
    softness = max(photo.shape) * rng.uniform(0.004, 0.012)
    mask = _soft_mask(photo.shape, [corners], softness)
    if mask is not None:
        _darken(photo, mask, depth)


def _person(photo: np.ndarray, rng: np.random.Generator) -> None:
    """A visitor seen from behind at the lower left or right, out of focus, in place."""
    import cv2

    height, width = photo.shape[:2]
    head = max(photo.shape) * rng.uniform(0.05, 0.1)
    x = rng.uniform(-0.02, 0.12) * width
    x = x if rng.random() < 1 / 2 else width - x
    y = height - head * rng.uniform(0.5, 3.5)
    body = np.array([[-0.5, 0.8], [0.5, 0.8], [1.9, 1.9], [2.3, 6.0], [-2.3, 6.0], [-1.9, 1.9]])
    circle = np.linspace(0, 2 * math.pi, 20)
    skull = np.column_stack([0.85 * np.cos(circle), 1.1 * np.sin(circle)])
    clothes = np.clip(rng.uniform(20, 170) + rng.normal(0, 22, 3), 0, 255)
    for outline, colour in ((body, clothes), (skull, _HAIR[rng.integers(len(_HAIR))])):
        mask = _soft_mask(photo.shape, [outline * head + (x, y)], head * rng.uniform(0.08, 0.2))
        if mask is None:
            continue
        flat = np.empty_like(photo)
        flat[:] = np.asarray(colour, np.uint8)
        alpha = cv2.merge([mask] * 3).astype(np.float32) / 255
        photo[:] = (photo + (flat.astype(np.float32) - photo) * alpha).astype(np.uint8)


def _soft_mask(
    shape: tuple[int, ...], polygons: list[np.ndarray], softness: float
) -> np.ndarray | None:
    """Polygons with a soft edge, uint8 (H, W); None where nothing of them is in the photo."""
    import cv2

    height, width = shape[:2]
    small = np.zeros((-(-height // _MASK_REDUCTION), -(-width // _MASK_REDUCTION)), np.uint8)
    for polygon in polygons:
        points = np.clip(np.round(polygon / _MASK_REDUCTION * 16), -(2**20), 2**20)
        cv2.fillPoly(small, [points.astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    if not small.any():
        return None
    soft = cv2.GaussianBlur(small, (0, 0), max(softness / _MASK_REDUCTION, 0.5))
    return cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR)


def _darken(photo: np.ndarray, mask: np.ndarray, depth: float) -> None:
    import cv2

    light = 255 - (mask.astype(np.float32) * depth).astype(np.uint8)
    photo[:] = cv2.multiply(photo, cv2.merge([light] * 3), scale=1 / 255)

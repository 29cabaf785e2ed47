"""Photos of a painting as a museum's visitors take them, simulated from its studio image.

Every photo has a mild change of viewpoint, crop, colour and JPEG, for no visitor's photo is a copy
of the pixels; the effect that is asked for comes on top. The order is that of the light: painting
in its frame on the wall, shadow, reflections, lens, sensor, file.

Sources: geometry by Hartley and Zisserman (2004), blur and compression after Hendrycks and
Dietterich (2019), noise after Foi et al. (2008); what visitors' photos are like after Ypsilantis et
al. (2021), "The Met dataset: instance-level recognition for artworks".
"""

from __future__ import annotations

import numpy as np

from podium.vision.photo_camera import blur, expose, store, to_linear
from podium.vision.photo_geometry import draw_view, quarter_turns
from podium.vision.photo_light import glare_field, shadow_field, white_balance
from podium.vision.photo_scene import render_scene
from podium.vision.photo_settings import EFFECTS, STRENGTHS, photo_settings
from podium.vision.reading import shrunk

__all__ = [
    "EFFECTS",
    "STRENGTHS",
    "can_be_photographed",
    "simulate",
    "simulate_with_homography",
]

_SMALLEST_IMAGE = 8  # px
_LEAST_GLARE = 1e-3


def can_be_photographed(width: int, height: int, longest_side: int) -> bool:
    """Whether `simulate` takes an image: not one of a few pixels, nor a very long and thin one.

    Args:
        width: Of the file, px.
        height: Likewise.
        longest_side: To which the image is shrunk when it is read, px; see `read_image`.
    """
    return min(shrunk((width, height), longest_side)) >= _SMALLEST_IMAGE


def simulate(
    image: np.ndarray,
    effect: str,
    strength: int,
    rng: np.random.Generator,
    longest_side: int = 640,
) -> np.ndarray:
    """Take a photo of a painting.

    Args:
        image: Studio image, red, green, blue, uint8 (H, W, 3).
        effect: One of `EFFECTS`.
        strength: 1 mild, 2 typical, 3 hard.
        rng: The same state gives the same bytes, on any number of threads.
        longest_side: Of the photo, px; photos of low resolution are smaller.

    Returns:
        The photo, uint8 (H', W', 3). Its sides need not have the proportions of the image's.

    Raises:
        ValueError: for another effect, strength, shape or type, or sides below 8 px.
    """
    return simulate_with_homography(image, effect, strength, rng, longest_side)[0]


def simulate_with_homography(
    image: np.ndarray,
    effect: str,
    strength: int,
    rng: np.random.Generator,
    longest_side: int = 640,
) -> tuple[np.ndarray, np.ndarray]:
    """Take a photo and say where each point of the painting went.

    The arguments, the photo and the errors are those of `simulate`.

    Returns:
        The photo, and the homography from px (x, y, 1) of the image to px of the photo, (3, 3).
    """
    _check(image, longest_side)
    settings = photo_settings(effect, strength, rng)
    view = draw_view(image.shape, settings, rng, longest_side)
    light = to_linear(render_scene(image, view, settings, rng))
    shape = view.height, view.width
    light *= shadow_field(shape, settings, rng)[..., None]
    glare = glare_field(shape, settings, rng)
    if glare.max() > _LEAST_GLARE:
        light += glare[..., None]
    light = blur(light, settings, rng)
    picture = expose(light, white_balance(settings, rng), settings, rng)
    photo, reduced = store(picture, settings, rng)
    homography = reduced @ view.homography
    if rng.random() < settings.sideways:
        turns = int(rng.choice([1, 3, 2], p=[0.4, 0.4, 0.2]))
        homography = quarter_turns(turns, *photo.shape[:2]) @ homography
        photo = np.ascontiguousarray(np.rot90(photo, turns))
    return photo, homography


def _check(image: np.ndarray, longest_side: int) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:  # noqa: PLR2004
        raise ValueError(f"image must be uint8 (H, W, 3), got {image.dtype} {image.shape}")
    if min(*image.shape[:2], longest_side) < _SMALLEST_IMAGE:
        raise ValueError(
            f"image and photo need sides of at least {_SMALLEST_IMAGE} px, "
            f"got {image.shape[:2]} and {longest_side}"
        )

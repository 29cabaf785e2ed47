"""From an image of any shape to the square of pixels that a pretrained model was made for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from podium.common.checkpoint import CheckpointError
from podium.vision.checkpoint import VISION_FILES
from podium.vision.encoder_options import Framing

_CHANNELS = 3
_BILINEAR = 2


@dataclass(frozen=True)
class Preprocessing:
    """How a checkpoint wants its pixels: normalised = pixel * scale + shift, for each channel.

    Attributes:
        scale: Of red, green and blue.
        shift: Of red, green and blue.
        resample: Pillow's number of the interpolation.
    """

    scale: tuple[float, ...]
    shift: tuple[float, ...]
    resample: int

    @classmethod
    def read(cls, folder: Path) -> Preprocessing:
        """Read a checkpoint's own configuration.

        The file is read here and not through AutoImageProcessor, for several of its classes
        (DINOv3's) need torchvision even to load.

        Raises:
            CheckpointError: if it cannot be read, or is not for three channels.
        """
        path = next(folder / name for name in VISION_FILES.needed if (folder / name).exists())
        try:
            settings: dict[str, Any] = json.loads(path.read_text())
            settings = settings.get("image_processor", settings)
            # Older files leave the factor out; it is transformers' own default then.
            factor = settings.get("rescale_factor", 1 / 255)
            rescale = factor if settings.get("do_rescale", True) else 1.0
            mean, deviation = (0.0,) * _CHANNELS, (1.0,) * _CHANNELS
            if settings.get("do_normalize", True):
                mean, deviation = settings["image_mean"], settings["image_std"]
            scale = tuple(float(rescale) / float(part) for part in deviation)
            shift = tuple(-float(m) / float(d) for m, d in zip(mean, deviation, strict=True))
            resample = int(settings.get("resample", _BILINEAR))
        except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
            raise CheckpointError(
                f"{path}: rescale_factor, image_mean or image_std cannot be used ({error!r})"
            ) from error
        if len(scale) != _CHANNELS:
            raise CheckpointError(
                f"{path}: {len(scale)} channels; only images of three can be used"
            )
        return cls(scale, shift, resample)


def to_square(
    image: np.ndarray,
    size: int,
    resample: int,
    framing: Framing = "crop",
    crop_fraction: float = 1.0,
) -> np.ndarray:
    """Resize an image to a square.

    "crop" brings the shorter side to size / crop_fraction and takes the square in the middle:
    shapes stay true, and the ends of a long image are lost. "squash" brings both sides to size:
    nothing is lost, and shapes are pressed. A crop_fraction below 1 leaves out a border as well
    (224 / 256 = 0.875 is what ImageNet models are usually tested with).

    Args:
        image: Pixels, uint8 (h, w, 3).
        size: Side of the square in pixels.
        resample: Pillow's number of the interpolation; it is antialiased.
        framing: "crop" or "squash".
        crop_fraction: Share of the resized side that the crop keeps, above 0 and at most 1.

    Returns:
        uint8 (size, size, 3), contiguous.

    Raises:
        ValueError: for another shape or type.
    """
    from PIL import Image

    if image.ndim != _CHANNELS or image.shape[2] != _CHANNELS or image.dtype != np.uint8:
        raise ValueError(f"an image must be uint8 (h, w, 3), got {image.dtype} {image.shape}")
    height, width = image.shape[:2]
    box = _window(height, width, size, framing, crop_fraction)
    resized = Image.fromarray(image).resize((size, size), Image.Resampling(resample), box=box)
    return np.asarray(resized)


def _window(
    height: int, width: int, size: int, framing: Framing, crop_fraction: float
) -> tuple[float, float, float, float]:
    """What of an image fills the square: left, top, right, bottom, in its own pixels.

    Whole pixels of the resized image, as a crop after the resizing would take them; reading only
    the window spares the resizing of what the crop cuts off.
    """
    short = round(size / crop_fraction)
    ratio = short / min(height, width)
    full = (short, short) if framing == "squash" else (int(width * ratio), int(height * ratio))
    full = (max(full[0], short), max(full[1], short))
    left, top = ((side - size) // 2 for side in full)
    across, down = width / full[0], height / full[1]
    return (
        left * across,
        top * down,
        min((left + size) * across, width),
        min((top + size) * down, height),
    )

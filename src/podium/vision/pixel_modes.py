"""Any pixel mode that Pillow decodes to, as RGB of 8 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

WHITE = (255, 255, 255)


def to_rgb(image: Image) -> Image:
    """Convert a decoded image to mode RGB; colour profiles are not applied.

    Transparent parts become white: cut-outs of works and goods are drawn for a white page, and
    the colour that lies below full transparency is arbitrary. Deep values are scaled, not
    clipped, see `eight_bits`. CMYK is taken as printed without a profile, Lab goes through Little
    CMS (D50).

    Args:
        image: Loaded, of any mode.

    Returns:
        An image of the same size.

    Raises:
        ValueError: the mode has no conversion.
    """
    from PIL import Image as pillow

    if image.mode[0] in "IF":  # I, I;16 in any byte order, F
        return pillow.fromarray(eight_bits(np.asarray(image))).convert("RGB")
    if image.mode == "LAB":
        return _from_lab(image)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        page = pillow.new("RGB", image.size, WHITE)
        page.paste(layer, mask=layer)
        return page
    if _is_plain_cmyk(image):
        from PIL import ImageChops

        return ImageChops.invert(image).convert("RGB")
    return image.convert("RGB")


def eight_bits(values: np.ndarray) -> np.ndarray:
    """Scale deep grey values to 8 bits.

    Sixteen-bit values are divided by 257. Others hold no range of their own: they are taken as a
    share (floats up to 1), or of 8 or 16 bits, whichever is the least that holds them all; where
    none does, they are stretched from their least to their greatest. What is not finite is 0.

    Args:
        values: Any shape; integers or floats.

    Returns:
        uint8 of the same shape, rounded.
    """
    if values.dtype == np.uint16:
        return np.rint(values / np.float32(257)).astype(np.uint8)
    shares = values.dtype.kind == "f"
    values = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    for top in (1.0, 255.0, 65535.0) if shares else (255.0, 65535.0):
        if low >= 0 and high <= top:
            return np.rint(values * 255 / top).astype(np.uint8)
    return np.rint((values - low) * 255 / (high - low)).astype(np.uint8)


def _from_lab(image: Image) -> Image:
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    if converted is None:
        raise ValueError("Lab could not be converted")
    return converted


def _is_plain_cmyk(image: Image) -> bool:
    """Whether Pillow has wrongly inverted a CMYK JPEG: it takes each for one of Adobe's."""
    return (
        image.mode == "CMYK"
        and getattr(image, "format", None) == "JPEG"
        and "adobe" not in image.info
    )

"""Drawn pictures of generated products: a thing on white that tells a little of its price.

The shape and the hue are those of the category, larger packs fill more of the frame, and what no
text tells of the price shows in the picture: dear things have deeper colours and gold bands.
"""

from __future__ import annotations

import colorsys
from io import BytesIO

import numpy as np

SIDE = 128
"""Width and height in pixels."""
_HUES = 24
_MOST_BANDS = 4
_GOLD, _INK = (212, 172, 60), (40, 40, 44)
_QUALITY = 85


def draw_picture(category: int, pack: int, surplus: float, rng: np.random.Generator) -> bytes:
    """A JPEG of one product.

    Args:
        category: Number of its category, from 0.
        pack: Units in the pack, from 1.
        surplus: Log price less what the text tells, in standard deviations.
        rng: Draws the small differences between pictures.
    """
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (SIDE, SIDE), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    share = np.clip(0.35 + 0.09 * np.log2(pack) + rng.normal(0, 0.02), 0.25, 0.95)
    dear = float(np.clip(0.5 + surplus / 4, 0, 1))
    hue = (category % _HUES) / _HUES + rng.normal(0, 0.01)
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, 0.25 + 0.7 * dear, 0.95 - 0.4 * dear)
    colour = (round(255 * red), round(255 * green), round(255 * blue))
    height = SIDE * float(share)
    width = height * (0.55 + 0.15 * (category % 4))
    middle = SIDE / 2 + rng.normal(0, 2)
    box = (middle - width / 2, (SIDE - height) / 2, middle + width / 2, (SIDE + height) / 2)
    kind = category % 3
    if kind == 0:
        draw.rectangle(box, fill=colour, outline=_INK)
    elif kind == 1:
        draw.ellipse(box, fill=colour, outline=_INK)
    else:
        draw.rounded_rectangle(box, width / 5, fill=colour, outline=_INK)
    for band in range(round(_MOST_BANDS * dear)):
        top = box[1] + height * (0.3 + 0.13 * band)
        draw.rectangle(
            (box[0] + width * 0.2, top, box[2] - width * 0.2, top + height * 0.05), fill=_GOLD
        )
    stream = BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()

"""The gray image that stands where a link failed."""

from __future__ import annotations

from functools import cache
from io import BytesIO

SIDE = 224
"""Width and height in pixels."""
EXTENSION = ".png"
_GRAY = 128
_TAG, _TAG_TEXT = "Placeholder", "podium: the image of this link could not be had"


@cache
def placeholder() -> bytes:
    """A PNG of 224 x 224 gray pixels, marked as a placeholder by a text chunk."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    tags = PngInfo()
    tags.add_text(_TAG, _TAG_TEXT)
    stream = BytesIO()
    Image.new("RGB", (SIDE, SIDE), (_GRAY,) * 3).save(stream, "PNG", pnginfo=tags)
    return stream.getvalue()

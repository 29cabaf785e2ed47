"""What a vision encoder lets choose, and how large it wants to see images."""

from __future__ import annotations

from typing import Any, Literal

Pooling = Literal["cls", "gem", "mean"]
Rotations = Literal["none", "mean", "each"]
Framing = Literal["crop", "squash"]
BackendName = Literal["auto", "torch", "onnx"]

_DEFAULT_SIDE = 512


def longest_side(encoder: Any) -> int:
    """Of the images that an encoder wants to see, in pixels.

    Twice the side of the square that a model sees: the middle square of a long picture is then
    still as large.
    """
    sizes = getattr(encoder, "sizes", None)
    return 2 * max(sizes) if sizes else int(getattr(encoder, "longest_side", _DEFAULT_SIDE))

"""Several views of an image (sizes, rotations) and the one vector that comes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from podium.vision.encoder_options import Framing
from podium.vision.preprocessing import to_square

_LEAST_LENGTH = 1e-12


@dataclass(frozen=True)
class Views:
    """Which views an encoder looks at.

    Attributes:
        sizes: Sides of the squares in pixels.
        turns: Rotations of each square, in quarters of a full turn.
        framing: See `to_square`.
        crop_fraction: See `to_square`.
        resample: Pillow's number of the interpolation.
        apart: Whether each turn gives a vector of its own.
    """

    sizes: tuple[int, ...]
    turns: tuple[int, ...]
    framing: Framing
    crop_fraction: float
    resample: int
    apart: bool = False

    def squares(self, image: np.ndarray) -> list[np.ndarray]:
        """The image as a square of each size, uint8 (s, s, 3); the backend turns them.

        Raises:
            ValueError: if it is not uint8 (h, w, 3).
        """
        return [
            to_square(image, size, self.resample, self.framing, self.crop_fraction)
            for size in self.sizes
        ]

    def join(self, found: np.ndarray, widths: Sequence[int]) -> np.ndarray:
        """Put what a model says of all views together.

        Args:
            found: float32 (sizes * turns, n, d), the turns of the first size first.
            widths: See `join_views`.

        Returns:
            float32 (n, d), or (n, turns, d) where the turns stay apart.
        """
        if not self.apart:
            return join_views(found, widths)
        turns = len(self.turns)
        return np.stack([join_views(found[turn::turns], widths) for turn in range(turns)], axis=1)


def join_views(views: np.ndarray, widths: Sequence[int]) -> np.ndarray:
    """Average the views of each block of a vector and join the blocks.

    Args:
        views: float32 (v, n, d); in each view every block is of unit length.
        widths: Lengths of the blocks, d together.

    Returns:
        float32 (n, d) of unit length, in which every block weighs the same. What is zero in all
        views stays zero.
    """
    blocks = np.split(views.mean(axis=0), np.cumsum(widths)[:-1], axis=1)
    scaled = [
        block / np.maximum(np.linalg.norm(block, axis=1, keepdims=True), _LEAST_LENGTH)
        for block in blocks
    ]
    return (np.hstack(scaled) / np.sqrt(np.float32(len(widths)))).astype(np.float32, copy=False)

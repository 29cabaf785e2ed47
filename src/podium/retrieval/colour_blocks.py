"""Where an image has which colours: HSV histograms of the blocks of a grid, and of the whole.

Histograms are compared by their square roots (Hellinger kernel): Arandjelovic and Zisserman, "Three
things everyone should know to improve object retrieval", CVPR 2012.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.retrieval.whitening import unit_rows

Floats = NDArray[np.float32]
Image = NDArray[np.uint8]
Bins = tuple[int, int, int]

# OpenCV gives the hue of 8-bit images in steps of two degrees.
_HUES = 180
_LEVELS = 256


@dataclass(frozen=True)
class ColourBlocks:
    """Colour histograms of images that are made small first.

    Attributes:
        grid: Blocks along each side.
        bins: Of hue, saturation and value.
        longest_side: In pixels; a larger image is shrunk.
    """

    grid: int = 4
    bins: Bins = (8, 4, 4)
    longest_side: int = 256

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: for one that is not positive, or more bins than there are values.
        """
        if self.grid < 1 or self.longest_side < 1:
            raise ValueError(
                f"grid and longest_side must be positive, got {self.grid}, {self.longest_side}"
            )
        _require_bins(self.bins)

    @property
    def dimensions(self) -> int:
        """Length of an image's vector."""
        return (self.grid**2 + 1) * int(np.prod(self.bins))

    def encode(self, images: Iterable[Image]) -> Floats:
        """One vector for each image.

        Args:
            images: RGB, (height, width, 3) uint8 each; taken one by one.

        Returns:
            Unit rows, or zero for an image without a pixel, (images, dimensions).

        Raises:
            ValueError: for another shape or type.
        """
        rows = [
            colour_blocks(_shrunk(image, self.longest_side), self.grid, self.bins)
            for image in images
        ]
        return np.stack(rows) if rows else np.zeros((0, self.dimensions), dtype=np.float32)


def colour_blocks(image: Image, grid: int = 4, bins: Bins = (8, 4, 4)) -> Floats:
    """HSV histograms of the blocks of a grid, row by row, then of the whole image.

    Every pixel counts for one bin. Hue bins are centred on red, so that reds are not torn apart.
    Each histogram is a share of its block's pixels; a block without a pixel is zero.

    Args:
        image: RGB, (height, width, 3) uint8.
        grid: Blocks along each side.
        bins: Of hue, saturation and value.

    Returns:
        Square roots, of length 1 together; zero for an image without a pixel, ((grid² + 1) * bins,)
        float32.

    Raises:
        ValueError: for another shape or type, or bins that no colour has.
    """
    _require_image(image)
    _require_bins(bins)
    size = int(np.prod(bins))
    cells = _block_numbers(image, grid) * size + _bin_numbers(image, bins)
    counts = np.bincount(cells.ravel(), minlength=grid**2 * size).reshape(grid**2, size)
    counts = np.concatenate([counts, counts.sum(axis=0, keepdims=True)])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return unit_rows(np.sqrt(shares).reshape(1, -1))[0]


def _block_numbers(image: Image, grid: int) -> NDArray[np.int64]:
    height, width = image.shape[:2]
    rows = np.arange(height) * grid // max(height, 1)
    columns = np.arange(width) * grid // max(width, 1)
    return rows[:, None] * grid + columns


def _bin_numbers(image: Image, bins: Bins) -> NDArray[np.int64]:
    import cv2

    if not image.size:
        return np.zeros(image.shape[:2], dtype=np.int64)
    hsv = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2HSV).astype(np.int64)
    hue = (2 * hsv[..., 0] * bins[0] + _HUES) // (2 * _HUES) % bins[0]
    saturation = hsv[..., 1] * bins[1] // _LEVELS
    value = hsv[..., 2] * bins[2] // _LEVELS
    return (hue * bins[1] + saturation) * bins[2] + value


def _shrunk(image: Image, longest_side: int) -> Image:
    import cv2

    _require_image(image)
    height, width = image.shape[:2]
    share = longest_side / max(height, width, 1)
    if share >= 1 or not image.size:
        return image
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _require_image(image: Image) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:  # noqa: PLR2004
        raise ValueError(f"expected (height, width, 3) uint8, got {image.shape} {image.dtype}")


def _require_bins(bins: Bins) -> None:
    most = (_HUES, _LEVELS, _LEVELS)
    if len(bins) != len(most) or not all(1 <= b <= m for b, m in zip(bins, most, strict=True)):
        raise ValueError(f"bins must be positive and no more than there are values, got {bins}")

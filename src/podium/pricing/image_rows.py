"""Images of products as rows that a pretrained vision model with a head learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from podium.common.ordered_work import work_ahead
from podium.vision.augmentation import PLAIN, Augmentation, View
from podium.vision.pictures import Pictures

# Read with twice the side of the square, so that a crop of a quarter is not magnified.
_MARGIN = 2


@dataclass(frozen=True)
class SquareReader:
    """How squares of pixels are made of images.

    Attributes:
        size: Side of a square in pixels.
        resample: Pillow's number of the interpolation.
        threads: Images that are read at a time.
        augmentation: Of the views to learn from.
    """

    size: int
    resample: int
    threads: int
    augmentation: Augmentation

    def read(self, pictures: Pictures, views: list[View]) -> NDArray[np.uint8]:
        """One square of each image, uint8 (n, size, size, 3); black where there is no image."""

        def square(row: int) -> NDArray[np.uint8]:
            image = pictures.read(row, _MARGIN * self.size)
            if image is None:
                return np.zeros((self.size, self.size, 3), np.uint8)
            return views[row].square(image, self.size, self.resample)

        squares = np.empty((len(views), self.size, self.size, 3), np.uint8)
        found = work_ahead(square, range(len(views)), self.threads, 2 * self.threads)
        for row, pixels in enumerate(found):
            squares[row] = pixels
        return squares


@dataclass(frozen=True)
class ImageRows:
    """Images of n products, and numbers that stand beside them, (n, c) float32.

    See `podium.pricing.encoder_network.EncoderRows`.

    Attributes:
        pictures: The images.
        numbers: What stands beside them.
        reader: Makes squares of them.
        views: How each is looked at; as it is by default.
        squares: Pixels in memory, uint8 (n, s, s, 3); None where they are still to be read.
    """

    pictures: Pictures
    numbers: NDArray[np.float32]
    reader: SquareReader
    views: list[View] | None = None
    squares: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.pictures)

    def take(self, rows: NDArray[np.integer]) -> ImageRows:
        """Some of the rows."""
        return ImageRows(
            self.pictures.take(rows),
            self.numbers[rows],
            self.reader,
            None if self.views is None else [self.views[row] for row in rows],
            None if self.squares is None else self.squares[rows],
        )

    def varied(self, generator: np.random.Generator) -> ImageRows:
        """The rows in random views."""
        views = self.reader.augmentation.draw(len(self), generator)
        return replace(self, views=views, squares=None)

    def loaded(self) -> ImageRows:
        """The rows with their pixels in memory."""
        if self.squares is not None:
            return self
        views = [PLAIN] * len(self) if self.views is None else self.views
        return replace(self, squares=self.reader.read(self.pictures, views))

    def pieces(self, size: int) -> list[NDArray[np.int64]]:
        """Places of rows that are computed together."""
        return [
            np.arange(start, min(start + size, len(self))) for start in range(0, len(self), size)
        ]

    def inputs(self, rows: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Squares of pixels, uint8 (rows, s, s, 3); black where there is no image."""
        squares = self.take(rows).loaded().squares
        assert squares is not None
        return squares

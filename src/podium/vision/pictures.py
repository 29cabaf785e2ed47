"""Images of the rows of a table, read when they are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium.vision.reading import ImageFault, read_bytes, read_image


@dataclass(frozen=True)
class Pictures:
    """Where the image of each row is.

    Attributes:
        sources: A path, the bytes of a file, or None for a row without an image, shape (rows,).
    """

    sources: NDArray[np.object_]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Rows that should have an image, shape (rows,); a file may still be spoilt."""
        return np.array([source is not None for source in self.sources], bool)

    @property
    def lost(self) -> int:
        """How many files are not there any more."""
        return sum(isinstance(each, Path) and not each.is_file() for each in self.sources)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.sources)

    def take(self, rows: NDArray[np.integer]) -> Pictures:
        """The given rows, in that order."""
        return Pictures(self.sources[rows])

    def read(self, row: int, longest_side: int | None = None) -> NDArray[np.uint8] | None:
        """The image of a row, (height, width, 3) uint8; None without one, or if it is spoilt."""
        source: Path | bytes | None = self.sources[row]
        if source is None:
            return None
        try:
            return read_image(source, longest_side=longest_side)
        except ImageFault:
            return None

    def in_memory(self) -> Pictures:
        """The same from the bytes of the files, so that these may be deleted."""
        sources = np.empty(len(self), object)
        for row, source in enumerate(self.sources):
            try:
                sources[row] = read_bytes(source) if isinstance(source, Path) else source
            except ImageFault:
                sources[row] = None
        return Pictures(sources)

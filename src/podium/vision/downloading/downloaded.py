"""Images of a table that a download left in a folder, read back in the table's order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from podium.common.ordered_work import work_ahead
from podium.vision.downloading.manifest import PLACEHOLDER
from podium.vision.pictures import Pictures

if TYPE_CHECKING:
    import pandas as pd

NOT_ASKED = "not asked for"


@dataclass(frozen=True)
class DownloadedImages:
    """A folder, and what it holds for each row.

    Attributes:
        folder: Where the files lie.
        table: As `download_images` returns it.
        held: The images in memory, where the folder is not kept.
    """

    folder: Path
    table: pd.DataFrame
    held: Pictures | None = None

    @property
    def real(self) -> NDArray[np.bool_]:
        """False for placeholders, shape (rows,)."""
        return (self.table["status"] != PLACEHOLDER).to_numpy(bool)

    @cached_property
    def pictures(self) -> Pictures:
        """The images of the rows, without placeholders."""
        if self.held is not None:
            return self.held
        files = self.table["file"].to_numpy(str)
        sources = np.empty(len(files), object)
        for row in np.flatnonzero(self.real):
            sources[row] = self.folder / files[row]
        return Pictures(sources)

    def in_memory(self) -> DownloadedImages:
        """The same, and the folder may be deleted."""
        return replace(self, held=self.pictures.in_memory())

    def without_pictures(self) -> DownloadedImages:
        """The table alone, as if no row had an image."""
        return replace(self, held=Pictures(np.empty(len(self.table), object)))

    def read(self, row: int, longest_side: int | None = None) -> np.ndarray | None:
        """The image of a row, (height, width, 3) uint8; None for a placeholder or a spoilt file."""
        return self.pictures.read(row, longest_side)

    def read_all(
        self, longest_side: int | None = None, threads: int = 1
    ) -> Iterator[np.ndarray | None]:
        """All images in the order of the rows, some read ahead."""
        rows = range(len(self.table))
        return work_ahead(lambda row: self.read(row, longest_side), rows, threads, 2 * threads)


def without_download(rows: pd.DataFrame) -> pd.DataFrame:
    """The table of a download that was not wanted: no file for any row.

    Args:
        rows: sample_id and image_link.
    """
    return rows[["sample_id", "image_link"]].assign(
        file="", status=PLACEHOLDER, reason=NOT_ASKED, bytes=0, width=0, height=0, seconds=0.0
    )

"""Images of a table that a download left in a folder, read back in the table's order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from podium.common.ordered_work import work_ahead
from podium.vision.downloading.manifest import PLACEHOLDER
from podium.vision.reading import ImageFault, read_image

if TYPE_CHECKING:
    import pandas as pd

NOT_ASKED = "not asked for"


@dataclass(frozen=True)
class DownloadedImages:
    """A folder, and what it holds for each row.

    Attributes:
        folder: Where the files lie.
        table: As `download_images` returns it.
    """

    folder: Path
    table: pd.DataFrame

    @property
    def real(self) -> NDArray[np.bool_]:
        """False for placeholders, shape (rows,)."""
        return (self.table["status"] != PLACEHOLDER).to_numpy(bool)

    def read(self, row: int, longest_side: int | None = None) -> np.ndarray | None:
        """The image of a row, (height, width, 3) uint8; None for a placeholder or a spoilt file."""
        if not self.real[row]:
            return None
        try:
            return read_image(
                self.folder / str(self.table["file"].iloc[row]), longest_side=longest_side
            )
        except ImageFault:
            return None

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

"""Rows and the images that a download left for them, held against each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from podium.vision.downloading.items import SAMPLE_ID
from podium.vision.downloading.tables import check_files, file_faults

if TYPE_CHECKING:
    import pandas as pd


def check_rows(table: pd.DataFrame, folder: Path) -> str:
    """Make sure that each row has its image, and say which images belong to no row.

    The latter are no fault: a row that has gone leaves its image behind.

    Args:
        table: From `download_images`; rows may have got other ids since, several of them the same.
        folder: Of the images.

    Returns:
        How many images belong to no row, and the first of them; empty where there is none.

    Raises:
        PodiumError: a row has no file, or a file has another size than noted.
    """
    # A file is known by its own name. That rows share an id is judged before the download.
    numbered = table.assign(**{SAMPLE_ID: range(len(table))})
    faults = file_faults(numbered, folder)
    if faults:
        check_files(numbered, folder, strays=False)
    return "; ".join(faults)

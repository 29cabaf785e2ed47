"""Kedro datasets of images: a competition's folder of image files, and one that a run writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from podium.atomic_save import AtomicSave
from podium.outdated import OutdatedFiles

if TYPE_CHECKING:
    import pandas as pd

    from podium.vision.downloading.downloaded import DownloadedImages
    from podium.vision.image_folder import ImageFolder


class ImageFolderDataset(AbstractDataset[None, "ImageFolder | None"]):
    """A competition's folder of images.

    Loading lists the folder; images are read by the object that it gives. None where a folder
    that is not required is missing or empty. Anything else in its place is refused: a file, or a
    link whose target is away, is a slip, and a run must not go on as if no images were meant.
    """

    def __init__(
        self, *, filepath: str, schema: str, metadata: dict[str, Any] | None = None
    ) -> None:
        """Declare the folder.

        Args:
            filepath: Where the folder lies.
            schema: Import path of its ``RawFolder`` description.
            metadata: For kedro-viz and other plugins.
        """
        self._filepath = PurePosixPath(filepath)
        self._schema = schema
        self.metadata = metadata

    def load(self) -> ImageFolder | None:
        """List the folder; RawDataError where it is none, or has no image."""
        from kedro.utils import load_obj

        from podium.vision.image_folder import ImageFolder

        folder = Path(self._filepath)
        left_out = folder.is_dir() or not os.path.lexists(folder)
        if left_out and not (load_obj(self._schema).required or self._exists()):
            return None
        return ImageFolder.open(folder)

    def save(self, data: None) -> None:
        """Refuse: raw files are never written by a run."""
        raise PermissionError(f"{self._filepath} is raw data and is not written by a run")

    def preview(self, nrows: int = 10) -> TablePreview:
        """The first images with their sizes, for kedro-viz; none where the folder is missing."""
        from dataclasses import replace

        from podium.vision.inspection import COLUMNS, inspect_folder

        folder = self.load() if self._exists() else None
        if folder is None:
            return TablePreview({"index": [], "columns": list(COLUMNS), "data": []})
        table, _ = inspect_folder(replace(folder, names=folder.names[:nrows]))
        return TablePreview(table.astype(str).to_dict(orient="split"))

    def _exists(self) -> bool:
        from podium.common.raw_contract import holds_files

        return holds_files(Path(self._filepath))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "schema": self._schema}


class WrittenImageFolderDataset(AtomicSave, ImageFolderDataset):
    """A folder of images that a run writes: whole, or not at all."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Declare the folder and kedro-viz's metadata."""
        self._filepath = PurePosixPath(filepath)
        self._version = None
        self.metadata = metadata

    def load(self) -> ImageFolder:
        """List the folder."""
        from podium.vision.image_folder import ImageFolder

        return ImageFolder.open(Path(self._filepath))

    def _write(self, data: Iterable[tuple[str, bytes]]) -> None:
        folder = Path(self._filepath)
        folder.mkdir()
        for name, content in data:
            (folder / name).write_bytes(content)

    def _exists_on_disk(self) -> bool:
        return Path(self._filepath).is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


class ImageDownloadDataset(
    AbstractDataset["Callable[[Path], pd.DataFrame]", "DownloadedImages"],
):
    """A folder that images are downloaded into, and the table of what became of each row.

    Saving takes a function that fills the folder and gives the table. The folder is filled where
    it lies, so that a download that was stopped goes on; the table is written last.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Declare the folder and kedro-viz's metadata."""
        self._filepath = PurePosixPath(filepath)
        self.metadata = metadata

    def load(self) -> DownloadedImages:
        """The folder and its table."""
        import pandas as pd

        from podium.vision.downloading.downloaded import DownloadedImages

        return DownloadedImages(Path(self._filepath), pd.read_parquet(self._table))

    def save(self, data: Callable[[Path], pd.DataFrame]) -> None:
        """Fill the folder, then write the table."""
        folder = Path(self._filepath)
        folder.mkdir(parents=True, exist_ok=True)
        table = data(folder)
        part = self._table.with_name(f".{self._table.name}.{os.getpid()}.part")
        table.to_parquet(part, index=False)
        os.replace(part, self._table)
        OutdatedFiles.paths.discard(str(self._filepath))

    def preview(self, nrows: int = 10) -> TablePreview:
        """The first rows of the table, for kedro-viz."""
        table = self.load.__wrapped__(self).table.head(nrows)  # type: ignore[attr-defined]
        return TablePreview(table.astype(str).to_dict(orient="split"))

    @property
    def _table(self) -> Path:
        return Path(self._filepath) / "images.parquet"

    def _exists(self) -> bool:
        return str(self._filepath) not in OutdatedFiles.paths and self._table.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}

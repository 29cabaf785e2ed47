"""Kedro dataset of a submission of vectors: a CSV file, streamed."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from podium.atomic_save import AtomicSave

if TYPE_CHECKING:
    from podium.retrieval.vector_table import VectorTable


class VectorCSVDataset(AtomicSave, AbstractDataset["VectorTable", "VectorTable"]):
    """One row for each image: ID, name and vector; never in memory as text."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Declare the file and kedro-viz's metadata."""
        self._filepath = PurePosixPath(filepath)
        self.metadata = metadata

    def load(self) -> VectorTable:
        """Read it."""
        from podium.retrieval.vector_table import read_vectors

        return read_vectors(Path(self._filepath))

    def preview(self, nrows: int = 10) -> TablePreview:
        """The first rows and columns, for kedro-viz."""
        import pandas as pd

        rows = pd.read_csv(self._filepath, nrows=nrows, dtype="str").iloc[:, :8]
        return TablePreview(rows.to_dict(orient="split"))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}

    def _write(self, data: VectorTable) -> None:
        data.write_csv(Path(self._filepath))

    def _exists_on_disk(self) -> bool:
        return Path(self._filepath).is_file()

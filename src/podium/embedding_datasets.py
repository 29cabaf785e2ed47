"""Kedro datasets of embeddings: the raw JSON records, and the typed table made of them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from podium.atomic_save import AtomicSave

if TYPE_CHECKING:
    from podium.common.json_records import RawRecords
    from podium.fusion.embedding_table import EmbeddingTable


class EmbeddingTableDataset(AtomicSave, AbstractDataset["EmbeddingTable", "EmbeddingTable"]):
    """Rows of two embeddings as Parquet, the vectors as lists of a fixed size."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Declare the file and kedro-viz's metadata."""
        self._filepath = PurePosixPath(filepath)
        self._version = None
        self.metadata = metadata

    def load(self) -> EmbeddingTable:
        """Read the table; its vectors are read-only."""
        from pyarrow.parquet import read_table

        from podium.fusion.embedding_table import EmbeddingTable

        return EmbeddingTable.from_arrow(read_table(self._filepath))

    def preview(self, nrows: int = 10) -> TablePreview:
        """The first rows with the norms of their vectors, for kedro-viz."""
        import numpy as np
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile

        from podium.fusion.embedding_table import EmbeddingTable

        batches = ParquetFile(self._filepath).iter_batches(nrows)
        table = EmbeddingTable.from_arrow(pa.Table.from_batches([next(batches)]))
        rows = table.rows.assign(
            image_norm=np.linalg.norm(table.pairs.image, axis=1).round(4),
            text_norm=np.linalg.norm(table.pairs.text, axis=1).round(4),
        )
        return TablePreview(rows.astype(str).to_dict(orient="split"))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}

    def _write(self, data: EmbeddingTable) -> None:
        from pyarrow.parquet import write_table

        write_table(data.to_arrow(), self._filepath)

    def _exists_on_disk(self) -> bool:
        return Path(self._filepath).is_file()


class RawJSONDataset(AbstractDataset[None, "RawRecords | None"]):
    """A competition's JSON file of records: a list, or one record per line; plain or gzip.

    Loading opens the file; iterating over it reads it, and raises RawDataError where it cannot be
    used. None where a file that is not required is missing.
    """

    def __init__(
        self, *, filepath: str, schema: str, metadata: dict[str, Any] | None = None
    ) -> None:
        """Declare the file.

        Args:
            filepath: Where the file lies.
            schema: Import path of its ``RawFile`` description.
            metadata: For kedro-viz and other plugins.
        """
        self._filepath = PurePosixPath(filepath)
        self._schema = schema
        self.metadata = metadata

    def load(self) -> RawRecords | None:
        """Open the file."""
        from kedro.utils import load_obj

        from podium.common.json_records import open_raw_json

        return open_raw_json(Path(self._filepath), load_obj(self._schema))

    def save(self, data: None) -> None:
        """Refuse: raw files are never written by a run."""
        raise PermissionError(f"{self._filepath} is raw data and is not written by a run")

    def preview(self, nrows: int = 10) -> TablePreview:
        """The first records, long lists cut short, for kedro-viz."""
        from itertools import islice

        import pandas as pd

        from podium.common.json_records import shorten_lists

        raw = self.load() if self._exists() else ()
        rows = [shorten_lists(record.values) for record in islice(raw or (), nrows)]
        return TablePreview(pd.DataFrame(rows).astype(str).to_dict(orient="split"))

    def _exists(self) -> bool:
        from podium.common.raw_contract import find_raw_file

        return find_raw_file(Path(self._filepath)) is not None

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "schema": self._schema}

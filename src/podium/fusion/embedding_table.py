"""Rows of embeddings with their ids and labels, and their form as an Arrow table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from podium.fusion.embedding_contract import IMAGE, TEXT
from podium.fusion.pairs import EmbeddingPairs, concatenate

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True)
class EmbeddingTable:
    """A table of which each row has an image vector and a text vector.

    Attributes:
        rows: What is known beside the vectors (`id`, `label`, ...), index 0 to n - 1.
        pairs: The vectors, in the same order.
    """

    rows: pd.DataFrame
    pairs: EmbeddingPairs

    def __post_init__(self) -> None:
        """Refuse tables and vectors of different length."""
        if len(self.rows) != len(self.pairs):
            raise ValueError(f"{len(self.rows)} rows, {len(self.pairs)} pairs of vectors")

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.rows)

    @property
    def ids(self) -> np.ndarray:
        """The column `id`, text, shape (n,)."""
        return self.rows["id"].to_numpy(dtype=object)

    @property
    def labels(self) -> np.ndarray:
        """The column `label`, int8, shape (n,)."""
        return self.rows["label"].to_numpy(dtype=np.int8)

    def take(self, rows: np.ndarray) -> EmbeddingTable:
        """The rows of a boolean mask or of positions, in their order."""
        chosen = self.rows[rows] if rows.dtype == bool else self.rows.iloc[rows]
        return EmbeddingTable(chosen.reset_index(drop=True), self.pairs.take(rows))

    def to_arrow(self) -> pa.Table:
        """Columns of `rows`, then both embeddings as lists of fixed size; vectors not copied."""
        import pyarrow as pa

        table = pa.Table.from_pandas(self.rows, preserve_index=False)
        for name, vectors in ((IMAGE, self.pairs.image), (TEXT, self.pairs.text)):
            flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).ravel())
            column = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
            table = table.append_column(name, column)
        return table

    @staticmethod
    def from_arrow(table: pa.Table) -> EmbeddingTable:
        """The reverse of `to_arrow`; the vectors are read-only views of the Arrow memory."""
        rows = table.drop_columns([IMAGE, TEXT]).to_pandas()
        return EmbeddingTable(rows, EmbeddingPairs(_matrix(table, IMAGE), _matrix(table, TEXT)))


def stack_tables(parts: list[EmbeddingTable]) -> EmbeddingTable:
    """Put tables of the same columns one below the other."""
    import pandas as pd

    return EmbeddingTable(
        pd.concat([part.rows for part in parts], ignore_index=True),
        concatenate([part.pairs for part in parts]),
    )


def _matrix(table: pa.Table, name: str) -> np.ndarray:
    column = table.column(name).combine_chunks()
    flat: np.ndarray = column.flatten().to_numpy(zero_copy_only=True)
    return flat.reshape(len(column), column.type.list_size)

"""The contract of the typed tables that are made of Embedded Echoes' raw files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandera.pandas as pap

from podium.common.data_quality import quality_schema
from podium.fusion.embedding_table import EmbeddingTable
from podium.pipelines.echoes.raw_contract import RAW_FILES

__all__ = ["RAW_FILES", "AskedRows", "DataQuality", "Duplicates", "Test", "TestCopies", "Train"]


@dataclass(frozen=True)
class EmbeddingTableSchema:
    """Checks a table of embeddings: its columns by pandera, its vectors for finite numbers."""

    rows: pap.DataFrameSchema

    def validate(self, table: EmbeddingTable) -> EmbeddingTable:
        """Return the table, or raise.

        Raises:
            pandera.errors.SchemaError: a column is not as declared.
            ValueError: a number is not finite.
        """
        self.rows.validate(table.rows)
        for name, vectors in (("image", table.pairs.image), ("text", table.pairs.text)):
            # A sum over rows takes no memory beside the table, and is not finite where one is not.
            with np.errstate(over="ignore"):
                if not np.isfinite(vectors.sum(axis=0, dtype=np.float64)).all():
                    raise ValueError(f"the {name} vectors hold numbers that are not finite")
        return table


Train = EmbeddingTableSchema(
    pap.DataFrameSchema(
        {
            "id": pap.Column("str", unique=True),
            "label": pap.Column("int8", pap.Check.isin((0, 1))),
            "part": pap.Column("int8", pap.Check.isin((1, 2))),
            "row": pap.Column("int32", pap.Check.ge(1)),
        },
        strict=True,
    )
)

Test = EmbeddingTableSchema(
    pap.DataFrameSchema(
        {"id": pap.Column("str", unique=True), "row": pap.Column("int32", pap.Check.ge(1))},
        strict=True,
    )
)

Duplicates = pap.DataFrameSchema(
    {
        "id": pap.Column("str", unique=True),
        "group": pap.Column("int32", pap.Check.ge(0)),
        "rows": pap.Column("int32", pap.Check.ge(1)),
    },
    strict=True,
)
"""One row per training row, in the order of `train`: its group of near copies and their number."""

TestCopies = pap.DataFrameSchema(
    {
        "test_id": pap.Column("str", unique=True),
        "train_id": pap.Column("str"),
        "label": pap.Column("int8", pap.Check.isin((0, 1))),
        "image_cosine": pap.Column("float64", pap.Check.in_range(-1.001, 1.001)),
        "text_cosine": pap.Column("float64", pap.Check.in_range(-1.001, 1.001)),
    },
    strict=True,
)
"""One row per test row that is a near copy of a training row."""

AskedRows = pap.DataFrameSchema({"row_id": pap.Column("str", unique=True)}, strict=True)
"""The rows of the submission, in its order."""

DataQuality = quality_schema([file.name for file in RAW_FILES.values()])

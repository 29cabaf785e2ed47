"""The contract of the typed tables that are made of the Amazon challenge's raw files."""

from __future__ import annotations

import pandera.pandas as pap

from podium.common.data_quality import quality_schema
from podium.pipelines.amazon.raw_contract import RAW_FILES
from podium.pricing.catalog_rows import CONTENT, LINK, PRICE, SAMPLE_ID

__all__ = ["RAW_FILES", "DataQuality", "Duplicates", "Test", "TestCopies", "Train"]

_ROWS = {
    SAMPLE_ID: pap.Column("str", unique=True),
    CONTENT: pap.Column("str"),
    LINK: pap.Column("str"),
    "row": pap.Column("int64", pap.Check.ge(1)),
}

Train = pap.DataFrameSchema({**_ROWS, PRICE: pap.Column("float64", pap.Check.gt(0))}, strict=True)

Test = pap.DataFrameSchema(_ROWS, strict=True)

Duplicates = pap.DataFrameSchema(
    {
        SAMPLE_ID: pap.Column("str", unique=True),
        "group": pap.Column("int64", pap.Check.ge(0)),
        "rows": pap.Column("int64", pap.Check.ge(1)),
    },
    strict=True,
)
"""One row per training row, in the order of `train`: its group of duplicates and their number."""

TestCopies = pap.DataFrameSchema(
    {"test_id": pap.Column("str", unique=True), "train_id": pap.Column("str")}, strict=True
)
"""One row per test row that is a duplicate of a training row, with the first of those."""

DataQuality = quality_schema([file.name for file in RAW_FILES.values()])

"""The contract of the typed tables that are made of {{cookiecutter.title}}'s raw files."""

from __future__ import annotations

import pandera.pandas as pap

from podium.common.data_quality import quality_schema
from podium.pipelines.{{cookiecutter.name}}.raw_contract import RAW_FILES, ROWS

__all__ = ["RAW_FILES", "DataQuality", "Test", "Train"]

_ASKED = {
    ROWS.key: pap.Column("str", unique=True),
    **{name: pap.Column("float64", nullable=True) for name in ROWS.numbers},
    **{name: pap.Column("str", nullable=True) for name in ROWS.categories},
}

Train = pap.DataFrameSchema({**_ASKED, ROWS.target: pap.Column("float64")}, strict=True)

Test = pap.DataFrameSchema(_ASKED, strict=True)
"""The rows that a prediction is asked for, in the order of the submission."""

DataQuality = quality_schema([file.name for file in RAW_FILES.values()])

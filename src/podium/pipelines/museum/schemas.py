"""The contract of the typed tables that are made of Lost in the Museum's images."""

from __future__ import annotations

import pandera.pandas as pap

from podium.common.data_quality import quality_schema
from podium.pipelines.museum.raw_contract import IMAGES, RAW_FILES
from podium.vision.photo_settings import EFFECTS, STRENGTHS

__all__ = ["RAW_FILES", "DataQuality", "Folds", "Photos", "Test", "Train"]

Train = pap.DataFrameSchema(
    {
        "image": pap.Column("int32", pap.Check.ge(0), unique=True),
        "image_name": pap.Column("str", unique=True),
        "bytes": pap.Column("int64", pap.Check.gt(0)),
        "format": pap.Column("str"),
        "mode": pap.Column("str"),
        "width": pap.Column("int64", pap.Check.gt(0)),
        "height": pap.Column("int64", pap.Check.gt(0)),
        "note": pap.Column("str"),
    },
    strict=True,
)
"""The images that can be read; `image` is the number in the folder."""

Test = pap.DataFrameSchema(
    {
        "ID": pap.Column("int64", pap.Check.ge(0), unique=True),
        "image_name": pap.Column("str", unique=True),
        "readable": pap.Column("bool"),
    },
    strict=True,
)
"""All images, in the order of the submission: each needs a vector."""

Folds = pap.DataFrameSchema(
    {
        "image": pap.Column("int32", pap.Check.ge(0), unique=True),
        "image_name": pap.Column("str", unique=True),
        "held_out": pap.Column("bool"),
    },
    strict=True,
)

Photos = pap.DataFrameSchema(
    {
        "photo_name": pap.Column("str", unique=True),
        "image_name": pap.Column("str"),
        "image": pap.Column("int32", pap.Check.ge(0)),
        "effect": pap.Column("str", pap.Check.isin(EFFECTS)),
        "strength": pap.Column("int8", pap.Check.isin(STRENGTHS)),
    },
    strict=True,
)
"""The simulated visitor photos, in the order of their names."""

DataQuality = quality_schema([IMAGES.name])

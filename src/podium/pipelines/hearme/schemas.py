"""The contract of the typed tables that are made of HearMe's raw files."""

from __future__ import annotations

import ibis.expr.datatypes as dt
import pandera.ibis as pai
import pandera.pandas as pap

from podium.common.data_quality import quality_schema
from podium.pipelines.hearme.raw_contract import AGE_BINS, GENDERS, RAW_FILES

Train = pai.DataFrameSchema(
    {
        "user_id": pai.Column(dt.int64, pai.Check.ge(0)),
        "item_id": pai.Column(dt.int64, pai.Check.ge(0)),
        "listened_at": pai.Column(dt.Timestamp(scale=6)),
        "listened_seconds": pai.Column(dt.int32, pai.Check.ge(0)),
        "track_seconds": pai.Column(dt.int32, pai.Check.ge(1)),
        "fraction": pai.Column(dt.float64, pai.Check.in_range(0, 1)),
    },
)
"""One row per listen: an Ibis table, checked by the database without loading it."""


Items = pap.DataFrameSchema(
    {
        "item_id": pap.Column("int64", pap.Check.ge(0), unique=True),
        "track_name": pap.Column("str", nullable=True),
        "artist_name": pap.Column("str", nullable=True),
        "track_seconds": pap.Column("Int32", pap.Check.ge(1), nullable=True),
        "track_seconds_estimated": pap.Column("bool"),
        "dislike_count": pap.Column("Int64", pap.Check.ge(0), nullable=True),
        "like_count": pap.Column("Int64", pap.Check.ge(0), nullable=True),
        "download_count": pap.Column("Int64", pap.Check.ge(0), nullable=True),
    },
    strict=True,
)

ItemArtists = pap.DataFrameSchema(
    {
        "item_id": pap.Column("int64", pap.Check.ge(0)),
        "artist_id": pap.Column("int32", pap.Check.ge(0)),
        "artist_name": pap.Column("str"),
        "position": pap.Column("int32", pap.Check.ge(0)),
    },
    unique=["item_id", "position"],
    strict=True,
)

ItemGenres = pap.DataFrameSchema(
    {
        "item_id": pap.Column("int64", pap.Check.ge(0)),
        "genre": pap.Column("str"),
        "position": pap.Column("int32", pap.Check.ge(0)),
    },
    unique=["item_id", "position"],
    strict=True,
)

Users = pap.DataFrameSchema(
    {
        "user_id": pap.Column("int64", pap.Check.ge(0), unique=True),
        "age_bin": pap.Column("str", pap.Check.isin(AGE_BINS), nullable=True),
        "children": pap.Column("Int64", pap.Check.isin((0, 1)), nullable=True),
        "gender": pap.Column("str", pap.Check.isin(GENDERS), nullable=True),
        "top_genre": pap.Column("str", nullable=True),
        "disliked_count": pap.Column("Int64", pap.Check.ge(0), nullable=True),
        "liked_count": pap.Column("Int64", pap.Check.ge(0), nullable=True),
        "downloaded_count": pap.Column("Int64", pap.Check.ge(0), nullable=True),
    },
    strict=True,
)

Test = pap.DataFrameSchema(
    {
        "user_id": pap.Column("int64", pap.Check.ge(0), unique=True),
        "position": pap.Column("int32", pap.Check.ge(0), unique=True),
        "has_history": pap.Column("bool"),
    },
    strict=True,
)

DataQuality = quality_schema([file.name for file in RAW_FILES.values()])

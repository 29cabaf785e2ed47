"""The contract of HearMe's raw files, and of the typed tables made of them."""

from __future__ import annotations

import ibis.expr.datatypes as dt
import pandera.ibis as pai
import pandera.pandas as pap

from podium.common.raw_files import RawFile
from podium.recommendation.data_quality import ACTIONS

INTERACTIONS = RawFile(
    "interactions.csv", ("user_id", "item_id", "listened_duration", "listened_datetime")
)
ITEMS = RawFile(
    "item_metadata.csv",
    (
        "item_id",
        "track_name",
        "artist_name",
        "track_duration",
        "track_genres_list",
        "track_dislike_count",
        "track_like_count",
        "track_download_count",
    ),
)
USERS = RawFile(
    "user_metadata.csv",
    (
        "user_id",
        "age_bin",
        "children",
        "gender",
        "top_genre",
        "user_disliked_track_count",
        "user_liked_track_count",
        "user_downloaded_track_count",
    ),
)
TEST = RawFile("test.csv", ("user_id",))

RAW_FILES = {
    "raw_interactions": INTERACTIONS,
    "raw_items": ITEMS,
    "raw_users": USERS,
    "raw_test": TEST,
}
"""Dataset name (without `hearme.`) to the contract of its file."""

AGE_BINS = ("18_29", "30_44", "45_60", "61_inf")
GENDERS = ("M", "F")

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

DataQuality = pap.DataFrameSchema(
    {
        "file": pap.Column("str", pap.Check.isin([file.name for file in RAW_FILES.values()])),
        "check": pap.Column("str"),
        "action": pap.Column("str", pap.Check.isin(ACTIONS)),
        "rows": pap.Column("int64", pap.Check.ge(0)),
        "share": pap.Column("float64", pap.Check.ge(0)),
        "example": pap.Column("str"),
    },
    strict=True,
)

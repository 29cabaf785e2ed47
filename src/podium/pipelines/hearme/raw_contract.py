"""The contract of HearMe's raw files: names, columns and the values that the statement lists."""

from __future__ import annotations

from podium.common.raw_contract import RawFile
from podium.recommendation.metadata import Column

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

USER_COLUMNS = (
    Column("age_bin", "age_bin", "word", allowed=AGE_BINS),
    Column("children", "children", "number", 0, 1),
    Column("gender", "gender", "word", allowed=GENDERS),
    Column("top_genre", "top_genre", "text"),
    Column("user_disliked_track_count", "disliked_count", "number"),
    Column("user_liked_track_count", "liked_count", "number"),
    Column("user_downloaded_track_count", "downloaded_count", "number"),
)
"""How the columns of the user metadata are read, user_id aside."""


def item_columns(longest_track_seconds: int) -> list[Column]:
    """How the columns of the track metadata are read, item_id aside.

    Args:
        longest_track_seconds: A longer track has no known length.
    """
    return [
        Column("track_name", "track_name", "text"),
        Column("artist_name", "artist_name", "text"),
        Column("track_duration", "track_seconds", "number", 1, longest_track_seconds),
        Column("track_genres_list", "genres", "text"),
        Column("track_dislike_count", "dislike_count", "number"),
        Column("track_like_count", "like_count", "number"),
        Column("track_download_count", "download_count", "number"),
    ]

"""The contract of HearMe's raw files: names, columns and the values that the statement lists."""

from __future__ import annotations

from podium.common.raw_files import RawFile

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

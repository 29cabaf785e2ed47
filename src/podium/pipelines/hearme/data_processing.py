"""Nodes of HearMe's first stage: raw files to typed, clean tables and a report of what was done."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import Field, model_validator

from podium.common.data_quality import counts_frame, quality_report
from podium.common.errors import RawDataError
from podium.common.parameters import Parameters
from podium.common.raw_files import RawTable
from podium.common.raw_values import shorten
from podium.pipelines.hearme.raw_contract import (
    INTERACTIONS,
    ITEMS,
    RAW_FILES,
    TEST,
    USER_COLUMNS,
    USERS,
    item_columns,
)
from podium.recommendation.asked_users import read_asked_users
from podium.recommendation.catalogue import artist_table, genre_table
from podium.recommendation.cleaned_listens import clean_raw_listens
from podium.recommendation.durations import fill_durations
from podium.recommendation.listens import ListenRules, cap_listens
from podium.recommendation.metadata import clean_metadata

if TYPE_CHECKING:
    import ibis.expr.types as ir


logger = logging.getLogger(__name__)

ITEM_COLUMNS = (
    "item_id",
    "track_name",
    "artist_name",
    "track_seconds",
    "track_seconds_estimated",
    "dislike_count",
    "like_count",
    "download_count",
)


class DataProcessing(Parameters):
    """What the raw files may hold (`data_processing` in parameters.yml).

    Attributes:
        listens_from: First day of the listens, inclusive.
        listens_until: Last day of the listens, inclusive.
        longest_listen_seconds: A longer listen is set aside.
        longest_track_seconds: A longer track has no known length; it is estimated.
        shortest_full_play_seconds: Shorter plays are skips, of no use to estimate a length.
        fewest_tracks: With fewer known tracks no list can be filled.
    """

    listens_from: date
    listens_until: date
    longest_listen_seconds: int = Field(default=21_600, ge=1, lt=2**31)
    longest_track_seconds: int = Field(default=21_600, ge=1, lt=2**31)
    shortest_full_play_seconds: int = Field(default=30, ge=1)
    fewest_tracks: int = Field(default=50, ge=1)

    @model_validator(mode="after")
    def _days_in_order(self) -> DataProcessing:
        if self.listens_until < self.listens_from:
            raise ValueError("listens_until is before listens_from")
        return self


def clean_items(
    raw_items: RawTable, parameters: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Type the tracks and keep one row of each.

    Returns:
        The tracks (item_id, track_name, artist_name, track_seconds, genres, counts), the rows
        set aside, and the counts for the report.

    Raises:
        RawDataError: the file is not merely dirty, or has too few tracks.
    """
    rules = DataProcessing.parse(parameters)
    cleaned = clean_metadata(raw_items, "item_id", item_columns(rules.longest_track_seconds))
    if len(cleaned.table) < rules.fewest_tracks:
        raise RawDataError(
            f"only {len(cleaned.table)} known tracks; {rules.fewest_tracks} are needed for a list",
            file=raw_items.file,
            column="item_id",
        )
    return cleaned.table, cleaned.quarantine, cleaned.quality


def clean_users(raw_users: RawTable) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Type the users and keep one row of each.

    Returns:
        The users of the file, the rows set aside, and the counts for the report.

    Raises:
        RawDataError: the file is not merely dirty.
    """
    cleaned = clean_metadata(raw_users, "user_id", USER_COLUMNS)
    return cleaned.table, cleaned.quarantine, cleaned.quality


def clean_listens(
    raw_interactions: RawTable, known_items: pd.DataFrame, parameters: Mapping[str, Any]
) -> tuple[ir.Table, ir.Table, pd.DataFrame]:
    """Type and judge the listens, drop exact duplicates.

    Args:
        raw_interactions: The listens as text.
        known_items: item_id of the known tracks.
        parameters: See `DataProcessing`.

    Returns:
        The unique listens (cached by the backend, see `unique_listens`), the rows set aside
        (cached: file, row, reason, content), and the counts for the report.

    Raises:
        RawDataError: the file is not merely dirty, or no listen can be used.
    """
    rules = DataProcessing.parse(parameters)
    limits = ListenRules(rules.listens_from, rules.listens_until, rules.longest_listen_seconds)
    cleaned = clean_raw_listens(raw_interactions, known_items[["item_id"]], limits)
    return cleaned.listens, cleaned.quarantine, cleaned.quality


def estimate_durations(
    known_items: pd.DataFrame, listens: ir.Table, parameters: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fill in the length of tracks that have none, from how long they were played.

    Returns:
        The tracks, sorted by item_id (track_seconds is null only for a track that has no length
        and was never played), and the counts for the report.
    """
    rules = DataProcessing.parse(parameters)
    filled = fill_durations(known_items, listens, rules.shortest_full_play_seconds)
    table, played = filled.items[list(ITEM_COLUMNS)], filled.estimates["from_plays"]
    skipped = f"track_duration unknown, only skipped: {filled.fallback_seconds} s"
    unknown = table.loc[table["track_seconds"].isna(), "item_id"]
    example = f"item_id {unknown.iloc[0]}" if len(unknown) else ""
    return table, counts_frame(
        [
            _estimated("track_duration estimated from plays", filled.estimates[played]),
            _estimated(skipped, filled.estimates[~played]),
            (
                ITEMS.name,
                "track_duration unknown, never played",
                "reported",
                len(unknown),
                example,
            ),
        ]
    )


def cap_listens_at_tracks(listens: ir.Table, items: pd.DataFrame) -> tuple[ir.Table, pd.DataFrame]:
    """Cap the listens at the length of their tracks.

    Returns:
        `train`, lazy and sorted, and the counts for the report.
    """
    import ibis

    tracks = ibis.memtable(items.loc[items["track_seconds"].notna(), ["item_id", "track_seconds"]])
    joined = listens.inner_join(tracks, "item_id")
    longer = joined.filter(joined.listened_seconds > joined.track_seconds)
    count = int(longer.count().execute())
    counts = counts_frame(
        [(INTERACTIONS.name, "longer than the track, capped", "repaired", count, "")]
    )
    return cap_listens(listens, tracks), counts


def mark_test_users(raw_test: RawTable, listens: ir.Table) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Type the users that a list is asked for, and tell which have a history.

    This file says what has to be delivered, so nothing in it is set aside.

    Returns:
        `test` (user_id, position, has_history), and the counts for the report.

    Raises:
        RawDataError: a user is no number, or there twice; or none of them has a listen.
    """
    frame, log = read_asked_users(raw_test)
    users = listens.select("user_id").distinct().execute()["user_id"]
    test = pd.DataFrame(
        {
            "user_id": frame["user_id"].to_numpy(),
            "position": range(len(frame)),
            "has_history": frame["user_id"].isin(users).to_numpy(),
        }
    ).astype({"position": "int32"})
    strangers = test[~test["has_history"]]
    if len(strangers) == len(test):
        problem = f"none of the {len(test)} users has a usable listen in {INTERACTIONS.name}"
        raise RawDataError(problem, file=raw_test.file, column="user_id")
    if len(strangers):
        example = f"user_id {strangers['user_id'].iloc[0]}"
        logger.warning(
            "%s: %d users have no usable listen (the first: %s); they get the trending list",
            raw_test.file,
            len(strangers),
            example,
        )
        log.add("users without any listen", "reported", len(strangers), example)
    return test, log.frame()


def complete_users(
    known_users: pd.DataFrame, listens: ir.Table, test: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add a row of nulls for every user that only listens or test know.

    Returns:
        `users`, sorted by user_id, and the counts for the report.
    """
    counts = listens.group_by("user_id").agg(listens=listens.count()).order_by("user_id").execute()
    heard = counts[~counts["user_id"].isin(known_users["user_id"])]
    asked = test[~test["user_id"].isin(known_users["user_id"])]
    missing = sorted(set(heard["user_id"]) | set(asked["user_id"]))
    users = known_users.set_index("user_id")
    every = users.index.union(missing).astype("int64").rename("user_id")
    users = users.reindex(every).reset_index()
    example = f"user_id {heard['user_id'].iloc[0]}" if len(heard) else ""
    rows = int(heard["listens"].sum())
    return users, counts_frame(
        [
            (INTERACTIONS.name, "of users without a profile", "reported", rows, example),
            (TEST.name, "users without a profile", "reported", len(asked), ""),
            (USERS.name, "empty profiles added", "reported", len(missing), ""),
        ]
    )


def list_artists(items: pd.DataFrame) -> pd.DataFrame:
    """Split collaborations: `item_artists`."""
    return artist_table(items)


def list_genres(known_items: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the lists of genres: `item_genres`, and the counts for the report."""
    table, improper = genre_table(known_items)
    example = shorten(improper["genres"].iloc[0]) if len(improper) else ""
    check = "track_genres_list is no proper list, read as a plain one"
    return table, counts_frame([(ITEMS.name, check, "repaired", len(improper), example)])


def report_quality(
    listens_quarantine: ir.Table,
    items_quarantine: pd.DataFrame,
    users_quarantine: pd.DataFrame,
    *quality: pd.DataFrame,
) -> tuple[ir.Table, pd.DataFrame]:
    """Put the quarantine and the counts of all files together.

    Returns:
        `quarantine`, lazy, sorted by file and row, and `data_quality`.

    Raises:
        PodiumError: the counts of a file do not add up.
    """
    import ibis

    small = pd.concat([items_quarantine, users_quarantine], ignore_index=True)
    quarantine = listens_quarantine.union(
        ibis.memtable(small, schema=listens_quarantine.schema())
    ).order_by("file", "row")
    return quarantine, quality_report(quality, RAW_FILES)


def _estimated(check: str, estimates: pd.DataFrame) -> tuple[str, str, str, int, str]:
    first = "" if estimates.empty else f"item_id {estimates.index[0]}"
    example = f"{first}: {estimates['track_seconds'].iloc[0]} s" if first else ""
    return (ITEMS.name, check, "estimated", len(estimates), example)

"""Lengths of tracks that the catalogue does not know, from how long they were played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from podium.recommendation.listens import estimate_track_seconds

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

# Where not a single length is known: three and a half minutes, an ordinary song.
_ORDINARY_SECONDS = 210


@dataclass(frozen=True)
class FilledDurations:
    """Tracks with their lengths filled in.

    Attributes:
        items: The tracks given, with ``track_seconds`` (null only for a track without a length
            that was never played) and ``track_seconds_estimated``.
        estimates: By item_id: ``track_seconds`` and ``from_plays`` (False for the fallback).
        fallback_seconds: Length of a track that was only ever skipped.
    """

    items: pd.DataFrame
    estimates: pd.DataFrame
    fallback_seconds: int


def fill_durations(
    known_items: pd.DataFrame, listens: ir.Table, shortest_full_play_seconds: int
) -> FilledDurations:
    """Estimate the missing lengths.

    Args:
        known_items: item_id and track_seconds (nullable), one row per track.
        listens: Unique listens.
        shortest_full_play_seconds: Shorter plays are skips and say nothing about a length.
    """
    import ibis

    known = known_items["track_seconds"].dropna()
    fallback = int(known.sort_values().iloc[len(known) // 2]) if len(known) else _ORDINARY_SECONDS
    tracks = ibis.memtable(known_items[["item_id", "track_seconds"]])
    estimates = (
        estimate_track_seconds(listens, tracks, shortest_full_play_seconds, fallback)
        .order_by("item_id")
        .execute()
        .set_index("item_id")
    )
    seconds = known_items["track_seconds"].astype("Int32")
    filled = known_items["item_id"].map(estimates["track_seconds"]).astype("Int32")
    items = known_items.assign(
        track_seconds=seconds.fillna(filled),
        track_seconds_estimated=seconds.isna() & known_items["item_id"].isin(estimates.index),
    )
    return FilledDurations(items, estimates, fallback)

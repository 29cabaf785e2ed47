"""How the user listens: volume, breadth, repeats, and who the user is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.recommendation.exact import exact_sum
from podium.recommendation.features.pairs import SKIP

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from podium.recommendation.history import History

AGE_BINS = ("18_29", "30_44", "45_60", "61_inf")
_SPANS = (7, 30, 90)


def user_features(history: History, window_days: int) -> ir.Table:
    """One row per user of the history.

    Args:
        history: What is known at the cut.
        window_days: Length of the target window.
    """
    volume = _volume(history)
    windows = _windows(history, window_days)
    table = history.user_table.left_join(volume, "user_id").drop("user_id_right")
    table = table.left_join(windows, "user_id").drop("user_id_right")
    return table.left_join(_profile(history), "user_id").drop("user_id_right")


def _volume(history: History) -> ir.Table:
    listens = history.own_listens
    counts: dict[str, ir.Value] = {}
    for span in _SPANS:
        recent = listens.day < span
        counts[f"user_listens_{span}d"] = recent.cast("int64").sum()
        counts[f"user_tracks_{span}d"] = listens.item_id.nunique(where=recent)
        counts[f"user_active_days_{span}d"] = listens.day.nunique(where=recent)
    table = listens.group_by("user_id").agg(
        user_listens=listens.count(),
        user_tracks=listens.item_id.nunique(),
        user_days_known=listens.day.max(),
        user_days_since_last=listens.day.min(),
        user_total_fraction=exact_sum(listens.fraction),
        user_skips=(listens.fraction < SKIP).cast("int64").sum(),
        **counts,
    )
    return table.mutate(
        user_mean_fraction=table.user_total_fraction / table.user_listens,
        user_skip_rate=table.user_skips / table.user_listens,
        user_listens_per_track=table.user_listens / table.user_tracks,
        user_volume_trend=table.user_listens_7d * 30.0 / 7.0 / table.user_listens_30d.nullif(0),
    ).drop("user_total_fraction", "user_skips")


def _windows(history: History, window_days: int) -> ir.Table:
    """How the last window was made up: tracks heard before, tracks of the window before it."""
    listens = history.own_listens
    newest, before = listens.day < window_days, listens.day >= window_days
    previous = before & (listens.day < 2 * window_days)
    pairs = listens.group_by("user_id", "item_id").agg(
        newest=listens.fraction.max(where=newest),
        previous=listens.fraction.max(where=previous),
        before=listens.fraction.max(where=before),
    )
    in_newest = pairs.newest.notnull()
    table = pairs.group_by("user_id").agg(
        user_window_tracks=in_newest.cast("int64").sum(),
        user_window_fraction=exact_sum(pairs.newest.fill_null(0.0)),
        repeated=(in_newest & pairs.before.notnull()).cast("int64").sum(),
        previous=pairs.previous.notnull().cast("int64").sum(),
        returned=(in_newest & pairs.previous.notnull()).cast("int64").sum(),
    )
    return table.mutate(
        user_repeat_share=table.repeated / table.user_window_tracks.nullif(0),
        user_return_rate=table.returned / table.previous.nullif(0),
    ).drop("repeated", "previous", "returned")


def _profile(history: History) -> ir.Table:
    import ibis

    users = history.catalogue.users
    age = ibis.cases(*((users.age_bin == name, at) for at, name in enumerate(AGE_BINS)))
    return users.select(
        "user_id",
        user_age_bin=age,
        user_children=users.children.cast("float64"),
        user_gender=ibis.cases((users.gender == "M", 0), (users.gender == "F", 1)),
        user_liked_tracks=users.liked_count,
        user_disliked_tracks=users.disliked_count,
        user_downloaded_tracks=users.downloaded_count,
    )

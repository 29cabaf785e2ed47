"""How the user listens: volume, breadth, repeats, and who the user is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.recommendation.exact import exact_sum
from podium.recommendation.features.pairs import HALF_LISTEN, PAIR, SKIP, day_bests, day_decay

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from podium.recommendation.history import History

AGE_BINS = ("18_29", "30_44", "45_60", "61_inf")
_SPANS = (3, 7, 15, 30, 60)


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
        user_volume_trend=table.user_listens_15d
        / (table.user_listens_30d - table.user_listens_15d + 5),
        user_listens_per_recent_track=table.user_listens_30d / table.user_tracks_30d.nullif(0),
    ).drop("user_total_fraction", "user_skips")


def _windows(history: History, window_days: int) -> ir.Table:
    """How the last window was made up, and how much of the windows before came back in it."""
    listens = history.own_listens
    days = day_bests(history)
    strength = days.group_by(*PAIR).agg(decay=day_decay(days, 14))
    newest = listens.day < window_days
    before = listens.day.min(where=listens.day >= window_days)
    pairs = listens.group_by(*PAIR).agg(
        newest=listens.fraction.max(where=newest), before=before, first=listens.day.max()
    )
    pairs = pairs.join(strength, PAIR)
    full, known = pairs.newest >= HALF_LISTEN, pairs.before.notnull()
    lately = known & (pairs.before < 2 * window_days)
    earlier = known & (pairs.before >= 2 * window_days) & (pairs.before < 4 * window_days)
    counted = {
        "user_window_tracks": pairs.newest.notnull(),
        "user_window_half_listens": full,
        "user_new_tracks_7d": pairs["first"] < 7,  # noqa: PLR2004
        "repeated": full & known,
        "lately": lately,
        "lately_again": lately & full,
        "earlier": earlier,
        "earlier_again": earlier & full,
    }
    table = pairs.group_by("user_id").agg(
        user_window_fraction=exact_sum(pairs.newest.fill_null(0.0)),
        # How many different tracks the strengths alone promise for the window.
        user_expected_tracks=exact_sum(1 - (-pairs.decay).exp()),
        **{
            name: condition.fill_null(False).cast("int64").sum()
            for name, condition in counted.items()
        },
    )
    return table.mutate(
        user_repeat_share=table.repeated / table.user_window_half_listens.nullif(0),
        user_return_rate=(table.lately_again + 1) / (table.lately + 8),
        user_late_return_rate=(table.earlier_again + 1) / (table.earlier + 8),
        user_new_share=table.user_new_tracks_7d / table.user_window_tracks.nullif(0),
    ).drop("repeated", "lately", "lately_again", "earlier", "earlier_again")


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

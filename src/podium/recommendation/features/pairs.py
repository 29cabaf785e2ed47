"""What the user did with the track before the cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.recommendation.exact import SECONDS_PER_DAY, exact_sum, half_life_weight

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from podium.recommendation.history import History

LISTEN_HALF_LIVES = (2, 7, 21, 50)
DAY_HALF_LIVES = (4, 10, 21, 45, 90)
WINDOW_DAYS = (1, 3, 7, 14, 30, 60, 90)
FULL_LISTEN = 0.875  # rounds to the whole track
SKIP = 0.125  # rounds to nothing


def pair_features(history: History, window_days: int, past_windows: int) -> ir.Table:
    """Volume, recency and rhythm of each pair of the history's users.

    Args:
        history: What is known at the cut.
        window_days: Length of the target window; the past is looked at in windows of that length.
        past_windows: How many of them.

    Returns:
        user_id, item_id and the features, one row per pair that was ever heard.
    """
    listens = _listen_features(history)
    days = _day_features(history, window_days, past_windows)
    joined = listens.join(days, ["user_id", "item_id"])
    return joined.mutate(
        pair_overdue=joined.pair_days_since_last / joined.pair_mean_gap_days.nullif(0.0),
        pair_listens_per_day=joined.pair_listens / joined.pair_active_days,
    )


def _listen_features(history: History) -> ir.Table:
    listens = history.own_listens
    full, skipped = listens.fraction >= FULL_LISTEN, listens.fraction < SKIP
    day = SECONDS_PER_DAY
    # The newest listen's fraction travels with its time in one integer; argmax leaves ties open.
    stamp = -listens.age * 1024 + (listens.fraction * 1000).round().cast("int64")
    rows = listens.mutate(full=full.cast("int64"), skipped=skipped.cast("int64"), stamp=stamp)
    weights = {
        f"pair_decay_{half_life}d": exact_sum(
            rows.fraction * half_life_weight(rows.age, half_life)
        )
        for half_life in LISTEN_HALF_LIVES
    }
    table = rows.group_by("user_id", "item_id").agg(
        pair_listens=rows.count(),
        pair_full_listens=rows.full.sum(),
        pair_skips=rows.skipped.sum(),
        pair_total_fraction=exact_sum(rows.fraction),
        pair_best_fraction=rows.fraction.max(),
        pair_days_since_last=rows.age.min() / day,
        pair_days_since_first=rows.age.max() / day,
        stamp=rows.stamp.max(),
        **weights,
    )
    return table.mutate(
        pair_mean_fraction=table.pair_total_fraction / table.pair_listens,
        pair_skip_rate=table.pair_skips / table.pair_listens,
        pair_last_fraction=(((table.stamp % 1024) + 1024) % 1024) / 1000.0,
    ).drop("stamp")


def _day_features(history: History, window_days: int, past_windows: int) -> ir.Table:
    import ibis

    listens = history.own_listens
    days = listens.group_by("user_id", "item_id", "day").agg(
        best=listens.fraction.max(), listens=listens.count()
    )
    pair = ibis.window(group_by=["user_id", "item_id"], order_by=days.day)
    days = days.mutate(gap=days.day.lead().over(pair) - days.day, place=ibis.row_number().over(pair))
    age = days.day * SECONDS_PER_DAY
    decays = {
        f"pair_day_decay_{half_life}d": exact_sum(days.best * half_life_weight(age, half_life))
        for half_life in DAY_HALF_LIVES
    }
    recent = {f"pair_days_in_{span}d": (days.day < span).cast("int64").sum() for span in WINDOW_DAYS}
    window = (days.day / window_days).floor().cast("int64")
    past = {
        f"pair_window_{number + 1}": days.best.max(where=window == number)
        for number in range(past_windows)
    }
    table = days.group_by("user_id", "item_id").agg(
        pair_active_days=days.count(),
        pair_last_gap_days=days.gap.max(where=days.place == 0),
        pair_longest_gap_days=days.gap.max(),
        first_day=days.day.max(),
        last_day=days.day.min(),
        pair_most_listens_in_a_day=days.listens.max(),
        **decays,
        **recent,
        **past,
    )
    heard_windows = sum(
        (table[name].fill_null(0.0) > 0).cast("int64") for name in list(past)
    )
    return table.mutate(
        pair_mean_gap_days=(table.first_day - table.last_day)
        / (table.pair_active_days - 1).nullif(0),
        pair_windows_heard=heard_windows,
    ).drop("first_day", "last_day")

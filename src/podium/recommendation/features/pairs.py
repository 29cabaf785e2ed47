"""What the user did with the track before the cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.recommendation.exact import SECONDS_PER_DAY, exact_sum, half_life_weight

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from podium.recommendation.history import History

PAIR = ["user_id", "item_id"]
LISTEN_HALF_LIVES = (1, 3, 7, 14, 21, 45, 90)
DAY_HALF_LIVES = (3, 7, 14, 30, 60, 120)
FULL_LISTEN = 0.875  # rounds to the whole track
HALF_LISTEN = 0.5
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
    table = listens.join(days, PAIR)
    return table.mutate(
        pair_overdue=table.pair_days_since_last / (table.pair_mean_gap_days + 1),
        pair_overdue_longest=table.pair_days_since_last / (table.pair_longest_gap_days + 1),
        pair_listens_per_day=table.pair_listens / table.pair_active_days,
        pair_density=table.pair_active_days / (table.pair_days_since_first + 1),
        pair_age_share=table.pair_days_since_last / (table.pair_days_since_first + 0.001),
        pair_trend_14d=table.pair_listens_14d
        / (table.pair_listens_30d - table.pair_listens_14d + 1),
        pair_trend_7d=(table.pair_listens_7d + 0.5)
        / (table.pair_listens_14d - table.pair_listens_7d + 0.5),
        pair_strength=1 - (-table.pair_day_decay_14d).exp(),
    )


def day_bests(history: History) -> ir.Table:
    """Best fraction and number of listens of each pair on each day."""
    return history.own_days


def day_decay(days: ir.Table, half_life_days: float, shift_days: int = 0) -> ir.NumericScalar:
    """Sum over days of the day's best fraction, halved every half-life.

    It counts a day of many repeats once, as the score does, and tells best whether a track will be
    heard again.

    Args:
        days: As ``day_bests`` returns them.
        half_life_days: Age at which a day counts half.
        shift_days: Days before the cut from which age is counted.
    """
    age = (days.day - shift_days) * SECONDS_PER_DAY
    return exact_sum(days.best * half_life_weight(age, half_life_days))


def _listen_features(history: History) -> ir.Table:
    import ibis

    listens, day = history.own_listens, SECONDS_PER_DAY
    # The newest listens by time; of those in the same second the longest counts as newest.
    newest = ibis.window(group_by=PAIR, order_by=[listens.age, ibis.desc(listens.fraction)])
    rows = listens.mutate(
        place=ibis.row_number().over(newest),
        weight_14d=half_life_weight(listens.age, 14),
        full=(listens.fraction >= FULL_LISTEN).cast("int64"),
        skipped=(listens.fraction < SKIP).cast("int64"),
    )
    decays = {
        f"pair_decay_{days}d": exact_sum(rows.fraction * half_life_weight(rows.age, days))
        for days in LISTEN_HALF_LIVES
    }
    counts = {
        f"pair_listens_{days}d": (rows.day < days).cast("int64").sum() for days in (7, 14, 30, 60)
    }
    table = rows.group_by(*PAIR).agg(
        pair_listens=rows.count(),
        pair_full_decay_21d=exact_sum(rows.full * half_life_weight(rows.age, 21)),
        pair_total_fraction=exact_sum(rows.fraction),
        pair_best_fraction=rows.fraction.max(),
        pair_days_since_last=rows.age.min() / day,
        pair_days_since_last_half=rows.age.min(where=rows.fraction >= HALF_LISTEN) / day,
        pair_days_since_third=rows.age.max(where=rows.place == 2) / day,  # noqa: PLR2004
        pair_days_since_tenth=rows.age.max(where=rows.place == 9) / day,  # noqa: PLR2004
        pair_days_since_first=rows.age.max() / day,
        pair_last_fraction=rows.fraction.max(where=rows.place == 0),
        pair_last_three_fraction=exact_sum(rows.fraction, where=rows.place < 3),  # noqa: PLR2004
        full=rows.full.sum(),
        skipped=rows.skipped.sum(),
        weighted=exact_sum(rows.weight_14d),
        weighted_skips=exact_sum(rows.weight_14d * rows.skipped),
        **decays,
        **counts,
    )
    return table.mutate(
        pair_mean_fraction=table.pair_total_fraction / table.pair_listens,
        pair_full_rate=table.full / table.pair_listens,
        pair_skip_rate=table.skipped / table.pair_listens,
        pair_recent_fraction=table.pair_decay_14d / table.weighted.nullif(0.0),
        pair_recent_skip_rate=table.weighted_skips / table.weighted.nullif(0.0),
        pair_last_three_fraction=table.pair_last_three_fraction / ibis.least(table.pair_listens, 3),
    ).drop("full", "skipped", "weighted", "weighted_skips")


def _day_features(history: History, window_days: int, past_windows: int) -> ir.Table:
    import ibis

    days = day_bests(history)
    pair = ibis.window(group_by=PAIR, order_by=days.day)
    days = days.mutate(
        gap=days.day.lead().over(pair) - days.day, place=ibis.row_number().over(pair)
    )
    decays = {f"pair_day_decay_{half}d": day_decay(days, half) for half in DAY_HALF_LIVES}
    recent = {
        f"pair_days_in_{span}d": (days.day < span).cast("int64").sum()
        for span in (1, 3, 7, 15, 30, 60)
    }
    window = (days.day / window_days).floor().cast("int64")
    past = {
        f"pair_window_{number + 1}": days.best.max(where=window == number)
        for number in range(past_windows)
    }
    table = days.group_by(*PAIR).agg(
        pair_active_days=days.count(),
        pair_last_gap_days=days.gap.max(where=days.place == 0),
        pair_longest_gap_days=days.gap.max(),
        squared_gaps=(days.gap.cast("int64") * days.gap).sum(),
        span_days=days.day.max() - days.day.min(),
        pair_most_listens_in_a_day=days.listens.max(),
        **decays,
        **recent,
        **past,
    )
    gaps = (table.pair_active_days - 1).nullif(0)
    mean_gap = table.span_days / gaps
    variance = table.squared_gaps / gaps - mean_gap * mean_gap
    heard = [(table[name].fill_null(0.0) >= HALF_LISTEN).cast("int64") for name in past]
    return table.mutate(
        pair_mean_gap_days=mean_gap,
        pair_gap_deviation_days=ibis.greatest(variance, 0.0).sqrt(),
        pair_windows_heard=sum(heard[1:], start=heard[0]),
    ).drop("span_days", "squared_gaps")

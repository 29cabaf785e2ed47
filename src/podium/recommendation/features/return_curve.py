"""Which of their tracks this user came back to, when the past was cut as the test is.

Target encoding by user, out of time: the listens are cut once and twice a window before the real
cut, each pair is sorted into bins by what was known then, and what was heard in the window that
followed is compared with what other users heard of such pairs. The mean surplus per bin, shrunk
towards zero, is the user's own return curve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.recommendation.exact import exact_sum
from podium.recommendation.features.pairs import PAIR, day_bests, day_decay

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from podium.recommendation.history import History

_STRENGTH_EDGES = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
_RECENCY_EDGES = (2, 5, 10, 20, 40)
_PRIOR_PAIRS = 20.0
_HALF_LIFE = 14
_PAST_CUTS = 2


def return_curve_features(
    history: History, pairs: ir.Table, window_days: int, gap_days: int
) -> ir.Table:
    """Surplus of the user over others in the bins of each candidate.

    Args:
        history: What is known at the cut.
        pairs: Candidates, with user_id and item_id.
        window_days: Length of the target window.
        gap_days: Days between history and window.

    Returns:
        user_id, item_id and ``curve_expected`` (mean fraction of such pairs over all users),
        ``curve_user``, ``curve_strength``, ``curve_recency``, ``curve_artist``, ``curve_pair``
        (surplus of the user: over all, by strength, by recency, by artist, of the track itself).
        Tracks that were never heard get the user's surplus alone.
    """
    days = day_bests(history)
    step = window_days + gap_days
    past = _state(days, step, window_days, gap_days)
    for number in range(2, _PAST_CUTS + 1):
        past = past.union(_state(days, number * step, window_days, gap_days))
    expected = past.group_by("strength_bin", "recency_bin").agg(
        curve_expected=exact_sum(past.heard) / past.count()
    )
    residual = past.join(expected, ["strength_bin", "recency_bin"])
    residual = residual.mutate(surplus=residual.heard - residual.curve_expected)
    artists = history.catalogue.item_artists
    main = artists.filter(artists.position == 0).select("item_id", "artist_id")
    now = pairs.select(*PAIR).left_join(_state(days, 0, window_days, gap_days), PAIR)
    now = now.select(*PAIR, "strength_bin", "recency_bin")
    now = now.left_join(main, "item_id").drop("item_id_right")
    now = now.left_join(expected, ["strength_bin", "recency_bin"])
    now = now.drop("strength_bin_right", "recency_bin_right")
    by_artist = residual.join(main, "item_id")
    encodings = {
        "curve_user": (residual, ["user_id"]),
        "curve_strength": (residual, ["user_id", "strength_bin"]),
        "curve_recency": (residual, ["user_id", "recency_bin"]),
        "curve_artist": (by_artist, ["user_id", "artist_id"]),
        "curve_pair": (residual, PAIR),
    }
    for name, (rows, keys) in encodings.items():
        mean = rows.group_by(*keys).agg(
            **{name: exact_sum(rows.surplus) / (rows.count() + _PRIOR_PAIRS)}
        )
        now = now.left_join(mean, keys).drop(*(f"{key}_right" for key in keys))
    return now.select(*PAIR, "curve_expected", *encodings)


def _state(days: ir.Table, shift_days: int, window_days: int, gap_days: int) -> ir.Table:
    """Bins of each pair as known ``shift_days`` ago, and the fraction heard in the window after."""
    import ibis

    known = days.filter(days.day >= shift_days)
    table = known.group_by(*PAIR).agg(
        decay=day_decay(known, _HALF_LIFE, shift_days), last=known.day.min() - shift_days
    )
    if shift_days:
        last_day = shift_days - gap_days - window_days
        window = days.filter((days.day >= last_day) & (days.day < shift_days - gap_days))
        heard = window.group_by(*PAIR).agg(heard=window.best.max())
        table = table.left_join(heard, PAIR).drop("user_id_right", "item_id_right")
        table = table.mutate(heard=table.heard.fill_null(0.0))
    else:
        table = table.mutate(heard=ibis.literal(0.0))
    return table.select(
        *PAIR,
        "heard",
        strength_bin=_bin(table.decay, _STRENGTH_EDGES),
        recency_bin=_bin(table["last"], _RECENCY_EDGES),
    )


def _bin(value: ir.NumericColumn, edges: tuple[float, ...]) -> ir.IntegerColumn:
    above = [(value >= edge).cast("int64") for edge in edges]
    return sum(above[1:], start=above[0])

"""Target encoding out of time: what the window before the cut says of tracks and artists.

The last ``window_days`` before the cut play the target window, and what lies before them (less the
gap) the history. So every rate is of the very kind that is to be predicted, and none has seen the
target window. Rates are shrunk towards the mean of all (Micci-Barreca 2001).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.recommendation.exact import exact_sum

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from podium.recommendation.history import History

_MEMORY_DAYS = 45  # how long before the past window a listener still counts as one
_PRIOR_PAIRS = 10.0


def return_rates(history: History, window_days: int, gap_days: int) -> tuple[ir.Table, ir.Table]:
    """Mean fraction heard again, by track and by artist.

    Returns:
        item_id with ``item_return_rate`` (mean best fraction in the past window over listeners of
        the weeks before it), ``item_first_rate`` (best fractions of first-time listeners per
        recent listener); and artist_id with ``artist_return_rate``.
    """
    pairs = _past_window(history, window_days, gap_days)
    by_item = pairs.group_by("item_id").agg(
        again=exact_sum(pairs.again),
        known=pairs.known.sum(),
        first=exact_sum(pairs.first_time),
        listeners=pairs.count(),
    )
    # Held, because all below starts from it, and it looks at the listens of everyone.
    items = by_item.cache()
    prior = items.agg(rate=exact_sum(items.again) / items.known.sum().nullif(0).cast("float64"))
    items = items.cross_join(prior)
    item_rates = items.select(
        "item_id",
        item_return_rate=(items.again + _PRIOR_PAIRS * items.rate) / (items.known + _PRIOR_PAIRS),
        item_first_rate=items["first"] / (items.listeners + _PRIOR_PAIRS),
    )
    artists = history.catalogue.item_artists.select("item_id", "artist_id")
    joined = items.join(artists, "item_id")
    by_artist = joined.group_by("artist_id").agg(
        again=exact_sum(joined.again), known=joined.known.sum(), rate=joined.rate.max()
    )
    artist_rates = by_artist.select(
        "artist_id",
        artist_return_rate=(by_artist.again + _PRIOR_PAIRS * by_artist.rate)
        / (by_artist.known + _PRIOR_PAIRS),
    )
    return item_rates, artist_rates


def _past_window(history: History, window_days: int, gap_days: int) -> ir.Table:
    """One row per pair heard lately: known before, fraction heard again, or for the first time."""
    start = window_days + gap_days
    listens = history.recent(start + _MEMORY_DAYS)
    pairs = listens.group_by("user_id", "item_id").agg(
        window=listens.fraction.max(where=listens.day < window_days),
        before=listens.fraction.max(where=listens.day >= start),
    )
    known, heard = pairs.before.notnull(), pairs.window.fill_null(0.0)
    return pairs.select(
        "item_id",
        known=known.cast("int64"),
        again=known.ifelse(heard, 0.0),
        first_time=known.ifelse(0.0, heard),
    )

"""How close the track is to what the user hears: its artists and its genres."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.recommendation.exact import SECONDS_PER_DAY, exact_sum, half_life_weight
from podium.recommendation.features.pairs import PAIR

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from podium.recommendation.history import History

_HALF_LIVES = (3, 14, 60)
_RECENT_DAYS = 14
_GENRE_DAYS = 60


def artist_features(history: History, pairs: ir.Table, artist_rates: ir.Table) -> ir.Table:
    """The user's affinity to the track's artists; of several, the strongest counts.

    Args:
        history: What is known at the cut.
        pairs: Candidates, with user_id and item_id.
        artist_rates: artist_id and artist_return_rate.

    Returns:
        One row per candidate whose artist is known.
    """
    credited = history.catalogue.item_artists.select("item_id", "artist_id")
    affinity = _affinity(history, credited)
    rows = pairs.select(*PAIR).join(credited, "item_id")
    rows = rows.left_join(artist_rates, "artist_id").drop("artist_id_right")
    rows = rows.left_join(affinity, ["user_id", "artist_id"])
    rows = rows.drop("user_id_right", "artist_id_right")
    names = [name for name in rows.columns if name not in (*PAIR, "artist_id")]
    nearest = {"artist_days_since_last"}
    return rows.group_by(*PAIR).agg(
        **{name: rows[name].min() if name in nearest else rows[name].max() for name in names}
    )


def genre_features(history: History, pairs: ir.Table) -> ir.Table:
    """Share of the user's listening that went to the track's genres in the last 60 days."""
    genres = history.catalogue.item_genres.select("item_id", "genre")
    recent = history.own_listens.filter(history.own_listens.day < _GENRE_DAYS)
    heard = recent.join(genres, "item_id")
    by_genre = heard.group_by("user_id", "genre").agg(worth=exact_sum(heard.fraction))
    totals = recent.group_by("user_id").agg(total=exact_sum(recent.fraction))
    share = by_genre.join(totals, "user_id")
    share = share.select("user_id", "genre", share=share.worth / share.total.nullif(0.0))
    rows = pairs.select(*PAIR).join(genres, "item_id")
    rows = rows.left_join(share, ["user_id", "genre"]).drop("user_id_right", "genre_right")
    favourite = history.catalogue.users.select("user_id", "top_genre")
    rows = rows.left_join(favourite, "user_id").drop("user_id_right")
    return rows.group_by(*PAIR).agg(
        genre_share=rows.share.fill_null(0.0).max(),
        genre_is_favourite=(rows.genre == rows.top_genre).cast("int64").max(),
    )


def _affinity(history: History, credited: ir.Table) -> ir.Table:
    """Per user and artist: volume, breadth and recency."""
    listens = history.own_listens
    tracks = listens.group_by(*PAIR).agg(
        first_day=listens.day.max(),
        last_age=listens.age.min(),
        first_age=listens.age.max(),
        listens=listens.count(),
        **{
            f"decay_{days}": exact_sum(listens.fraction * half_life_weight(listens.age, days))
            for days in _HALF_LIVES
        },
    )
    heard = tracks.join(credited, "item_id")
    return heard.group_by("user_id", "artist_id").agg(
        artist_listens=heard.listens.sum(),
        artist_tracks=heard.count(),
        artist_tracks_14d=(heard.last_age < _RECENT_DAYS * SECONDS_PER_DAY).cast("int64").sum(),
        artist_new_tracks_14d=(heard.first_day < _RECENT_DAYS).cast("int64").sum(),
        artist_days_since_last=heard.last_age.min() / SECONDS_PER_DAY,
        artist_days_since_first=heard.first_age.max() / SECONDS_PER_DAY,
        # Multiples of 2**-20: their sum is exact in any order.
        **{f"artist_decay_{days}d": heard[f"decay_{days}"].sum() for days in _HALF_LIVES},
    )

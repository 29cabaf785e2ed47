"""How close the track is to what the user hears: its artists, its genres, its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.recommendation.exact import SECONDS_PER_DAY, exact_sum, half_life_weight

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from podium.recommendation.history import History

ARTIST_HALF_LIVES = (7, 30)
_SESSION_GAP_SECONDS = 45 * 60


def artist_features(history: History, pairs: ir.Table, artist_rates: ir.Table) -> ir.Table:
    """The user's affinity to the track's artists; the strongest artist counts.

    Args:
        history: What is known at the cut.
        pairs: Candidates, user_id and item_id.
        artist_rates: artist_id and artist_return_rate.

    Returns:
        One row per candidate whose artist is known.
    """
    credited = history.catalogue.item_artists.select("item_id", "artist_id")
    heard = history.own_listens.join(credited, "item_id")
    decays = {
        f"artist_decay_{half_life}d": exact_sum(
            heard.fraction * half_life_weight(heard.age, half_life)
        )
        for half_life in ARTIST_HALF_LIVES
    }
    affinity = heard.group_by("user_id", "artist_id").agg(
        artist_listens=heard.count(),
        artist_tracks=heard.item_id.nunique(),
        artist_tracks_14d=heard.item_id.nunique(where=heard.day < 14),
        artist_days_since_last=heard.age.min() / SECONDS_PER_DAY,
        artist_days_since_first=heard.age.max() / SECONDS_PER_DAY,
        **decays,
    )
    rows = pairs.select("user_id", "item_id").join(credited, "item_id")
    rows = rows.left_join(artist_rates, "artist_id").drop("artist_id_right")
    rows = rows.left_join(affinity, ["user_id", "artist_id"])
    rows = rows.drop("user_id_right", "artist_id_right")
    least = {"artist_days_since_last"}
    names = [name for name in rows.columns if name.startswith("artist_") and name != "artist_id"]
    return rows.group_by("user_id", "item_id").agg(
        **{name: rows[name].min() if name in least else rows[name].max() for name in names}
    )


def genre_features(history: History, pairs: ir.Table) -> ir.Table:
    """Share of the user's listening that went to the track's genres in the last 60 days."""
    genres = history.catalogue.item_genres.select("item_id", "genre")
    recent = history.own_listens.filter(history.own_listens.day < 60)
    heard = recent.join(genres, "item_id")
    by_genre = heard.group_by("user_id", "genre").agg(worth=exact_sum(heard.fraction))
    totals = recent.group_by("user_id").agg(total=exact_sum(recent.fraction))
    share = by_genre.join(totals, "user_id")
    share = share.select("user_id", "genre", share=share.worth / share.total.nullif(0.0))
    rows = pairs.select("user_id", "item_id").join(genres, "item_id")
    rows = rows.left_join(share, ["user_id", "genre"]).drop("user_id_right", "genre_right")
    favourite = history.catalogue.users.select("user_id", "top_genre")
    rows = rows.left_join(favourite, "user_id").drop("user_id_right")
    return rows.group_by("user_id", "item_id").agg(
        genre_share=rows.share.fill_null(0.0).max(),
        genre_is_favourite=(rows.genre == rows.top_genre).cast("int64").max(),
    )


def session_features(history: History) -> ir.Table:
    """Whether the tracks that the user plays around this one are still in rotation.

    Neighbours are the tracks played right before and after it, at most 45 minutes apart. Their
    decayed fractions (half-life 10 days) are averaged over the occasions.
    """
    import ibis

    listens = history.own_listens
    worth = listens.mutate(worth=listens.fraction * half_life_weight(listens.age, 10))
    decay = worth.group_by("user_id", "item_id").agg(decay=exact_sum(worth.worth))
    # A total order: listens of one second are told apart by track and length.
    order = ibis.window(
        group_by="user_id",
        order_by=[ibis.desc(listens.age), listens.item_id, listens.listened_seconds],
    )
    steps = listens.select(
        "user_id",
        "item_id",
        following=listens.item_id.lead().over(order),
        pause=listens.age - listens.age.lead().over(order),
    )
    steps = steps.filter(
        (steps.pause <= _SESSION_GAP_SECONDS) & (steps.following != steps.item_id)
    )
    forward = steps.select("user_id", "item_id", neighbour="following")
    backward = steps.select("user_id", item_id="following", neighbour="item_id")
    joined = forward.union(backward).join(
        decay.rename(neighbour="item_id"), ["user_id", "neighbour"]
    )
    table = joined.group_by("user_id", "item_id").agg(
        total=exact_sum(joined.decay), session_neighbours=joined.count()
    )
    return table.mutate(session_neighbour_decay=table.total / table.session_neighbours).drop(
        "total"
    )

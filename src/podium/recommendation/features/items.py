"""How everyone listens to the track."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.recommendation.exact import exact_sum
from podium.recommendation.features.pairs import SKIP

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from podium.recommendation.history import History

_SPANS = (3, 7, 14, 30, 90)


def item_features(history: History) -> ir.Table:
    """One row per track that was ever heard before the cut."""
    heard = _heard(history)
    items = history.catalogue.items
    artists = history.catalogue.item_artists
    credited = artists.group_by("item_id").agg(item_artists=artists.count())
    metadata = items.select(
        "item_id",
        item_seconds=items.track_seconds,
        item_likes=items.like_count,
        item_dislikes=items.dislike_count,
        item_downloads=items.download_count,
    )
    table = heard.left_join(metadata, "item_id").drop("item_id_right")
    table = table.left_join(credited, "item_id").drop("item_id_right")
    return table.mutate(
        item_like_ratio=table.item_likes / (table.item_likes + table.item_dislikes + 10)
    )


def _heard(history: History) -> ir.Table:
    listens = history.listens
    pairs = listens.group_by("user_id", "item_id").agg(
        listens=listens.count(),
        fraction=exact_sum(listens.fraction),
        best=listens.fraction.max(),
        skips=(listens.fraction < SKIP).cast("int64").sum(),
        last=listens.day.min(),
        first=listens.day.max(),
    )
    recent = {
        f"item_listeners_{span}d": (pairs["last"] < span).cast("int64").sum() for span in _SPANS
    }
    new = {
        f"item_new_listeners_{span}d": (pairs["first"] < span).cast("int64").sum()
        for span in (14, 30)
    }
    table = pairs.group_by("item_id").agg(
        item_listeners=pairs.count(),
        item_listens=pairs.listens.sum(),
        item_best_fractions=exact_sum(pairs.best),
        fraction=pairs.fraction.sum(),
        skips=pairs.skips.sum(),
        item_days_on_service=pairs["first"].max(),
        **recent,
        **new,
    )
    return table.mutate(
        item_mean_fraction=table.fraction / table.item_listens,
        item_mean_best_fraction=table.item_best_fractions / table.item_listeners,
        item_skip_rate=table.skips / table.item_listens,
        item_listens_per_listener=table.item_listens / table.item_listeners,
        item_trend=(table.item_listeners_7d + 1) * 30.0 / 7.0 / (table.item_listeners_30d + 1),
    ).drop("fraction", "skips")

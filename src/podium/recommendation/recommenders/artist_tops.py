"""The best known tracks of the artists that a user hears lately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from podium.common.arguments import above
from podium.recommendation.exact import exact_sum, half_life_weight
from podium.recommendation.recommenders.base import Recommender, collect, look_up, rank_lists

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import pandas as pd

    from podium.recommendation.history import History


class ArtistTops(Recommender):
    """Affinity to an artist times the track's share of that artist's listeners.

    A track of several artists takes the sum over them.
    """

    def __init__(
        self,
        half_life_days: float = 21.0,
        artists_per_user: int = 30,
        tracks_per_artist: int = 20,
        window_days: int = 60,
    ) -> None:
        """Declare the recommender.

        Args:
            half_life_days: Age at which a listen counts half for the affinity.
            artists_per_user: Artists of highest affinity that are considered.
            tracks_per_artist: Most heard tracks of each that are considered.
            window_days: Listens of everyone in these last days make a track known.
        """
        above("half_life_days", half_life_days, 0)
        above("artists_per_user", artists_per_user, 0)
        above("tracks_per_artist", tracks_per_artist, 0)
        above("window_days", window_days, 0)
        self.half_life_days = half_life_days
        self.artists_per_user = artists_per_user
        self.tracks_per_artist = tracks_per_artist
        self.window_days = window_days

    def fit(self, history: History) -> Self:
        """Join each user's artists with their tracks."""
        affinity, tracks = self._affinity(history), self._tracks(history)
        joined = affinity.join(tracks, "artist_id")
        pairs = joined.group_by("user_id", "item_id").agg(
            score=exact_sum(joined.affinity * joined.share)
        )
        self._scores = collect(pairs, "user_id", "item_id")
        return self

    def recommend(self, users: np.ndarray, k: int) -> pd.DataFrame:
        """Rank the tracks of the user's artists."""
        return rank_lists(self._scores[self._scores["user_id"].isin(users)], k)

    def score(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Scores of the pairs; NaN outside the lists of the user's artists."""
        return look_up(self._scores, {"user_id": users, "item_id": items})

    def _affinity(self, history: History) -> ir.Table:
        listens = history.own_listens
        worth = listens.fraction * half_life_weight(listens.age, self.half_life_days)
        artists = history.catalogue.item_artists.select("item_id", "artist_id")
        heard = listens.mutate(worth=worth).join(artists, "item_id")
        totals = heard.group_by("user_id", "artist_id").agg(affinity=exact_sum(heard.worth))
        return _best(totals, "user_id", "affinity", "artist_id", self.artists_per_user)

    def _tracks(self, history: History) -> ir.Table:
        listens = history.recent(self.window_days)
        best = listens.group_by("user_id", "item_id").agg(best=listens.fraction.max())
        popular = best.group_by("item_id").agg(heard=exact_sum(best.best))
        artists = history.catalogue.item_artists.select("item_id", "artist_id")
        joined = popular.join(artists, "item_id")
        tops = _best(joined, "artist_id", "heard", "item_id", self.tracks_per_artist)
        totals = tops.group_by("artist_id").agg(total=tops.heard.sum())
        shares = tops.join(totals, "artist_id")
        return shares.filter(shares.total > 0).select(
            "artist_id", "item_id", share=shares.heard / shares.total
        )


def _best(table: ir.Table, group: str, value: str, tie: str, k: int) -> ir.Table:
    """The k rows of highest value in each group; ties go to the smaller ``tie``."""
    import ibis

    order = ibis.window(group_by=group, order_by=[ibis.desc(table[value]), table[tie]])
    numbered = table.mutate(place=ibis.row_number().over(order))
    return numbered.filter(numbered.place < k).drop("place")

"""The user's own tracks, by how much of them was heard and how lately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from podium.recommendation.exact import exact_sum, half_life_weight
from podium.recommendation.recommenders.base import Recommender, collect, look_up, rank_lists

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from podium.recommendation.history import History


class OwnHistory(Recommender):
    """Sum of the listened fractions of each track, older listens halved every half-life."""

    def __init__(self, half_life_days: float | None = None) -> None:
        """Declare the recommender.

        Args:
            half_life_days: Age at which a listen counts half; None counts all alike.
        """
        if half_life_days is not None and not half_life_days > 0:
            raise ValueError(f"half_life_days must be above zero, not {half_life_days}")
        self.half_life_days = half_life_days

    def fit(self, history: History) -> Self:
        """Add up the weighted fractions of every pair of the history's users."""
        listens = history.own_listens
        worth = listens.fraction
        if self.half_life_days is not None:
            worth = worth * half_life_weight(listens.age, self.half_life_days)
        pairs = (
            listens.mutate(worth=worth)
            .group_by("user_id", "item_id")
            .agg(score=lambda rows: exact_sum(rows.worth))
        )
        self._scores = collect(pairs, "user_id", "item_id")
        return self

    def recommend(self, users: np.ndarray, k: int) -> pd.DataFrame:
        """Rank the user's own tracks."""
        return rank_lists(self._scores[self._scores["user_id"].isin(users)], k)

    def score(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Weighted fractions of the pairs; NaN for a track that the user never heard."""
        return look_up(self._scores, {"user_id": users, "item_id": items})

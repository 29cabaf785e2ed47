"""What many listeners hear: over all time or lately, over all or within a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from podium.common.arguments import above
from podium.recommendation.exact import exact_sum
from podium.recommendation.recommenders.base import Recommender, collect, look_up, rank_lists

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import pandas as pd

    from podium.recommendation.history import History

_EVERYONE = "everyone"


class Popularity(Recommender):
    """Best listened fraction of each listener, added up over listeners.

    One listener counts at most 1 for a track, as in the score, so that a fan who repeats a track
    all day does not make it popular.
    """

    def __init__(
        self, window_days: int | None = None, group: str | None = None, longest_list: int = 1000
    ) -> None:
        """Declare the recommender.

        Args:
            window_days: Only listens of the last days count; None for all time.
            group: Column of the user metadata within whose groups tracks are counted; users
                without a value form a group of their own.
            longest_list: Tracks kept per group.
        """
        if window_days is not None:
            above("window_days", window_days, 0)
        above("longest_list", longest_list, 0)
        self.window_days = window_days
        self.group = group
        self.longest_list = longest_list

    def fit(self, history: History) -> Self:
        """Count within each group."""
        listens = history.listens
        if self.window_days is not None:
            listens = history.recent(self.window_days)
        best = listens.group_by("user_id", "item_id").agg(best=listens.fraction.max())
        counted = self._with_group(best, history)
        totals = counted.group_by("group", "item_id").agg(score=exact_sum(counted.best))
        ranked = totals.filter(totals.score > 0)
        self._scores = rank_lists(
            collect(ranked, "group", "item_id"), self.longest_list, by="group"
        )
        members = self._with_group(history.user_table, history)
        self._groups = collect(members, "user_id").set_index("user_id")["group"]
        return self

    def recommend(self, users: np.ndarray, k: int) -> pd.DataFrame:
        """The list of the user's group; nothing for users that the history was not made for."""
        import pandas as pd

        lists = self._scores[self._scores["rank"] <= k]
        wanted = pd.DataFrame({"user_id": users, "group": self._group_of(users)})
        joined = wanted.merge(lists, on="group").sort_values(["user_id", "rank"], ignore_index=True)
        return joined[["user_id", "item_id", "score", "rank"]]

    def score(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Popularity of the tracks within the users' groups.

        NaN below the longest list, and for users that the history was not made for.
        """
        return look_up(self._scores, {"group": self._group_of(users), "item_id": items})

    def ranking(self) -> np.ndarray:
        """Item ids, best first, over all groups together."""
        totals = self._scores[["item_id", "score"]].groupby("item_id").sum().reset_index()
        ordered = totals.sort_values(["score", "item_id"], ascending=[False, True])
        return ordered["item_id"].to_numpy()

    def _with_group(self, table: ir.Table, history: History) -> ir.Table:
        import ibis

        if self.group is None:
            return table.mutate(group=ibis.literal(_EVERYONE))
        users = history.catalogue.users.select("user_id", group=self.group)
        joined = table.left_join(users, "user_id").drop("user_id_right")
        return joined.mutate(group=joined.group.cast("string").fill_null("unknown"))

    def _group_of(self, users: np.ndarray) -> np.ndarray:
        return self._groups.reindex(users).to_numpy(dtype=object)

"""What every recommender does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import pandas as pd

    from podium.recommendation.history import History


class Recommender(ABC):
    """A model that is fitted on a history and ranks tracks for its users.

    A fitted recommender holds plain arrays and frames, so that it can be pickled. Fitting again
    forgets what was fitted before. Tracks already heard are recommended like any other.
    """

    @abstractmethod
    def fit(self, history: History) -> Self:
        """Learn from the listens of the history."""

    @abstractmethod
    def recommend(self, users: np.ndarray, k: int) -> pd.DataFrame:
        """Rank at most ``k`` tracks for each user.

        Args:
            users: User ids; those the recommender knows nothing about get no rows.
            k: Longest list; shorter where there are fewer tracks.

        Returns:
            user_id, item_id, score and rank (from 1, best first), sorted by user_id and rank.
            Ties go to the smaller item_id.
        """

    @abstractmethod
    def score(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Score pairs.

        Args:
            users: User ids, shape (n,).
            items: Track ids, shape (n,).

        Returns:
            float32, shape (n,), on the scale of ``recommend``; NaN where nothing is known.
        """


def rank_lists(scores: pd.DataFrame, k: int, by: str = "user_id") -> pd.DataFrame:
    """Keep the ``k`` best rows of each ``by`` and number them.

    Args:
        scores: ``by``, item_id and score.
        k: Longest list.
        by: Column that lists are made for.

    Returns:
        The same columns and ``rank``, sorted by ``by`` and rank; ties go to the smaller item_id.
    """
    ordered = scores.sort_values([by, "score", "item_id"], ascending=[True, False, True])
    rank = ordered.groupby(by, sort=False).cumcount() + 1
    return ordered.assign(rank=rank)[rank <= k].reset_index(drop=True)


def look_up(scores: pd.DataFrame, keys: dict[str, np.ndarray]) -> np.ndarray:
    """The score of each row of keys; NaN where there is none.

    Args:
        scores: The key columns and ``score``, each key once.
        keys: Key columns by name, each of shape (n,).

    Returns:
        float32, shape (n,).
    """
    import pandas as pd

    wanted = pd.DataFrame(keys)
    found = wanted.merge(scores[[*keys, "score"]], how="left", on=list(keys), validate="m:1")
    return found["score"].to_numpy("float32")


def collect(table: ir.Table, *order: str) -> pd.DataFrame:
    """Run an expression and return its rows in a total order."""
    frame = table.to_pyarrow().to_pandas()
    return frame.sort_values(list(order), ignore_index=True)

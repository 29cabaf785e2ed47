"""Co-visitation: tracks heard by the same listeners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from podium.common.arguments import above
from podium.recommendation.recommenders.base import Recommender, rank_lists
from podium.recommendation.recommenders.interaction_matrix import (
    InteractionMatrix,
    interaction_matrix,
    positions,
)

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_matrix

    from podium.recommendation.history import History

_USERS_AT_ONCE = 1000


class ItemKNN(Recommender):
    """Item-to-item neighbours by cosine over listeners (implicit's all-pairs kNN).

    A user's score of a track is the sum of the weights of the user's tracks times their similarity
    to it, divided by the track's popularity to the power of ``damping``. A track is a neighbour of
    itself, so that repeats are scored too.
    """

    def __init__(
        self,
        *,
        neighbours: int = 32,
        half_life_days: float = 30.0,
        window_days: int = 90,
        minimum_weight: float = 0.05,
        tracks_per_user: int = 100,
        minimum_listeners: int = 3,
        damping: float = 0.0,
        threads: int = 0,
    ) -> None:
        """Declare the recommender.

        Args:
            neighbours: Most similar tracks kept for each.
            half_life_days: Age at which a listen counts half.
            window_days: Listens before the last days are left out.
            minimum_weight: Pairs of less weight are left out.
            tracks_per_user: Strongest tracks of a user that count.
            minimum_listeners: Tracks with fewer listeners are left out.
            damping: 0 leaves popular tracks in front, 1 divides by their number of listeners.
            threads: 0 for all cores.
        """
        above("neighbours", neighbours, 0)
        above("half_life_days", half_life_days, 0)
        above("window_days", window_days, 0)
        above("tracks_per_user", tracks_per_user, 0)
        self.neighbours = neighbours
        self.half_life_days = half_life_days
        self.window_days = window_days
        self.minimum_weight = minimum_weight
        self.tracks_per_user = tracks_per_user
        self.minimum_listeners = minimum_listeners
        self.damping = damping
        self.threads = threads

    def fit(self, history: History) -> Self:
        """Find the neighbours of every track; keep the weights of the history's users."""
        matrix = interaction_matrix(
            history,
            half_life_days=self.half_life_days,
            window_days=self.window_days,
            minimum_weight=self.minimum_weight,
            tracks_per_user=self.tracks_per_user,
            minimum_listeners=self.minimum_listeners,
        )
        self._items = matrix.items
        self._similarity = self._similarities(matrix)
        rows = matrix.rows_of(np.sort(history.users))
        self._users = np.sort(history.users)[rows >= 0]
        self._weights = matrix.weights[rows[rows >= 0]]
        return self

    def recommend(self, users: np.ndarray, k: int) -> pd.DataFrame:
        """Rank the neighbours of the user's tracks."""
        import pandas as pd

        found = positions(self._users, np.sort(users))
        rows = found[found >= 0]
        lists = [
            self._best(rows[start : start + _USERS_AT_ONCE], k) for start in self._starts(rows)
        ]
        if not lists:
            return rank_lists(
                pd.DataFrame({"user_id": [], "item_id": [], "score": []}, dtype="int64"), k
            )
        return rank_lists(pd.concat(lists, ignore_index=True), k)

    def score(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Score pairs; 0 for a track that is no neighbour, NaN for an unknown user or track."""
        scores = np.full(len(users), np.nan, dtype=np.float32)
        rows, columns = positions(self._users, users), positions(self._items, items)
        known = np.flatnonzero((rows >= 0) & (columns >= 0))
        order = known[np.argsort(rows[known], kind="stable")]
        needed = np.unique(rows[order])
        for start in self._starts(needed):
            block = needed[start : start + _USERS_AT_ONCE]
            affinities = self._weights[block] @ self._similarity
            low, high = np.searchsorted(rows[order], [block[0], block[-1] + 1])
            part = order[low:high]
            at = np.searchsorted(block, rows[part])
            scores[part] = np.asarray(affinities[at, columns[part]]).ravel()
        return scores

    def _similarities(self, matrix: InteractionMatrix) -> csr_matrix:
        from implicit.nearest_neighbours import all_pairs_knn
        from scipy.sparse import diags

        by_user = matrix.weights.T.tocsr()
        by_user.data = np.log1p(by_user.data)
        norms = np.sqrt(np.asarray(by_user.multiply(by_user).sum(axis=1)).ravel())
        normalised = diags(1 / np.maximum(norms, 1e-9)) @ by_user
        neighbours = all_pairs_knn(
            normalised.T.tocsr().astype(np.float64),
            self.neighbours + 1,
            show_progress=False,
            num_threads=self.threads,
        ).tocsr()
        if self.damping:
            listeners = np.diff(matrix.weights.tocsc().indptr).astype(np.float64)
            neighbours = neighbours @ diags(np.maximum(listeners, 1) ** -self.damping)
        similarity = neighbours.astype(np.float32).tocsr()
        similarity.sort_indices()
        return similarity

    def _best(self, rows: np.ndarray, k: int) -> pd.DataFrame:
        import pandas as pd

        affinities = (self._weights[rows] @ self._similarity).tocsr()
        affinities.sort_indices()
        users, items, scores = [], [], []
        for number, row in enumerate(rows):
            low, high = affinities.indptr[number], affinities.indptr[number + 1]
            data, columns = affinities.data[low:high], affinities.indices[low:high]
            if len(data) > k:  # ties at the border are left to rank_lists
                border = np.partition(data, len(data) - k)[len(data) - k]
                data, columns = data[data >= border], columns[data >= border]
            users.append(np.full(len(data), self._users[row]))
            items.append(self._items[columns])
            scores.append(data)
        return pd.DataFrame(
            {
                "user_id": np.concatenate(users),
                "item_id": np.concatenate(items),
                "score": np.concatenate(scores).astype(np.float64),
            }
        )

    @staticmethod
    def _starts(rows: np.ndarray) -> range:
        return range(0, len(rows), _USERS_AT_ONCE)

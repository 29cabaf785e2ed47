"""Matrix factorisation of implicit feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from podium.common.arguments import above
from podium.recommendation.recommenders.base import Recommender, rank_lists
from podium.recommendation.recommenders.interaction_matrix import interaction_matrix, positions

if TYPE_CHECKING:
    import pandas as pd

    from podium.recommendation.history import History

_PAIRS_AT_ONCE = 1 << 20
_USERS_AT_ONCE = 64


class ImplicitALS(Recommender):
    """Alternating least squares on decayed fractions (Hu, Koren, Volinsky 2008; package implicit).

    Tracks that the user already heard stay in the lists: most of the value lies in repeats.
    """

    def __init__(
        self,
        *,
        factors: int = 64,
        iterations: int = 10,
        regularization: float = 0.05,
        alpha: float = 10.0,
        half_life_days: float = 30.0,
        window_days: int = 120,
        minimum_weight: float = 0.05,
        tracks_per_user: int = 500,
        minimum_listeners: int = 5,
        seed: int = 0,
        threads: int = 0,
    ) -> None:
        """Declare the recommender.

        Args:
            factors: Length of the vectors.
            iterations: Rounds of alternating least squares.
            regularization: L2 penalty on the vectors.
            alpha: Confidence added per unit of weight.
            half_life_days: Age at which a listen counts half.
            window_days: Listens before the last days are left out.
            minimum_weight: Pairs of less weight are left out.
            tracks_per_user: Strongest tracks of a user that count.
            minimum_listeners: Tracks with fewer listeners are left out.
            seed: For the starting vectors.
            threads: 0 for all cores.
        """
        above("factors", factors, 0)
        above("iterations", iterations, 0)
        above("half_life_days", half_life_days, 0)
        above("window_days", window_days, 0)
        above("tracks_per_user", tracks_per_user, 0)
        self.factors = factors
        self.iterations = iterations
        self.regularization = regularization
        self.alpha = alpha
        self.half_life_days = half_life_days
        self.window_days = window_days
        self.minimum_weight = minimum_weight
        self.tracks_per_user = tracks_per_user
        self.minimum_listeners = minimum_listeners
        self.seed = seed
        self.threads = threads

    def fit(self, history: History) -> Self:
        """Factorise; keep the vectors of all tracks and of the history's users."""
        from implicit.cpu.als import AlternatingLeastSquares
        from threadpoolctl import threadpool_limits

        matrix = interaction_matrix(
            history,
            half_life_days=self.half_life_days,
            window_days=self.window_days,
            minimum_weight=self.minimum_weight,
            tracks_per_user=self.tracks_per_user,
            minimum_listeners=self.minimum_listeners,
        )
        with threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(
                factors=min(self.factors, max(1, len(matrix.items) - 1)),
                iterations=self.iterations,
                regularization=self.regularization,
                alpha=self.alpha,
                random_state=self.seed,
                num_threads=self.threads,
                # The conjugate-gradient solver adds up in one order whatever the number of threads.
                use_cg=True,
            )
            model.fit(matrix.weights, show_progress=False)
        rows = matrix.rows_of(np.sort(history.users))
        self._items = matrix.items
        self._item_vectors = np.asarray(model.item_factors, dtype=np.float32)
        self._users = np.sort(history.users)[rows >= 0]
        self._user_vectors = np.asarray(model.user_factors, dtype=np.float32)[rows[rows >= 0]]
        return self

    def recommend(self, users: np.ndarray, k: int) -> pd.DataFrame:
        """Rank all tracks by their dot product with the user's vector."""
        import pandas as pd
        from threadpoolctl import threadpool_limits

        found = positions(self._users, np.sort(users))
        rows, k = found[found >= 0], min(k, len(self._items))
        users_out, items_out, scores_out = [], [], []
        with threadpool_limits(1, "blas"):
            for start in range(0, len(rows), _USERS_AT_ONCE):
                block = rows[start : start + _USERS_AT_ONCE]
                products = self._user_vectors[block] @ self._item_vectors.T
                border = np.partition(products, products.shape[1] - k, axis=1)[:, [-k]]
                # Ties at the border are left to rank_lists.
                at_user, at_item = np.nonzero(products >= border)
                users_out.append(self._users[block][at_user])
                items_out.append(self._items[at_item])
                scores_out.append(products[at_user, at_item])
        frame = pd.DataFrame(
            {
                "user_id": np.concatenate(users_out) if users_out else np.array([], np.int64),
                "item_id": np.concatenate(items_out) if items_out else np.array([], np.int64),
                "score": np.concatenate(scores_out) if scores_out else np.array([], np.float32),
            }
        )
        return rank_lists(frame.astype({"score": "float64"}), k)

    def score(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Dot products; NaN for an unknown user or track."""
        scores = np.full(len(users), np.nan, dtype=np.float32)
        rows, columns = positions(self._users, users), positions(self._items, items)
        known = np.flatnonzero((rows >= 0) & (columns >= 0))
        for start in range(0, len(known), _PAIRS_AT_ONCE):
            part = known[start : start + _PAIRS_AT_ONCE]
            products = self._user_vectors[rows[part]] * self._item_vectors[columns[part]]
            scores[part] = products.sum(axis=1)
        return scores

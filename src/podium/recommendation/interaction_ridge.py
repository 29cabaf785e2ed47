"""Ridge regression on candidate features that act differently for different users."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from podium.common.arguments import above
from podium.common.time_budget import OutOfTimeError
from podium.recommendation.rankers import Ranker

if TYPE_CHECKING:
    from podium.recommendation.ranking_data import RankingData

_ROWS_AT_ONCE = 20_000
_FEATURE_LIMIT = 5.0
_USER_LIMIT = 3.0

# Strong linear signals of a return; any that the data lack are passed over.
CANDIDATE_FEATURES = (
    *(f"pair_decay_{days}d" for days in (1, 3, 7, 14, 21, 45, 90)),
    *(f"pair_day_decay_{days}d" for days in (3, 7, 14, 30, 60, 120)),
    "pair_strength",
    "pair_days_since_last",
    "pair_days_since_last_half",
    "pair_days_since_first",
    "pair_days_in_15d",
    "pair_active_days",
    "pair_recent_fraction",
    "pair_recent_skip_rate",
    "pair_last_three_fraction",
    *(f"pair_window_{number}" for number in (1, 2, 3, 4)),
    "pair_age_share",
    *(f"place_pair_{name}" for name in ("decay_7d", "decay_21d", "day_decay_14d", "day_decay_60d")),
    *(f"border_pair_{name}" for name in ("day_decay_14d", "day_decay_60d")),
    "session_strength",
    "session_days_since_last",
    "session_loop_rate",
    "artist_other_decay_3d",
    "artist_other_decay_14d",
    "artist_new_tracks_14d",
    "artist_return_rate",
    "genre_share",
    "item_listeners_14d",
    "item_return_rate",
    "item_first_rate",
    "item_mean_fraction",
    "item_knn_score",
    "implicit_als_score",
    "curve_expected",
)
SQUARED = (
    "pair_decay_3d",
    "pair_decay_7d",
    "pair_decay_21d",
    "pair_day_decay_14d",
    "pair_day_decay_30d",
    "pair_day_decay_60d",
    "pair_days_since_last",
    "pair_days_since_first",
    "pair_active_days",
    "session_strength",
    "pair_recent_fraction",
    "pair_last_three_fraction",
    "pair_age_share",
    "place_pair_day_decay_14d",
    "item_listeners_14d",
    "item_first_rate",
)
USER_FEATURES = (
    "user_repeat_share",
    "user_return_rate",
    "user_late_return_rate",
    "user_new_share",
    "user_mean_fraction",
    "user_skip_rate",
    "user_listens_per_recent_track",
    "user_expected_tracks",
    "user_listens_15d",
    "user_tracks_15d",
    "user_volume_trend",
    "user_window_half_listens",
    "user_days_known",
    "user_active_days_30d",
)
HEARD = "pair_listens"


class InteractionRidge(Ranker):
    """Ridge on logarithms of features, their products with the user's, and selected squares.

    Recency and volume mean different things for a listener who explores and one who repeats: the
    products let every slope depend on the user's habits. Features are put on a logarithmic scale,
    standardised and clipped; a missing value takes the mean, and whether the track was ever heard
    is a feature of its own.
    """

    def __init__(
        self,
        candidate_features: Sequence[str] = CANDIDATE_FEATURES,
        user_features: Sequence[str] = USER_FEATURES,
        squared: Sequence[str] = SQUARED,
        penalty: float = 100.0,
        interaction_penalty: float = 5000.0,
        most_rows: int = 300_000,
    ) -> None:
        """Declare the ranker.

        Args:
            candidate_features: Names of the features of a candidate.
            user_features: Names of the features of the user that they are multiplied with.
            squared: Those whose squares and products with each other enter too.
            penalty: L2 penalty on the candidate features themselves.
            interaction_penalty: L2 penalty on everything else.
            most_rows: Of more rows, evenly spaced ones are taken: the coefficients are settled by
                then, and time grows with the rows.
        """
        above("penalty", penalty, 0)
        above("interaction_penalty", interaction_penalty, 0)
        above("most_rows", most_rows, 0)
        self.candidate_features = tuple(candidate_features)
        self.squared = tuple(squared)
        self.user_features = tuple(user_features)
        self.most_rows = most_rows
        self.penalty = penalty
        self.interaction_penalty = interaction_penalty

    def fit(self, data: RankingData, seconds: float = float("inf")) -> Self:
        """Add up the normal equations block by block and solve them."""
        from threadpoolctl import threadpool_limits

        deadline = time.monotonic() + seconds
        self.names = data.names
        self._choose_columns()
        self._scale(data.features)
        taken = np.unique(np.linspace(0, len(data) - 1, self.most_rows).astype(int))
        gram, moment = 0.0, 0.0
        # One thread: the sums come out the same whatever the number of cores.
        with threadpool_limits(1, "blas"):
            for start in range(0, len(taken), _ROWS_AT_ONCE):
                if time.monotonic() > deadline:
                    raise OutOfTimeError(f"stopped at row {start}")
                rows = taken[start : start + _ROWS_AT_ONCE]
                design = self._design(data.features[rows])
                weighted = design * data.weight[rows, None]
                gram = gram + (weighted.T @ design).astype(np.float64)
                moment = moment + (weighted.T @ data.target[rows]).astype(np.float64)
            penalties = np.full(len(moment), self.interaction_penalty)  # type: ignore[arg-type]
            penalties[: 1 + len(self._columns)] = self.penalty
            self._coefficients = np.linalg.solve(gram + np.diag(penalties), moment)
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Expected fraction, not clipped."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "blas"):
            parts = [
                self._design(features[start : start + _ROWS_AT_ONCE]).astype(np.float64)
                @ self._coefficients
                for start in range(0, len(features), _ROWS_AT_ONCE)
            ]
        return np.concatenate(parts) if parts else np.zeros(0)

    def gain(self) -> np.ndarray:
        """Absolute standardised coefficients of the features themselves, as shares."""
        weights = np.zeros(len(self.names))
        weights[self._columns] = np.abs(self._coefficients[1 : 1 + len(self._columns)])
        return weights / max(weights.sum(), 1e-12)

    def shap(self, features: np.ndarray) -> np.ndarray:
        """Mean absolute contribution of each feature's own term (exact for a linear model)."""
        values = np.zeros(len(self.names))
        scaled = self._standardised(features, self._columns, _FEATURE_LIMIT)
        own = self._coefficients[1 : 1 + len(self._columns)]
        values[self._columns] = np.abs(scaled * own).mean(axis=0)
        return values

    def _choose_columns(self) -> None:
        at = {name: number for number, name in enumerate(self.names)}
        chosen = [name for name in self.candidate_features if name in at]
        if not chosen:
            raise ValueError("the data have none of the ranker's candidate features")
        self._columns = np.array([at[name] for name in chosen])
        self._users = np.array([at[name] for name in self.user_features if name in at], dtype=int)
        self._squares = np.array([chosen.index(name) for name in self.squared if name in chosen])
        self._heard = at.get(HEARD)

    def _scale(self, features: np.ndarray) -> None:
        count = len(self.names)
        self._mean, self._deviation = np.zeros(count), np.ones(count)
        for column in (*self._columns, *self._users):
            values = _logarithm(features[:, column]).astype(np.float64)
            known = values[np.isfinite(values)]
            if len(known):
                self._mean[column] = known.mean()
                self._deviation[column] = known.std() or 1.0

    def _standardised(self, features: np.ndarray, columns: np.ndarray, limit: float) -> np.ndarray:
        values = _logarithm(features[:, columns])
        scaled = (values - self._mean[columns]) / self._deviation[columns]
        return np.nan_to_num(np.clip(scaled, -limit, limit)).astype(np.float32)

    def _design(self, features: np.ndarray) -> np.ndarray:
        own = self._standardised(features, self._columns, _FEATURE_LIMIT)
        user = self._standardised(features, self._users, _USER_LIMIT)
        count = len(own)
        heard = np.ones((count, 1), np.float32)
        if self._heard is not None:
            heard[:, 0] = np.isfinite(features[:, self._heard])
        squares = own[:, self._squares] if len(self._squares) else own[:, :0]
        upper = np.triu_indices(squares.shape[1])
        return np.concatenate(
            [
                np.ones((count, 1), np.float32),
                own,
                heard,
                user,
                (own[:, :, None] * user[:, None, :]).reshape(count, -1),
                squares[:, upper[0]] * squares[:, upper[1]],
            ],
            axis=1,
        )


def _logarithm(values: np.ndarray) -> np.ndarray:
    """log(1 + x), mirrored for negative values."""
    return np.sign(values) * np.log1p(np.abs(values))

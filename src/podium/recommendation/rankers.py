"""Boosted rankers: what fraction of each candidate will be heard, or in which order."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from podium.common.arguments import above
from podium.common.time_budget import OutOfTimeError

if TYPE_CHECKING:
    from podium.recommendation.ranking_data import RankingData

# LambdaRank and XGBoost's rank objectives want whole-numbered relevance: quarters.
RELEVANCE_LEVELS = 4


class Ranker(ABC):
    """A model over candidates; higher scores come first."""

    names: tuple[str, ...]

    @abstractmethod
    def fit(self, data: RankingData, seconds: float = float("inf")) -> Self:
        """Learn from candidates with targets.

        Raises:
            OutOfTimeError: when training takes longer than ``seconds``.
        """

    @abstractmethod
    def predict(self, features: np.ndarray) -> np.ndarray:
        """Score rows of features in the order of ``names``; float64, shape (n,)."""

    @abstractmethod
    def gain(self) -> np.ndarray:
        """Share of the loss that each feature took away, shape (p,), sums to 1."""

    @abstractmethod
    def shap(self, features: np.ndarray) -> np.ndarray:
        """Mean absolute SHAP value of each feature over the rows (TreeSHAP), shape (p,)."""


class LightGBMRanker(Ranker):
    """LightGBM, averaged over seeds.

    With objective ``regression`` or ``cross_entropy`` it predicts the expected fraction, which is
    the best order for a score that is linear in the fractions; ``lambdarank`` learns the order
    itself.
    """

    def __init__(
        self,
        objective: str = "regression",
        rounds: int = 300,
        seeds: int = 1,
        seed: int = 0,
        threads: int = 0,
        **parameters: Any,
    ) -> None:
        """Declare the ranker.

        Args:
            objective: LightGBM's name of it.
            rounds: Trees per seed.
            seeds: Models that are averaged.
            seed: The first of them.
            threads: 0 for all cores; does not change the result.
            parameters: Any other LightGBM parameter.
        """
        above("rounds", rounds, 0)
        above("seeds", seeds, 0)
        self.objective = objective
        self.rounds = rounds
        self.seeds = seeds
        self.seed = seed
        self.threads = threads
        self.parameters = parameters

    def fit(self, data: RankingData, seconds: float = float("inf")) -> Self:
        """Train one model per seed on one binned copy of the data."""
        import lightgbm

        deadline = time.monotonic() + seconds
        ranking = self.objective in ("lambdarank", "rank_xendcg")
        label = _levels(data.target) if ranking else data.target
        dataset = lightgbm.Dataset(
            data.features,
            label,
            weight=data.weight,
            group=data.groups if ranking else None,
            feature_name=list(data.names),
            params=self._settings(0),
            free_raw_data=False,
        )
        self.names = data.names
        self._boosters = [
            lightgbm.train(
                self._settings(number),
                dataset,
                num_boost_round=self.rounds,
                callbacks=[_stop_lightgbm_at(deadline)],
            )
            for number in range(self.seeds)
        ]
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Mean of the seeds."""
        return np.mean(
            [booster.predict(features, num_threads=self.threads) for booster in self._boosters],
            axis=0,
        )

    def gain(self) -> np.ndarray:
        """Mean gain of the seeds."""
        gains = np.sum([booster.feature_importance("gain") for booster in self._boosters], axis=0)
        return gains / max(gains.sum(), 1e-12)

    def shap(self, features: np.ndarray) -> np.ndarray:
        """Of the first seed."""
        values = self._boosters[0].predict(features, pred_contrib=True, num_threads=self.threads)
        return np.abs(np.asarray(values)[:, :-1]).mean(axis=0)

    def _settings(self, number: int) -> dict[str, Any]:
        return {
            "objective": self.objective,
            "learning_rate": 0.05,
            "num_leaves": 63,
            "min_data_in_leaf": 100,
            "feature_fraction": 0.6,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "max_bin": 127,
            "verbosity": -1,
            # The same trees whatever the number of threads: by columns, one thread adds up a
            # histogram in the order of the rows; by rows, the threads' parts are added up.
            "deterministic": True,
            "force_col_wise": True,
            "num_threads": self.threads,
            **self.parameters,
            "seed": self.seed + number,
        }


class XGBoostRanker(Ranker):
    """XGBoost, averaged over seeds; see LightGBMRanker for the choice of objective."""

    def __init__(
        self,
        objective: str = "reg:squarederror",
        rounds: int = 300,
        seeds: int = 1,
        seed: int = 0,
        threads: int = 0,
        **parameters: Any,
    ) -> None:
        """Declare the ranker.

        Args:
            objective: XGBoost's name of it.
            rounds: Trees per seed.
            seeds: Models that are averaged.
            seed: The first of them.
            threads: 0 for all cores.
            parameters: Any other XGBoost parameter.
        """
        above("rounds", rounds, 0)
        above("seeds", seeds, 0)
        self.objective = objective
        self.rounds = rounds
        self.seeds = seeds
        self.seed = seed
        self.threads = threads
        self.parameters = parameters

    def fit(self, data: RankingData, seconds: float = float("inf")) -> Self:
        """Train one model per seed on one quantised copy of the data."""
        import xgboost

        deadline = time.monotonic() + seconds
        ranking = self.objective.startswith("rank:")
        matrix = xgboost.QuantileDMatrix(
            data.features,
            _levels(data.target) if ranking else data.target,
            weight=None if ranking else data.weight,
            group=data.groups if ranking else None,
            feature_names=list(data.names),
            max_bin=int(self.parameters.get("max_bin", 128)),
            nthread=self.threads or None,
        )
        self.names = data.names
        self._boosters = [
            xgboost.train(
                self._settings(number),
                matrix,
                num_boost_round=self.rounds,
                callbacks=[_stop_xgboost_at(deadline)],
            )
            for number in range(self.seeds)
        ]
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Mean of the seeds."""
        predictions = [
            booster.inplace_predict(features, validate_features=False) for booster in self._boosters
        ]
        return np.asarray(np.mean(predictions, axis=0, dtype=np.float64))

    def gain(self) -> np.ndarray:
        """Total gain of all seeds."""
        gains = np.zeros(len(self.names))
        at = {name: number for number, name in enumerate(self.names)}
        for booster in self._boosters:
            for name, value in booster.get_score(importance_type="total_gain").items():
                gains[at[name]] += value
        return gains / max(gains.sum(), 1e-12)

    def shap(self, features: np.ndarray) -> np.ndarray:
        """Of the first seed."""
        import xgboost

        matrix = xgboost.DMatrix(features, feature_names=list(self.names))
        values = self._boosters[0].predict(matrix, pred_contribs=True)
        return np.abs(values[:, :-1]).mean(axis=0)

    def _settings(self, number: int) -> dict[str, Any]:
        return {
            "objective": self.objective,
            "tree_method": "hist",
            "max_depth": 7,
            "learning_rate": 0.05,
            "min_child_weight": 50,
            "subsample": 0.8,
            "colsample_bytree": 0.6,
            "max_bin": 128,
            "verbosity": 0,
            **({"nthread": self.threads} if self.threads else {}),
            **self.parameters,
            "seed": self.seed + number,
        }


def _levels(target: np.ndarray) -> np.ndarray:
    return np.rint(target * RELEVANCE_LEVELS).astype(np.int32)


def _stop_lightgbm_at(deadline: float) -> Any:
    def check(environment: Any) -> None:
        if time.monotonic() > deadline:
            raise OutOfTimeError(f"stopped at tree {environment.iteration}")

    return check


def _stop_xgboost_at(deadline: float) -> Any:
    import xgboost

    class Deadline(xgboost.callback.TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            if time.monotonic() > deadline:
                raise OutOfTimeError(f"stopped at tree {epoch}")
            return False

    return Deadline()

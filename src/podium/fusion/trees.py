"""Tree ensembles on one view: random forest, XGBoost, LightGBM."""

from __future__ import annotations

from typing import Any

import numpy as np

from podium.fusion.classifiers import ViewClassifier
from podium.fusion.views import View


class RandomForestClassifier(ViewClassifier):
    """Random forest (scikit-learn); the logit of the trees' mean share of class 1."""

    def __init__(
        self,
        trees: int = 150,
        min_rows_per_leaf: int = 3,
        rows_per_tree: float = 0.4,
        view: View = "both",
        components: int | float | None = 64,
        whiten: bool = False,
        seed: int = 0,
        **parameters: Any,
    ) -> None:
        """Declare the forest.

        Args:
            trees: How many.
            min_rows_per_leaf: Fewest training rows in a leaf.
            rows_per_tree: Share of the rows that a tree is grown on.
            view: See `PairView`, as the next two.
            components: Principal components; a split looks at the square root of their number.
            whiten: Scale them to equal variance.
            seed: Of the draws.
            parameters: Any other parameter of scikit-learn's forest.
        """
        super().__init__(view, components, whiten, seed)
        self.trees = trees
        self.settings = {
            "min_samples_leaf": min_rows_per_leaf,
            "max_samples": rows_per_tree,
            **parameters,
        }

    def _fit_features(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        groups: np.ndarray | None,
        weights: np.ndarray,
    ) -> None:
        from sklearn.ensemble import RandomForestClassifier as Forest

        self._model = Forest(self.trees, random_state=self.seed, n_jobs=1, **self.settings)
        self._model.fit(features, labels, weights)

    def _feature_logit(self, features: np.ndarray) -> np.ndarray:
        votes = self._model.predict_proba(features) * self.trees
        # Half a tree on either side: a forest of one mind is not infinitely sure.
        return np.log(votes[:, 1] + 0.5) - np.log(votes[:, 0] + 0.5)


class BoostedTrees(ViewClassifier):
    """What boosted trees of either library declare."""

    def __init__(
        self,
        rounds: int = 150,
        view: View = "both",
        components: int | float | None = None,
        whiten: bool = False,
        seed: int = 0,
        **parameters: Any,
    ) -> None:
        """Declare the model.

        Args:
            rounds: Trees.
            view: See `PairView`, as the next two.
            components: Principal components.
            whiten: Scale them to equal variance.
            seed: Of the draws.
            parameters: Any other parameter of the library.
        """
        super().__init__(view, components, whiten, seed)
        self.rounds = rounds
        self.parameters = parameters


class XGBoostClassifier(BoostedTrees):
    """XGBoost with logistic loss."""

    def _fit_features(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        groups: np.ndarray | None,
        weights: np.ndarray,
    ) -> None:
        import xgboost

        matrix = xgboost.QuantileDMatrix(features, labels, weight=weights, max_bin=64, nthread=1)
        self._booster = xgboost.train(self._settings(), matrix, num_boost_round=self.rounds)

    def _feature_logit(self, features: np.ndarray) -> np.ndarray:
        return self._booster.inplace_predict(features, predict_type="margin")

    def _settings(self) -> dict[str, Any]:
        return {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "max_depth": 4,
            "learning_rate": 0.08,
            "min_child_weight": 3,
            "reg_lambda": 5.0,
            "subsample": 0.7,
            "colsample_bytree": 0.1,
            "max_bin": 64,
            "verbosity": 0,
            **self.parameters,
            "nthread": 1,
            "seed": self.seed,
        }


class LightGBMClassifier(BoostedTrees):
    """LightGBM with logistic loss."""

    def _fit_features(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        groups: np.ndarray | None,
        weights: np.ndarray,
    ) -> None:
        import lightgbm

        settings = self._settings(len(labels))
        data = lightgbm.Dataset(features, labels, weight=weights, params=settings)
        self._booster = lightgbm.train(settings, data, num_boost_round=self.rounds)

    def _feature_logit(self, features: np.ndarray) -> np.ndarray:
        return np.asarray(self._booster.predict(features, raw_score=True, num_threads=1))

    def _settings(self, rows: int) -> dict[str, Any]:
        return {
            "objective": "binary",
            "learning_rate": 0.06,
            "num_leaves": 12,
            # LightGBM's own default of 20 leaves no split on the smallest sets.
            "min_data_in_leaf": max(2, min(20, rows // 20)),
            "lambda_l2": 5.0,
            "feature_fraction": 0.1,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "max_bin": 63,
            "verbosity": -1,
            "deterministic": True,
            "force_col_wise": True,
            **self.parameters,
            "num_threads": 1,
            "seed": self.seed,
        }

"""Tree ensembles on text vectors, image, table and categories."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.pricing.boosted_price import BoostedPrice
from podium.pricing.design_matrix import TreeMatrix
from podium.pricing.feature_set import FeatureSet
from podium.pricing.price_models import PriceModel
from podium.pricing.smape_objective import lightgbm_smape, xgboost_smape

Floats = NDArray[np.float64]

# Sums of multiples of it are exact in double precision for any number of rows that fits memory.
_GRID = 2.0**-20


class RandomForestPrice(PriceModel):
    """Random forest (scikit-learn); the mean of the trees' scores."""

    def __init__(
        self,
        trees: int = 100,
        min_rows_per_leaf: int = 3,
        rows_per_tree: float = 0.4,
        features_per_split: float = 0.2,
        text_components: int | None = 64,
        seed: int = 0,
        threads: int = 1,
        **parameters: Any,
    ) -> None:
        """Declare the forest.

        Args:
            trees: How many.
            min_rows_per_leaf: Fewest training rows in a leaf.
            rows_per_tree: Share of the rows that a tree is grown on.
            features_per_split: Share of the columns that a split may choose from.
            text_components: See `TreeMatrix`.
            seed: Of the draws.
            threads: 0 for all cores; does not change the result.
            parameters: Any other parameter of scikit-learn's forest.
        """
        self.trees = trees
        self.text_components = text_components
        self.seed = seed
        self.threads = threads
        self.settings = {
            "min_samples_leaf": min_rows_per_leaf,
            "max_samples": rows_per_tree,
            "max_features": features_per_split,
            **parameters,
        }

    def _fit(self, features: FeatureSet, target: Floats, groups: NDArray[np.int64]) -> None:
        from sklearn.ensemble import RandomForestRegressor

        self._matrix = TreeMatrix(self.text_components).fit(features)
        forest = RandomForestRegressor(
            self.trees, random_state=self.seed, n_jobs=self.threads or -1, **self.settings
        )
        self._forest = forest.fit(self._matrix.transform(features), target)
        # On several threads it would add up the trees in the order in which they end.
        self._forest.n_jobs = 1

    def _score(self, features: FeatureSet) -> Floats:
        return self._forest.predict(self._matrix.transform(features))


class LightGBMPrice(BoostedPrice):
    """LightGBM; categories are split as sets (Fisher 1958, as LightGBM does)."""

    def _grow(
        self,
        numbers: NDArray[np.float32],
        target: Floats,
        rounds: int,
        held: NDArray[np.bool_] | None,
    ) -> Any:
        import lightgbm

        settings = self._settings(len(target))
        kept = slice(None) if held is None else ~held
        data = self._dataset(numbers[kept], target[kept], settings)
        data.set_weight(self._weights(target[kept]))
        if held is None:
            return lightgbm.train(settings, data, num_boost_round=rounds)
        watched = self._dataset(numbers[held], target[held], settings, data)
        stop = lightgbm.early_stopping(self.patience, first_metric_only=True, verbose=False)
        return lightgbm.train(
            {**settings, "metric": "None"},
            data,
            num_boost_round=rounds,
            valid_sets=[watched],
            feval=lightgbm_smape,
            callbacks=[stop],
        )

    def _best_rounds(self) -> int:
        return max(int(self._booster.best_iteration), 1)

    def _score(self, features: FeatureSet) -> Floats:
        numbers = self._matrix.transform(features)
        scores = self._booster.predict(
            numbers, raw_score=True, num_iteration=self.rounds_, num_threads=self.threads
        )
        return np.asarray(scores) + self._start

    def _dataset(
        self,
        numbers: NDArray[np.float32],
        target: Floats,
        settings: dict[str, Any],
        reference: Any = None,
    ) -> Any:
        import lightgbm

        # An own start for every objective: LightGBM gives none to one that it does not know.
        return lightgbm.Dataset(
            numbers,
            target,
            init_score=np.full(len(target), self._start),
            reference=reference,
            categorical_feature=self._matrix.categorical,
            params=settings,
        )

    def _settings(self, rows: int) -> dict[str, Any]:
        names: dict[str, Any] = {"l1": "l1", "l2": "l2", "smape": self.loss.lightgbm}
        return {
            "learning_rate": 0.05,
            "num_leaves": 31,
            "min_data_in_leaf": max(2, min(20, rows // 50)),
            "min_sum_hessian_in_leaf": 1e-3,
            "lambda_l2": 5.0,
            "feature_fraction": 0.3,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "max_bin": 127,
            "cat_smooth": 20.0,
            "verbosity": -1,
            # The same trees whatever the number of threads; see the LightGBM documentation.
            "deterministic": True,
            "force_col_wise": True,
            "boost_from_average": False,
            **self.parameters,
            "objective": names[self.objective],
            "num_threads": self.threads,
            "seed": self.seed,
        }


class XGBoostPrice(BoostedPrice):
    """XGBoost by histograms; categories are split as sets.

    Its histograms are added up over threads. Gradients are therefore rounded to multiples of
    2^-20, of which double precision makes exact sums in any order.
    """

    def _grow(
        self,
        numbers: NDArray[np.float32],
        target: Floats,
        rounds: int,
        held: NDArray[np.bool_] | None,
    ) -> Any:
        import xgboost

        kept = slice(None) if held is None else ~held
        settings = self._settings()
        weights = self._weights(target[kept])
        if weights is not None:  # on the grid as well, for those of "l1" are the gradients
            rounded = np.maximum(np.round(weights / _GRID), 1) * _GRID
            weights = rounded.astype(np.float32)
        data = self._quantised(numbers[kept], target[kept], settings["max_bin"], weights=weights)
        watch: dict[str, Any] = {}
        if held is not None:
            watch = {
                "evals": [
                    (self._quantised(numbers[held], target[held], settings["max_bin"], data), "in")
                ],
                "custom_metric": xgboost_smape,
                "early_stopping_rounds": self.patience,
                "verbose_eval": False,
            }
        objective = None if self.objective == "l1" else self._gradients
        return xgboost.train(settings, data, num_boost_round=rounds, obj=objective, **watch)

    def _best_rounds(self) -> int:
        return int(self._booster.best_iteration) + 1

    def _score(self, features: FeatureSet) -> NDArray[np.float32]:
        import xgboost

        matrix = xgboost.DMatrix(
            self._matrix.transform(features),
            feature_types=self._types(),
            nthread=self.threads or None,
        )
        return self._booster.predict(matrix, output_margin=True, iteration_range=(0, self.rounds_))

    def _gradients(self, scores: Any, data: Any) -> tuple[Floats, Floats]:
        labels = data.get_label()
        if self.objective == "l2":
            weights = data.get_weight()
            hessian = np.asarray(weights, np.float64) if len(weights) else np.ones(len(labels))
            gradient = np.asarray(scores - labels, np.float64) * hessian
        else:
            gradient, hessian = self.loss.xgboost(scores, data)
        return np.round(gradient / _GRID) * _GRID, np.maximum(np.round(hessian / _GRID), 1) * _GRID

    def _quantised(
        self,
        numbers: NDArray[np.float32],
        target: Floats,
        bins: int,
        reference: Any = None,
        weights: NDArray[np.float32] | None = None,
    ) -> Any:
        import xgboost

        return xgboost.QuantileDMatrix(
            numbers,
            target,
            weight=weights,
            feature_types=self._types(),
            max_bin=bins,
            ref=reference,
            nthread=self.threads or None,
        )

    def _types(self) -> list[str]:
        places = set(self._matrix.categorical)
        return ["c" if place in places else "q" for place in range(len(self.names_))]

    def _settings(self) -> dict[str, Any]:
        return {
            "tree_method": "hist",
            "max_depth": 6,
            "learning_rate": 0.1,
            "min_child_weight": 5,
            "reg_lambda": 5.0,
            "subsample": 0.8,
            "colsample_bytree": 0.3,
            "max_bin": 128,
            "verbosity": 0,
            "disable_default_eval_metric": True,
            **self.parameters,
            **({"objective": "reg:absoluteerror"} if self.objective == "l1" else {}),
            **({"nthread": self.threads} if self.threads else {}),
            "base_score": self._start,
            "seed": self.seed,
        }

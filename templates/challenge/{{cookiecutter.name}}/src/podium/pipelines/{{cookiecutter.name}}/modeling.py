"""Stage modeling: every declared model, cross-fitted for the score and fitted on all rows."""

from __future__ import annotations

import logging
from typing import Any, Literal

import numpy as np
import pandas as pd

from podium.common.builder import Declaration, build
from podium.common.measure import Measure
from podium.common.progress import track
from podium.common.threads import one_thread
from podium.pipelines.{{cookiecutter.name}}.feature_engineering import matrix_of
from podium.pipelines.{{cookiecutter.name}}.metric import METRIC, contributions
from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS
from podium.pipelines.shared import Compute, Reserve

logger = logging.getLogger(__name__)

LEFT_OUT = "left out: the time budget has no room for it"


class ModelParameters(Declaration):
    """One model, and what it is on the leaderboard. Baselines are fitted whatever the time."""

    kind: Literal["baseline", "regressor"]


def cross_fit_models(
    train: pd.DataFrame,
    features: pd.DataFrame,
    folds: pd.DataFrame,
    models: dict[str, Any],
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predict every training row by models that have not seen it.

    Returns:
        `oof_predictions` (model, the key, fold, target, predicted), and `model_log` (model, kind,
        fit_seconds, predict_seconds, peak_memory_mb, note).
    """
    settings = Compute.parse(compute)
    budget, reserve = settings.budget, Reserve.parse(parameters)
    matrix, target = matrix_of(features, "train"), train[ROWS.target].to_numpy()
    numbers = folds["fold"].to_numpy()
    predictions, rows, spent = [], [], 0.0
    for name, model in track(list(enabled_models(models).items()), "Models cross-fitted"):
        row: dict[str, Any] = {"model": name, "kind": model.kind, "note": ""}
        rows.append(row)
        left = budget.allowance(spent, 1 / (numbers.max() + 1), reserve.seconds(budget))
        if model.kind != "baseline" and left <= 0:
            logger.warning("%s: %s", name, LEFT_OUT)
            row["note"] = LEFT_OUT
            continue
        predicted, costs = _cross_fit(model, matrix, target, numbers, settings.seed)
        row |= costs
        spent += costs["fit_seconds"] + costs["predict_seconds"]
        table = folds.assign(model=name, target=target, predicted=predicted)
        predictions.append(table[["model", ROWS.key, "fold", "target", "predicted"]])
        score = METRIC.statistic(contributions(target, predicted)[:, None].mean(0, keepdims=True))
        logger.info("%s: %.4f out of fold", name, score[0])
    columns = ["model", "kind", "fit_seconds", "predict_seconds", "peak_memory_mb", "note"]
    return pd.concat(predictions, ignore_index=True), pd.DataFrame(rows).reindex(columns=columns)


def fit_models(
    train: pd.DataFrame,
    features: pd.DataFrame,
    oof_predictions: pd.DataFrame,
    models: dict[str, Any],
    compute: dict[str, Any],
) -> dict[str, Any]:
    """Fit every model that was scored on all training rows: `models`, by name."""
    matrix, target = matrix_of(features, "train"), train[ROWS.target].to_numpy()
    declared, seed = enabled_models(models), Compute.parse(compute).seed
    names = oof_predictions["model"].unique()
    return {name: fit_model(declared[name], matrix, target, seed) for name in names}


def _cross_fit(
    model: ModelParameters, matrix: np.ndarray, target: np.ndarray, folds: np.ndarray, seed: int
) -> tuple[np.ndarray, dict[str, float]]:
    """Out-of-fold predictions, shape (rows,), and what they cost."""
    predicted = np.empty_like(target)
    fitting, predicting = Measure(), Measure()
    costs = {"fit_seconds": 0.0, "predict_seconds": 0.0}
    for fold in np.unique(folds):
        held_out = folds == fold
        with fitting:
            fitted = fit_model(model, matrix[~held_out], target[~held_out], seed)
        with predicting:
            predicted[held_out] = fitted.predict(matrix[held_out])
        costs["fit_seconds"] += fitting.seconds
        costs["predict_seconds"] += predicting.seconds
    peak = max(fitting.peak_memory_mb, predicting.peak_memory_mb)
    return predicted, {**costs, "peak_memory_mb": peak}


def enabled_models(models: dict[str, Any]) -> dict[str, ModelParameters]:
    """The declared models that are not switched off, in their order."""
    declared = {name: ModelParameters.parse(model) for name, model in models.items()}
    return {name: model for name, model in declared.items() if model.enabled}


def fit_model(model: ModelParameters, matrix: np.ndarray, target: np.ndarray, seed: int) -> Any:
    """Fit a model behind its preparation, on one thread, so that its bytes never differ."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    chain = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        build(model, random_state=seed),
    )
    with one_thread():
        return chain.fit(matrix, target)

"""Stage modeling: every declared model, cross-fitted for the score and fitted on all rows."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd

from podium.common.builder import Declaration, build
from podium.common.fit_in_turn import fit_in_turn
from podium.common.fit_log import log_of_fits
from podium.common.measure import Measure
from podium.common.threads import one_thread
from podium.common.time_budget import OutOfTimeError, TimeBudget
from podium.pipelines.{{cookiecutter.name}}.feature_engineering import matrix_of
from podium.pipelines.{{cookiecutter.name}}.metric import METRIC, contributions
from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS
from podium.pipelines.shared import Compute, Reserve

logger = logging.getLogger(__name__)


class ModelParameters(Declaration):
    """One model, and what it is on the leaderboard. Baselines are fitted whatever the time."""

    kind: Literal["baseline", "regressor"]


@dataclass
class CrossFitted:
    """Out-of-fold predictions of a model, shape (rows,), and what they cost."""

    predicted: np.ndarray
    fit_seconds: float = 0.0
    predict_seconds: float = 0.0
    peak_memory_mb: float = 0.0


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
    settings, reserve = Compute.parse(compute), Reserve.parse(parameters)
    budget, declared = settings.budget, enabled_models(models)
    matrix, target = matrix_of(features, "train"), train[ROWS.target].to_numpy()
    numbers = folds["fold"].to_numpy()

    def report(name: str, fitted: CrossFitted, seconds: float) -> None:
        losses = contributions(target, fitted.predicted)[:, None]
        score = METRIC.statistic(losses.mean(0, keepdims=True))[0]
        logger.info("%s: %.4f out of fold, in %.0f s", name, score, seconds)

    fits = {
        name: partial(_cross_fit, model, matrix, target, numbers, settings.seed)
        for name, model in declared.items()
    }
    baselines = [name for name, model in declared.items() if model.kind == "baseline"]
    first = {name: fits.pop(name) for name in baselines}
    always = fit_in_turn(first, TimeBudget(), 0, on_fitted=report)
    ratio = 1 / (numbers.max() + 1)
    done = fit_in_turn(fits, budget, reserve.seconds(budget), refit_ratio=ratio, on_fitted=report)
    fitted = {**always.models, **done.models}
    predictions = [
        folds.assign(model=name, target=target, predicted=fitted[name].predicted)
        for name in declared
        if name in fitted
    ]
    columns = ["model", ROWS.key, "fold", "target", "predicted"]
    kinds = {name: model.kind for name, model in declared.items()}
    log = log_of_fits(kinds, fitted, done.left_out)
    return pd.concat(predictions, ignore_index=True)[columns], log


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
    model: ModelParameters,
    matrix: np.ndarray,
    target: np.ndarray,
    folds: np.ndarray,
    seed: int,
    seconds: float,
) -> CrossFitted:
    """Predict each fold by a fit on the others, in so many seconds at most."""
    done, began = CrossFitted(np.empty_like(target)), time.monotonic()
    fitting, predicting = Measure(), Measure()
    for fold in np.unique(folds):
        if time.monotonic() - began > seconds:
            raise OutOfTimeError(f"before fold {fold}")
        held_out = folds == fold
        with fitting:
            fitted = fit_model(model, matrix[~held_out], target[~held_out], seed)
        with predicting:
            done.predicted[held_out] = fitted.predict(matrix[held_out])
        done.fit_seconds += fitting.seconds
        done.predict_seconds += predicting.seconds
    done.peak_memory_mb = max(fitting.peak_memory_mb, predicting.peak_memory_mb)
    return done


def enabled_models(models: dict[str, Any]) -> dict[str, ModelParameters]:
    """The declared models that are not switched off, in their order."""
    return ModelParameters.enabled_of(models)


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

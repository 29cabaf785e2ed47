"""Stage modeling: prices out of fold by every model, their stack, and the naive split."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from podium.common.fit_in_turn import fit_in_turn
from podium.common.fit_log import log_of_fits, with_blend, with_unfitted
from podium.common.time_budget import TimeBudget
from podium.pipelines.amazon.feature_engineering import naive_groups
from podium.pipelines.amazon.models import (
    CONSTANT,
    STACK,
    ModelingParameters,
    build_models,
    declared_models,
    read_modeling,
)
from podium.pipelines.shared import Compute
from podium.pricing.best_constant import best_constant
from podium.pricing.catalog_rows import PRICE, SAMPLE_ID
from podium.pricing.cross_fitting import FoldFeatures, OutOfFold, out_of_fold
from podium.pricing.metrics import smape
from podium.pricing.price_stack import PriceStack, nested_stack

logger = logging.getLogger(__name__)


def cross_fit_models(
    features: Mapping[str, Callable[[], FoldFeatures]],
    folds: pd.DataFrame,
    models: dict[str, Any],
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Prices out of fold by every enabled model.

    Returns:
        `member_prices` (sample_id and a column per model), and `fit_log`.

    Raises:
        ParameterError: for a model that is wrong, or not declared where it is named.
    """
    settings, wanted = Compute.parse(compute), read_modeling(parameters, models)
    makes = build_models(models, settings)
    prices, groups, budget = folds[PRICE].to_numpy(), folds["group"].to_numpy(), settings.budget
    splits = {name: features[name] for name in features if name not in naive_groups(folds)}

    def report(name: str, said: OutOfFold, _: float) -> None:
        logger.info("%s: SMAPE %.4f, %.0f s", name, smape(prices, said.prices), said.fit_seconds)

    done = fit_in_turn(
        {name: partial(out_of_fold, make, splits, prices, groups) for name, make in makes.items()},
        budget,
        wanted.seconds(budget) + _feature_seconds(splits, budget),
        refit_ratio=1 / (len(splits) - 1),
        on_fitted=report,
    )
    members = folds[[SAMPLE_ID]].assign(**{name: each.prices for name, each in done.models.items()})
    kinds = {name: model.kind for name, model in declared_models(models).items()}
    return members, log_of_fits(kinds, done.models, done.left_out)


def stack_prices(
    member_prices: pd.DataFrame,
    folds: pd.DataFrame,
    fit_log: pd.DataFrame,
    models: dict[str, Any],
    parameters: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, PriceStack], pd.DataFrame]:
    """Stack the members, with weights found without each fold.

    Returns:
        `oof_predictions` (model, sample_id, fold, price, predicted); `stack_weights` (model,
        weight, low, high); `models`, the stack of all out-of-fold prices by its name (empty without
        members); and `model_log`, the fit log with the rows of the constant and the stack.
    """
    wanted = ModelingParameters.parse(parameters)
    prices, numbers = folds[PRICE].to_numpy(), folds["fold"].to_numpy()
    said = {CONSTANT: _constants(prices, numbers)}
    said |= {str(n): member_prices[n].to_numpy() for n in member_prices if n != SAMPLE_ID}
    members = stack_members(member_prices, models)
    weights = pd.DataFrame(columns=["model", "weight", "low", "high"])
    fitted: dict[str, PriceStack] = {}
    if members:
        answers = member_prices[members].to_numpy()
        fitted[STACK] = wanted.stack().fit(answers, prices)
        said[STACK] = nested_stack(answers, prices, numbers, wanted.stack())
        weights = _weights(members, fitted[STACK], answers, prices, numbers, wanted)
        logger.info("%s: SMAPE %.4f", STACK, smape(prices, said[STACK]))
    rows = folds[[SAMPLE_ID, "fold", PRICE]]
    parts = [rows.assign(model=name, predicted=each) for name, each in said.items()]
    columns = ["model", SAMPLE_ID, "fold", PRICE, "predicted"]
    oof = pd.concat(parts, ignore_index=True)[columns]
    model_log = with_unfitted(fit_log, CONSTANT)
    model_log = with_blend(model_log, STACK, members) if members else model_log
    return oof, weights, fitted, model_log


def fit_naive_models(
    features: Mapping[str, Callable[[], FoldFeatures]],
    folds: pd.DataFrame,
    fit_log: pd.DataFrame,
    models: dict[str, Any],
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> pd.DataFrame:
    """What a few models say of rows whose duplicates they have seen: `naive_predictions`.

    Returns:
        split, model, sample_id, predicted. Split is `naive`, where models and features know of no
        groups, or `copies`, where they keep them together as in the refit. Empty without such
        splits, or where no such model was fitted in time.

    Raises:
        ParameterError: for a model that is wrong, or not declared where it is named.
    """
    settings, wanted = Compute.parse(compute), read_modeling(parameters, models)
    fitted = set(fit_log.loc[fit_log["fit_seconds"].notna(), "model"])
    makes, budget = build_models(models, settings), settings.budget
    prices, known = folds[PRICE].to_numpy(), naive_groups(folds)
    asked = {
        f"{name}, split {split}": (split, name)
        for split in known
        for name in wanted.naive_models
        if split in features and name in fitted
    }
    fits = {
        title: partial(out_of_fold, makes[name], {split: features[split]}, prices, known[split])
        for title, (split, name) in asked.items()
    }
    reserve = wanted.seconds(budget)
    if fits:
        splits = {name: features[name] for name in features if name not in known}
        # Which models the submission needs is not known yet: it may be any of them.
        reserve += fit_log["fit_seconds"].sum() / (len(splits) - 1)
        reserve += _feature_seconds(splits, budget)
    columns = ["split", "model", SAMPLE_ID, "predicted"]
    parts = [pd.DataFrame(columns=columns)]
    for title, said in fit_in_turn(fits, budget, reserve).models.items():
        held, (split, name) = np.isfinite(said.prices), asked[title]
        part = folds.loc[held, [SAMPLE_ID]].assign(predicted=said.prices[held])
        parts.append(part.assign(split=split, model=name)[columns])
    types = {name: "float64" if name == "predicted" else "str" for name in columns}
    return pd.concat(parts, ignore_index=True).astype(types)


def stack_members(member_prices: pd.DataFrame, models: dict[str, Any]) -> list[str]:
    """The declared members of the stack that were fitted, in their order."""
    declared = declared_models(models)
    return [name for name in declared if name in member_prices and declared[name].member]


def _constants(prices: np.ndarray, folds: np.ndarray) -> np.ndarray:
    answers = np.empty(len(prices))
    for number in np.unique(folds):
        held = folds == number
        answers[held] = best_constant(prices[~held])
    return answers


def _feature_seconds(splits: Mapping[str, Callable[[], FoldFeatures]], budget: TimeBudget) -> float:
    """What the features of all rows and of the test will take, by those of the folds.

    Test rows are about as many, and looked at anew. Without a budget nobody asks.
    """
    if budget.seconds is None:
        return 0.0
    longest = max(read().seconds for read in splits.values())
    return 2 * longest * len(splits) / (len(splits) - 1)


def _weights(
    members: list[str],
    stack: PriceStack,
    answers: np.ndarray,
    prices: np.ndarray,
    folds: np.ndarray,
    wanted: ModelingParameters,
) -> pd.DataFrame:
    """Weights of the submission's stack, least and most over the folds."""
    nested = np.array(
        [
            wanted.stack().fit(answers[folds != number], prices[folds != number]).weights_
            for number in np.unique(folds)
        ]
    )
    return pd.DataFrame(
        {
            "model": members,
            "weight": stack.weights_,
            "low": nested.min(axis=0),
            "high": nested.max(axis=0),
        }
    )

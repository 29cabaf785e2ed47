"""Stage modeling: every classifier cross-fitted and nested, their blend, and the fit on part 1."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from podium.common.errors import RawDataError
from podium.common.fit_in_turn import fit_in_turn
from podium.common.fit_log import log_of_fits, with_blend, with_unfitted
from podium.fusion.cross_fitting import (
    Make,
    NestedLogits,
    fit_all,
    fits_in_whole_sets,
    nested_predictions,
)
from podium.fusion.decisions import NestedDecisions, nested_decisions
from podium.fusion.embedding_table import EmbeddingTable
from podium.fusion.ensemble import FittedEnsemble
from podium.fusion.majority import majority_decisions
from podium.fusion.metrics import macro_f1, repeated_macro_f1
from podium.pipelines.echoes.feature_engineering import FoldParameters, draw_folds
from podium.pipelines.echoes.models import (
    BLEND,
    MAJORITY,
    Members,
    ModelingParameters,
    build_models,
    choose_members,
    final_rules,
    read_modeling,
)
from podium.pipelines.shared import Compute

logger = logging.getLogger(__name__)


def cross_fit_models(
    train: EmbeddingTable,
    test: EmbeddingTable,
    folds: pd.DataFrame,
    models: dict[str, Any],
    fold_parameters: dict[str, Any],
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> tuple[dict[str, NestedLogits], pd.DataFrame]:
    """Nested out-of-fold logits of every enabled model, and what each cost: `fit_log`."""
    settings, wanted = Compute.parse(compute), read_modeling(parameters, models)
    makes = build_models(models, wanted.pseudo_labels, test, settings)
    labels, budget, numbers = train.labels, settings.budget, fold_numbers(folds)
    blend, smoothing = wanted.blend(settings.seed), wanted.threshold_smoothing

    def report(name: str, logits: NestedLogits, seconds: float) -> None:
        said = nested_decisions([logits], labels, blend, smoothing)
        local = repeated_macro_f1(labels, said.predicted)
        logger.info("%s: macro F1 %.4f, fitted in %.0f s", name, local, seconds)

    def cross_fit(make: Make, seconds: float) -> NestedLogits:
        return nested_predictions(
            make,
            train.pairs,
            labels,
            numbers,
            groups=folds["group"].to_numpy(),
            workers=settings.threads,
            seconds=seconds,
        )

    done = fit_in_turn(
        {name: partial(cross_fit, make) for name, make in makes.items()},
        budget,
        wanted.seconds(budget),
        refit_ratio=_refit_ratio(train, numbers, FoldParameters.parse(fold_parameters)),
        on_fitted=report,
    )
    kinds = {name: models[name]["kind"] if name in models else "classifier" for name in makes}
    return done.models, log_of_fits(kinds, done.models, done.left_out)


def blend_predictions(
    train: EmbeddingTable,
    folds: pd.DataFrame,
    nested_logits: dict[str, NestedLogits],
    fit_log: pd.DataFrame,
    models: dict[str, Any],
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Calibrate, cut and blend, all nested.

    Returns:
        `oof_predictions` (model, repeat, id, fold, probability, predicted); `blend_weights`
        (model, in_blend, note, submitted: the weight in the submission's blend, and share,
        share_low and share_high: mean, least and most over the folds); and `model_log`, the fit
        log with the rows of the majority class and the blend.
    """
    settings, wanted = Compute.parse(compute), ModelingParameters.parse(parameters)
    blend, labels = wanted.blend(settings.seed), train.labels
    numbers = fold_numbers(folds)
    decided = {MAJORITY: majority_decisions(labels, numbers)} | {
        name: nested_decisions([logits], labels, blend, wanted.threshold_smoothing)
        for name, logits in nested_logits.items()
    }
    groups = folds["group"].to_numpy()
    members = choose_members(models, nested_logits, labels, groups, wanted, settings)
    shares = np.zeros((1, 1, len(members.names)))
    submitted = np.zeros(len(members.names))
    if members.names:
        decided[BLEND] = nested_decisions(members.nested, labels, blend, wanted.threshold_smoothing)
        shares = decided[BLEND].shares
        rules = final_rules(nested_logits, labels, members.names, wanted, settings)
        submitted = rules[BLEND][1].shares
        logger.info("%s: macro F1 %.4f", BLEND, repeated_macro_f1(labels, decided[BLEND].predicted))
    predictions = [
        _predictions(name, said, train.rows["id"], numbers) for name, said in decided.items()
    ]
    weights = _weights(list(nested_logits), members, shares, submitted)
    model_log = with_unfitted(fit_log, MAJORITY)
    model_log = with_blend(model_log, BLEND, members.names) if members.names else model_log
    return pd.concat(predictions, ignore_index=True), weights, model_log


def fit_models(
    train: EmbeddingTable,
    folds: pd.DataFrame,
    blend_weights: pd.DataFrame,
    test: EmbeddingTable,
    models: dict[str, Any],
    fold_parameters: dict[str, Any],
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> tuple[FittedEnsemble, pd.DataFrame]:
    """Where there is a part 2: fit everything on part 1 alone, and predict part 2.

    Folds, blend and threshold are made anew from part 1, so that part 2 is as unseen as a test.

    Returns:
        `models` (empty without a part 2) and `part2_predictions` (model, id, label, group,
        probability, predicted).
    """
    columns = ["model", "id", "label", "group", "probability", "predicted"]
    first = train.rows["part"].to_numpy() == 1
    if first.all():
        return FittedEnsemble({}, {}), pd.DataFrame(columns=columns)
    settings, wanted = Compute.parse(compute), read_modeling(parameters, models)
    names = blend_weights["model"].tolist()
    if not names:
        return FittedEnsemble({}, {}), pd.DataFrame(columns=columns)
    part1, groups = train.take(first), folds.loc[first, "group"].to_numpy()
    try:
        drawn = draw_folds(
            part1.labels, groups, FoldParameters.parse(fold_parameters), settings.seed
        )
    except RawDataError as error:
        logger.warning("part 2 is not scored by models of part 1 alone: %s", error)
        return FittedEnsemble({}, {}), pd.DataFrame(columns=columns)
    makes = build_models(models, wanted.pseudo_labels, test, settings)
    makes = {name: makes[name] for name in names}
    logits = rule_logits(part1, groups, drawn[:1], makes, settings)
    members = choose_members(models, logits, part1.labels, groups, wanted, settings)
    ensemble = fit_ensemble(part1, groups, logits, makes, members.names, wanted, settings)
    rows = folds.loc[~first, ["id", "label", "group"]].reset_index(drop=True)
    said = ensemble.predict(train.pairs.take(~first))
    parts = [
        rows.assign(model=name, probability=each.probability, predicted=each.predicted)
        for name, each in said.items()
    ]
    for part in parts:
        score = macro_f1(part["label"], part["predicted"])
        logger.info("%s: macro F1 %.4f on part 2, fitted on part 1", part["model"].iloc[0], score)
    return ensemble, pd.concat(parts, ignore_index=True)[columns]


def rule_logits(
    train: EmbeddingTable,
    groups: np.ndarray,
    numbers: np.ndarray,
    makes: Mapping[str, Make],
    settings: Compute,
    *,
    nested: bool = False,
) -> dict[str, NestedLogits]:
    """Out-of-fold logits of every model: enough for rules for new rows; nested, for a score too."""
    return {
        name: nested_predictions(
            make,
            train.pairs,
            train.labels,
            numbers,
            groups=groups,
            workers=settings.threads,
            nested=nested,
        )
        for name, make in makes.items()
    }


def fit_ensemble(
    train: EmbeddingTable,
    groups: np.ndarray,
    logits: Mapping[str, NestedLogits],
    makes: Mapping[str, Make],
    members: list[str],
    wanted: ModelingParameters,
    settings: Compute,
) -> FittedEnsemble:
    """Classifiers fitted on all the rows, with rules from out-of-fold logits of these rows."""
    fitted = fit_all(makes, train.pairs, train.labels, groups=groups, workers=settings.threads)
    return FittedEnsemble(fitted, final_rules(logits, train.labels, members, wanted, settings))


def fold_numbers(folds: pd.DataFrame) -> np.ndarray:
    """Fold of each row in each repeat, shape (repeats, n)."""
    return folds.filter(like="repeat_").to_numpy(np.int64).T


def _refit_ratio(train: EmbeddingTable, numbers: np.ndarray, wanted: FoldParameters) -> float:
    """How much longer than cross-fitting the fits on part 1 and on everything take."""
    folds, first = int(numbers.max()) + 1, int((train.rows["part"] == 1).sum())
    again = 0.0
    if first < len(train):
        fits = fits_in_whole_sets(wanted.folds_for(first), nested=False) + 1
        again = first / len(train) * fits
    return (again + 1) / (len(numbers) * fits_in_whole_sets(folds, nested=True))


def _predictions(
    name: str, said: NestedDecisions, ids: pd.Series, folds: np.ndarray
) -> pd.DataFrame:
    repeats, rows = said.probability.shape
    return pd.DataFrame(
        {
            "model": name,
            "repeat": np.repeat(np.arange(1, repeats + 1), rows),
            "id": np.tile(ids.to_numpy(), repeats),
            "fold": folds.ravel(),
            "probability": said.probability.ravel(),
            "predicted": said.predicted.ravel(),
        }
    )


def _weights(
    names: list[str], members: Members, shares: np.ndarray, submitted: np.ndarray
) -> pd.DataFrame:
    flat = np.concatenate(shares)  # folds of all repeats, members; also where there is none
    at = {name: number for number, name in enumerate(members.names)}
    columns = ["model", "in_blend", "submitted", "share", "share_low", "share_high", "note"]
    rows = []
    for name in names:
        own = flat[:, at[name]] if name in at else np.zeros(1)
        weight = submitted[at[name]] if name in at else 0.0
        numbers = (name in at, weight, own.mean(), own.min(), own.max())
        rows.append((name, *numbers, members.notes.get(name, "")))
    return pd.DataFrame(rows, columns=columns)

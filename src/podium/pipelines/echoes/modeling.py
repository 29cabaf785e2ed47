"""Stage modeling: every classifier cross-fitted and nested, their blend, and the fit on part 1."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from podium.common.builder import Declaration, build
from podium.common.measure import Measure
from podium.common.parameters import Parameters
from podium.fusion.blending import Blend
from podium.fusion.cross_fitting import (
    Make,
    NestedLogits,
    cross_fit_within_budget,
    fit_all,
    fits_in_whole_sets,
    nested_predictions,
)
from podium.fusion.decisions import NestedDecisions, final_rule, nested_decisions
from podium.fusion.embedding_table import EmbeddingTable
from podium.fusion.ensemble import FittedEnsemble
from podium.fusion.majority import majority_decisions
from podium.fusion.metrics import macro_f1
from podium.fusion.pseudo_labels import macro_f1_gain
from podium.pipelines.echoes.feature_engineering import FoldParameters, draw_folds
from podium.pipelines.shared import Compute, Reserve

logger = logging.getLogger(__name__)

BLEND = "blend"
MAJORITY = "majority_class"
PSEUDO = "_pseudo_labels"


class ModelParameters(Declaration):
    """One classifier: what it is on the leaderboard, and whether it enters the blend."""

    kind: Literal["baseline", "classifier"]
    member: bool = True


class PseudoLabelParameters(Parameters):
    """Learning from confident test rows as well; kept only where the nested score rises.

    Attributes:
        models: Names of the models that try it.
        share: Part of the test rows that is added.
        weight: Of a row that the first fit has no doubt about.
        confidence: The interval of the gain has to lie above zero at this confidence.
    """

    models: tuple[str, ...] = ()
    share: float = Field(gt=0, le=1)
    weight: float = Field(gt=0, le=1)
    confidence: float = Field(gt=0.5, lt=1)


class ModelingParameters(Reserve):
    """How logits become labels, and the time kept for what comes after.

    Attributes:
        weighting: Of the blend, see `Blend`.
        shrinkage: Of the blend's weights towards equal ones.
        calibration: `sigmoid` or `isotonic`.
        threshold_smoothing: See `averaged_threshold`.
        pseudo_labels: See `PseudoLabelParameters`.
    """

    weighting: Literal["average", "stacking", "greedy", "best"]
    shrinkage: float = Field(ge=0)
    calibration: Literal["sigmoid", "isotonic"]
    threshold_smoothing: float = Field(ge=0, le=1)
    pseudo_labels: PseudoLabelParameters

    def blend(self, seed: int) -> Blend:
        """The blend, not fitted."""
        return Blend(self.weighting, self.shrinkage, self.calibration, seed)


def cross_fit_models(
    train: EmbeddingTable,
    test: EmbeddingTable,
    folds: pd.DataFrame,
    models: dict[str, Any],
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> tuple[dict[str, NestedLogits], pd.DataFrame]:
    """Nested out-of-fold logits of every enabled model, and what each cost: `fit_log`."""
    settings, wanted = Compute.parse(compute), ModelingParameters.parse(parameters)
    makes = build_models(models, wanted.pseudo_labels, test, settings)
    labels, budget, numbers = train.labels, settings.budget, fold_numbers(folds)
    peaks: dict[str, float] = {}
    with Measure() as measure:

        def report(name: str, logits: NestedLogits, seconds: float) -> None:
            peaks[name] = measure.peak_memory_mb
            said = nested_decisions([logits], labels, wanted.blend(settings.seed))
            local = np.mean([macro_f1(labels, row) for row in said.predicted])
            logger.info("%s: macro F1 %.4f, fitted in %.0f s", name, local, seconds)

        done = cross_fit_within_budget(
            makes,
            train.pairs,
            labels,
            numbers,
            budget,
            wanted.seconds(budget),
            refit_ratio=_refit_ratio(train, numbers),
            groups=folds["group"].to_numpy(),
            workers=settings.threads,
            on_fitted=report,
        )
    for name, why in done.left_out.items():
        logger.warning("%s: %s", name, why)
    return done.logits, _fit_log(makes, models, done.logits, done.left_out, peaks)


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
        `oof_predictions` (model, repeat, id, fold, probability, predicted), `blend_weights`
        (model, share, share_low, share_high over the folds, in_blend, note), and the fit log with
        the rows of the majority class and the blend: `model_log`.
    """
    settings, wanted = Compute.parse(compute), ModelingParameters.parse(parameters)
    blend, labels = wanted.blend(settings.seed), train.labels
    numbers = fold_numbers(folds)
    decided = {MAJORITY: majority_decisions(labels, numbers)} | {
        name: nested_decisions([logits], labels, blend, wanted.threshold_smoothing)
        for name, logits in nested_logits.items()
    }
    members, notes = choose_members(models, decided, labels, folds["group"].to_numpy(), wanted)
    shares = np.zeros((1, 1, len(members)))
    if len(members) > 1:
        chosen = [nested_logits[name] for name in members]
        decided[BLEND] = nested_decisions(chosen, labels, blend, wanted.threshold_smoothing)
        shares = decided[BLEND].shares
        local = np.mean([macro_f1(labels, row) for row in decided[BLEND].predicted])
        logger.info("%s: macro F1 %.4f", BLEND, local)
    predictions = [
        _predictions(name, said, train.rows["id"], numbers) for name, said in decided.items()
    ]
    weights = _weights(list(nested_logits), members, shares, notes)
    return pd.concat(predictions, ignore_index=True), weights, _model_log(fit_log, members)


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
    settings, wanted = Compute.parse(compute), ModelingParameters.parse(parameters)
    names = blend_weights["model"].tolist()
    if not names:
        return FittedEnsemble({}, {}), pd.DataFrame(columns=columns)
    makes = build_models(models, wanted.pseudo_labels, test, settings)
    makes = {name: makes[name] for name in names}
    part1, groups = train.take(first), folds["group"].to_numpy()
    numbers = draw_folds(
        part1.labels, groups[first], FoldParameters.parse(fold_parameters), settings.seed
    )[:1]
    logits = rule_logits(part1, groups[first], numbers, makes, settings)
    members = blend_weights.loc[blend_weights["in_blend"], "model"].tolist()
    ensemble = fit_ensemble(part1, groups[first], logits, makes, members, wanted, settings)
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
) -> dict[str, NestedLogits]:
    """Out-of-fold logits of every model, enough to make rules for new rows."""
    return {
        name: nested_predictions(
            make,
            train.pairs,
            train.labels,
            numbers,
            groups=groups,
            workers=settings.threads,
            nested=False,
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


def final_rules(
    logits: Mapping[str, NestedLogits],
    labels: np.ndarray,
    members: list[str],
    wanted: ModelingParameters,
    settings: Compute,
) -> dict[str, Any]:
    """The rule of every model and of the blend, for new rows."""
    blend, smoothing = wanted.blend(settings.seed), wanted.threshold_smoothing
    sets: dict[str, tuple[str, ...]] = {name: (name,) for name in logits}
    if len(members) > 1:
        sets[BLEND] = tuple(members)
    return {
        name: (each, final_rule([logits[member] for member in each], labels, blend, smoothing))
        for name, each in sets.items()
    }


def build_models(
    models: dict[str, Any],
    pseudo: PseudoLabelParameters,
    test: EmbeddingTable,
    settings: Compute,
) -> dict[str, Make]:
    """A maker for each enabled model, in their order; then those that try pseudo-labels."""
    from podium.fusion.pseudo_labels import PseudoLabelled

    declared = {name: ModelParameters.parse(model) for name, model in models.items()}
    declared = {name: model for name, model in declared.items() if model.enabled}
    makes: dict[str, Make] = {
        name: partial(build, model, seed=settings.seed) for name, model in declared.items()
    }
    for name in pseudo.models:
        if name in declared:
            makes[name + PSEUDO] = partial(
                PseudoLabelled,
                {"type": declared[name].type, "arguments": declared[name].arguments},
                share=pseudo.share,
                weight=pseudo.weight,
                unlabelled=test.pairs,
                seed=settings.seed,
            )
    for make in makes.values():
        make()  # a wrong argument shows before the first fit
    return makes


def choose_members(
    models: dict[str, Any],
    decided: Mapping[str, NestedDecisions],
    labels: np.ndarray,
    groups: np.ndarray,
    wanted: ModelingParameters,
) -> tuple[list[str], dict[str, str]]:
    """Members of the blend: the declared ones; of a model with pseudo-labels one of the two.

    Returns:
        Their names, and a note for each model that tried pseudo-labels.
    """
    members = [
        name for name in decided if name in models and ModelParameters.parse(models[name]).member
    ]
    notes = {}
    for name in wanted.pseudo_labels.models:
        other = name + PSEUDO
        if name not in decided or other not in decided:
            continue
        gain = macro_f1_gain(
            labels,
            decided[name].predicted,
            decided[other].predicted,
            groups=groups,
            confidence=wanted.pseudo_labels.confidence,
        )
        kept = gain.low > 0
        notes[other] = f"{'kept' if kept else 'not kept'}: gain {gain.low:+.4f} to {gain.high:+.4f}"
        logger.info("%s %s", other, notes[other])
        if kept and name in members:
            members[members.index(name)] = other
    return members, notes


def fold_numbers(folds: pd.DataFrame) -> np.ndarray:
    """Fold of each row in each repeat, shape (repeats, n)."""
    return folds.filter(like="repeat_").to_numpy(np.int64).T


def _refit_ratio(train: EmbeddingTable, numbers: np.ndarray) -> float:
    """How much longer than cross-fitting the fits on part 1 and on everything take."""
    folds = int(numbers.max()) + 1
    part1 = float((train.rows["part"] == 1).mean())
    again = part1 * (fits_in_whole_sets(folds, nested=False) + 1) if part1 < 1 else 0.0
    return (again + 1) / (len(numbers) * fits_in_whole_sets(folds, nested=True))


def _fit_log(
    makes: Mapping[str, Make],
    models: dict[str, Any],
    logits: Mapping[str, NestedLogits],
    left_out: Mapping[str, str],
    peaks: Mapping[str, float],
) -> pd.DataFrame:
    rows = []
    for name in makes:
        kind = models[name]["kind"] if name in models else "classifier"
        row: dict[str, Any] = {"model": name, "kind": kind, "note": left_out.get(name, "")}
        if name in logits:
            fits = logits[name]
            row |= {
                "fit_seconds": fits.fit_seconds,
                "predict_seconds": fits.predict_seconds,
                "peak_memory_mb": peaks[name],
            }
        rows.append(row)
    columns = ["model", "kind", "fit_seconds", "predict_seconds", "peak_memory_mb", "note"]
    return pd.DataFrame(rows).reindex(columns=columns)


def _model_log(fit_log: pd.DataFrame, members: list[str]) -> pd.DataFrame:
    costs = ["fit_seconds", "predict_seconds", "peak_memory_mb"]
    rows: list[dict[str, Any]] = [
        {
            "model": MAJORITY,
            "kind": "baseline",
            "note": "no model at all",
            **dict.fromkeys(costs, 0.0),
        }
    ]
    if len(members) > 1:
        own = fit_log[fit_log["model"].isin(members)][costs]
        spent = {name: own[name].sum() for name in costs[:2]} | {costs[2]: own[costs[2]].max()}
        note = f"of {len(members)} members"
        rows.append({"model": BLEND, "kind": "blend", "note": note, **spent})
    return pd.concat([fit_log, pd.DataFrame(rows)], ignore_index=True)


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
    names: list[str], members: list[str], shares: np.ndarray, notes: Mapping[str, str]
) -> pd.DataFrame:
    flat = np.concatenate(shares)  # folds of all repeats, members; also where there is none
    at = {name: number for number, name in enumerate(members)}
    columns = ["model", "in_blend", "share", "share_low", "share_high", "note"]
    rows = [
        {
            "model": name,
            "in_blend": name in at,
            "share": flat[:, at[name]].mean() if name in at else 0.0,
            "share_low": flat[:, at[name]].min() if name in at else 0.0,
            "share_high": flat[:, at[name]].max() if name in at else 0.0,
            "note": notes.get(name, ""),
        }
        for name in names
    ]
    return pd.DataFrame(rows, columns=columns)

"""Small tables of Embedded Echoes, and its stages on them with models that fit in no time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from podium.common.data_quality import counts_frame
from podium.fusion.embedding_table import EmbeddingTable
from podium.fusion.ensemble import FittedEnsemble
from podium.fusion.synthetic import SyntheticTask, generate_pairs
from podium.pipelines.echoes import data_processing, evaluation, feature_engineering, modeling
from podium.pipelines.echoes.report import make_report

COMPUTE = {"seed": 3, "threads": 1}
USED_UP = {**COMPUTE, "time_budget": 1e-6}
RULES = {"embedding_length": 16}
FOLDS = {
    "count": 3,
    "many_rows": 4000,
    "count_of_many": 3,
    "repeat_until_rows": 120,
    "most_repeats": 3,
}
SHIFT = {"folds": 3, "resamples": 100}
MODELING: dict[str, Any] = {
    "weighting": "stacking",
    "shrinkage": 4.0,
    "calibration": "sigmoid",
    "threshold_smoothing": 0.5,
    "pseudo_labels": {"models": [], "share": 0.3, "weight": 0.3, "confidence": 0.8},
    "reserve_seconds": 0,
    "reserve_share": 0,
}
EVALUATION = {
    "resamples": 200,
    "chosen": ["blend"],
    "ablation": {"image": "logistic_image", "both": "logistic_both"},
    "hardest_rows": 5,
}


def logistic(view: str, kind: str = "baseline", **more: Any) -> dict[str, Any]:
    """A declared logistic regression with a fixed penalty."""
    path = "podium.fusion.logistic.LogisticRegressionClassifier"
    return {"kind": kind, "type": path, "arguments": {"view": view, "inverse_penalty": 1.0}, **more}


MODELS = {
    "logistic_image": logistic("image"),
    "logistic_both": logistic("both"),
    "logistic_interactions": logistic("interactions", "classifier"),
}


@dataclass(frozen=True)
class Tables:
    """What the first two stages hand on."""

    train: EmbeddingTable
    test: EmbeddingTable
    duplicates: pd.DataFrame
    test_copies: pd.DataFrame
    folds: pd.DataFrame
    features: pd.DataFrame


def make_tables(part1: int = 60, part2: int = 0, test: int = 24, **task: Any) -> Tables:
    """Generate rows, find their copies and divide them."""
    values = {"length": 16, "factors": 8, "near_copies": 0.2, **task}
    made = generate_pairs(SyntheticTask(rows=part1 + part2 + test, **values), 3)
    known = part1 + part2
    rows = pd.DataFrame(
        {
            "id": [f"row{at:03}" for at in range(known)],
            "label": made.labels[:known],
            "part": np.repeat([1, 2], [part1, part2]).astype("int8"),
            "row": np.arange(1, known + 1, dtype="int32"),
        }
    )
    asked = pd.DataFrame({"id": [str(at) for at in range(1, test + 1)], "row": range(1, test + 1)})
    train = EmbeddingTable(rows, made.pairs.take(np.arange(known)))
    test_table = EmbeddingTable(asked, made.pairs.take(np.arange(known, known + test)))
    duplicates, copies, _ = data_processing.detect_duplicates(train, test_table, RULES)
    folds = feature_engineering.assign_folds(train, duplicates, FOLDS, COMPUTE)
    features = feature_engineering.build_features(train, test_table, {"most_rows": 30}, COMPUTE)
    return Tables(train, test_table, duplicates, copies, folds, features)


@dataclass(frozen=True)
class Fitted:
    """What modeling and evaluation make of the tables."""

    nested_logits: dict[str, Any]
    fit_log: pd.DataFrame
    oof_predictions: pd.DataFrame
    blend_weights: pd.DataFrame
    model_log: pd.DataFrame
    models: FittedEnsemble
    part2_predictions: pd.DataFrame
    group_counts: pd.DataFrame
    leaderboard: pd.DataFrame
    row_errors: pd.DataFrame


def run_modeling(
    tables: Tables,
    models: dict[str, Any] = MODELS,
    parameters: dict[str, Any] = MODELING,
    compute: dict[str, Any] = COMPUTE,
) -> Fitted:
    """Every node of modeling, and those of evaluation that others need."""
    train, test, folds = tables.train, tables.test, tables.folds
    logits, log = modeling.cross_fit_models(train, test, folds, models, FOLDS, parameters, compute)
    predictions, weights, model_log = modeling.blend_predictions(
        train, folds, logits, log, models, parameters, compute
    )
    ensemble, part2 = modeling.fit_models(
        train, folds, weights, test, models, FOLDS, parameters, compute
    )
    counts = evaluation.score_models(predictions, folds)
    board = evaluation.build_leaderboard(counts, predictions, folds, model_log, EVALUATION)
    errors = evaluation.rank_errors(predictions, board, folds, tables.features, EVALUATION)
    return Fitted(
        logits, log, predictions, weights, model_log, ensemble, part2, counts, board, errors
    )


def page(tables: Tables, fitted: Fitted, **changes: Any) -> str:
    """The report of a run."""
    shift = feature_engineering.measure_shift(
        tables.train, tables.test, tables.duplicates, RULES, SHIFT, COMPUTE
    )
    values = {
        "leaderboard": fitted.leaderboard,
        "model_log": fitted.model_log,
        "blend_weights": fitted.blend_weights,
        "part2_scores": evaluation.score_part2(fitted.part2_predictions, EVALUATION),
        "shift": shift,
        "ablation": evaluation.compare_modalities(fitted.leaderboard, MODELS, EVALUATION),
        "row_errors": fitted.row_errors,
        "group_counts": fitted.group_counts,
        "data_quality": counts_frame([("train_part1.json", "rows", "read", 60, "")]),
        "quarantine": pd.DataFrame({"file": ["train_part1.json"], "row": [7], "reason": ["odd"]}),
        "run": {"data": "competition", "preset": "base", "submission": "out/submission.csv"},
        "parameters": EVALUATION,
    }
    return make_report(**{**values, **changes})[0]

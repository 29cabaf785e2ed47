"""Stage evaluation: macro F1 of every model, nested, and what stands behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import Field

from podium.common import leaderboard as boards
from podium.common import plots
from podium.common.bootstrap import bootstrap
from podium.common.builder import refuse_undeclared
from podium.fusion.metrics import CELLS, macro_f1_of_counts
from podium.fusion.scoring import (
    calibration_table,
    confusion_by_group,
    mean_probability,
    other_readings,
)
from podium.fusion.thresholds import macro_f1_curve
from podium.pipelines.echoes.models import BLEND, MAJORITY, PSEUDO
from podium.pipelines.shared import Scoring, chosen_model, leaderboard_figure, log_leaderboard

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SCORE_UNIT = "macro F1 (0 to 1)"
CALIBRATION_BINS = 10
METRIC = boards.Metric(statistic=macro_f1_of_counts)


class Evaluation(Scoring):
    """Parameters of the stage, beside those of every challenge.

    Attributes:
        ablation: What is given to a model of the same kind, and the model's name, from the single
            sides to everything: shows what each modality adds.
        hardest_rows: Rows listed in the report.
    """

    ablation: dict[str, str] = {}
    hardest_rows: int = Field(20, ge=0)


def score_models(oof_predictions: pd.DataFrame, folds: pd.DataFrame) -> pd.DataFrame:
    """Confusion counts of every group of near copies by every model: `group_counts`."""
    return confusion_by_group(oof_predictions, folds[["id", "label", "group"]])


def build_leaderboard(
    group_counts: pd.DataFrame,
    oof_predictions: pd.DataFrame,
    folds: pd.DataFrame,
    model_log: pd.DataFrame,
    parameters: dict[str, Any],
) -> pd.DataFrame:
    """Rank the models by macro F1; intervals by a bootstrap over groups of near copies."""
    chosen = Evaluation.parse(parameters)
    board = boards.build_leaderboard(
        {str(model): counts_of(part) for model, part in group_counts.groupby("model")},
        model_log,
        metric=METRIC,
        readings=other_readings(oof_predictions, folds.set_index("id")["label"]),
        **chosen.bootstrap_options,
    )
    log_leaderboard(board)
    return board


def score_submitted(
    leaderboard: pd.DataFrame, group_counts: pd.DataFrame, parameters: dict[str, Any]
) -> boards.ModelScore:
    """The score of what the submission is made by, to be compared with that of other parameters."""
    chosen = Evaluation.parse(parameters)
    model = chosen_model(leaderboard, chosen)
    counts = counts_of(group_counts[group_counts["model"] == model])
    return boards.score_model(model, counts, METRIC, **chosen.bootstrap_options)


def score_part2(part2_predictions: pd.DataFrame, parameters: dict[str, Any]) -> pd.DataFrame:
    """Macro F1 on part 2 of every model fitted on part 1, best first.

    Returns:
        `part2_scores`: model, score, ci_low, ci_high, rows; empty without a part 2.
    """
    chosen = Evaluation.parse(parameters)
    rows = []
    for model, part in part2_predictions.assign(repeat=1).groupby("model", sort=True):
        known = part[["id", "label", "group"]].reset_index(drop=True)
        interval = bootstrap(
            counts_of(confusion_by_group(part, known)),
            macro_f1_of_counts,
            **chosen.bootstrap_options,
        )
        score = {"score": interval.value, "ci_low": interval.low, "ci_high": interval.high}
        rows.append({"model": model, **score, "rows": len(part)})
    table = pd.DataFrame(rows, columns=["model", "score", "ci_low", "ci_high", "rows"])
    return table.sort_values(["score", "model"], ascending=[False, True], ignore_index=True)


def ablation_steps(models: dict[str, Any], parameters: dict[str, Any]) -> dict[str, str]:
    """What is given to a model, and the model's name, step by step.

    Raises:
        ParameterError: a name that is no declared model, nor one with pseudo-labels.
    """
    steps = Evaluation.parse(parameters).ablation
    fitted = [name for name in steps.values() if name not in (MAJORITY, BLEND)]
    names = [name.removesuffix(PSEUDO) for name in fitted]
    refuse_undeclared("evaluation.ablation", names, models)
    return steps


def compare_modalities(
    leaderboard: pd.DataFrame, models: dict[str, Any], parameters: dict[str, Any]
) -> pd.DataFrame:
    """What each modality adds: the models of the ablation in their order, and their blend.

    Models that were not scored, switched off or left out by the time budget, are left out.

    Returns:
        `ablation`: given, model, score, ci_low, ci_high.
    """
    steps = {**ablation_steps(models, parameters), "all models": BLEND}
    board = leaderboard.set_index("model")[["score", "ci_low", "ci_high"]]
    rows = [
        {"given": given, "model": model, **board.loc[model].to_dict()}
        for given, model in steps.items()
        if model in board.index
    ]
    return pd.DataFrame(rows, columns=["given", "model", "score", "ci_low", "ci_high"])


def rank_errors(
    oof_predictions: pd.DataFrame,
    leaderboard: pd.DataFrame,
    folds: pd.DataFrame,
    features: pd.DataFrame,
    parameters: dict[str, Any],
) -> pd.DataFrame:
    """Every training row with what the chosen model says of it, the worst first.

    Returns:
        `row_errors`: id, label, part, probability (mean of the repeats), loss (nats), wrong (share
        of the repeats), and the facts of the row.
    """
    model = chosen_model(leaderboard, Evaluation.parse(parameters))
    own = oof_predictions[oof_predictions["model"] == model]
    labels = folds.set_index("id")["label"]
    wrong = (own["predicted"].to_numpy() != labels.reindex(own["id"]).to_numpy()).astype(float)
    table = folds[["id", "label", "part"]].copy()
    table["probability"] = mean_probability(own, model).reindex(table["id"]).to_numpy()
    share = pd.Series(wrong, index=own["id"].to_numpy()).groupby(level=0).mean()
    table["wrong"] = share.reindex(table["id"]).to_numpy()
    right = np.where(table["label"] == 1, table["probability"], 1 - table["probability"])
    table["loss"] = -np.log(np.clip(right, 1e-6, 1))
    facts = features[features["split"] == "train"].drop(columns="split")
    table = table.merge(facts, on="id", how="left", validate="1:1")
    return table.sort_values(["loss", "id"], ascending=[False, True], ignore_index=True)


def summarise_metrics(
    leaderboard: pd.DataFrame,
    part2_scores: pd.DataFrame,
    shift: pd.DataFrame,
    parameters: dict[str, Any],
) -> dict[str, float]:
    """Flatten leaderboard, part 2 and adversarial AUC into tracked metrics."""
    model = chosen_model(leaderboard, Evaluation.parse(parameters))
    flat = boards.leaderboard_metrics(leaderboard, model)
    for name, score in part2_scores.set_index("model")["score"].items():
        flat[f"part2.{boards.metric_name(str(name))}.score"] = float(score)
    own = part2_scores[part2_scores["model"] == model]
    if len(own):
        for name in ("score", "ci_low", "ci_high"):
            flat[f"part2_{name}"] = float(own[name].iloc[0])
    for comparison, auc in shift.set_index("comparison")["auc"].items():
        flat[f"adversarial_auc.{boards.metric_name(str(comparison))}"] = float(auc)
    return flat


def counts_of(group_counts: pd.DataFrame) -> np.ndarray:
    """The cells of one model, a row per group in their order; shape (groups, 4)."""
    ordered = group_counts.sort_values("group")
    return ordered[list(CELLS)].to_numpy(np.float64)


def confusion_of(group_counts: pd.DataFrame, model: str) -> pd.DataFrame:
    """Mean confusion matrix of one model: rows are the true class, columns the predicted one."""
    cells = group_counts.loc[group_counts["model"] == model, list(CELLS)].sum()
    return pd.DataFrame(
        [
            [cells["true_negative"], cells["false_positive"]],
            [cells["false_negative"], cells["true_positive"]],
        ],
        index=["true 0", "true 1"],
        columns=["predicted 0", "predicted 1"],
    )


def f1_by_threshold(row_errors: pd.DataFrame) -> pd.Series:
    """Macro F1 of the chosen model's mean probabilities at every threshold, thresholds rising."""
    thresholds, scores = macro_f1_curve(
        row_errors["probability"].to_numpy(), row_errors["label"].to_numpy()
    )
    return pd.Series(scores[::-1], index=thresholds[::-1], name="macro F1")


def precision_by_recall(row_errors: pd.DataFrame) -> pd.Series:
    """Precision of class 1 at every recall, recall rising."""
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(row_errors["label"], row_errors["probability"])
    return pd.Series(precision[::-1], index=recall[::-1], name="precision")


def calibration_of(row_errors: pd.DataFrame) -> pd.DataFrame:
    """Said against seen in ten bins; see `calibration_table`."""
    return calibration_table(
        row_errors["probability"].to_numpy(), row_errors["label"].to_numpy(), CALIBRATION_BINS
    )


def plot_leaderboard(leaderboard: pd.DataFrame) -> Figure:
    """Every model with its interval."""
    return leaderboard_figure(leaderboard, SCORE_UNIT)


def plot_ablation(ablation: pd.DataFrame) -> Figure:
    """What each modality adds."""
    bars = ablation.set_index("given")
    return plots.bar_plot(
        bars["score"], SCORE_UNIT, "What each modality adds", (bars["ci_low"], bars["ci_high"])
    )


def plot_confusion(
    group_counts: pd.DataFrame, leaderboard: pd.DataFrame, parameters: dict[str, Any]
) -> Figure:
    """The confusion matrix of the chosen model."""
    model = chosen_model(leaderboard, Evaluation.parse(parameters))
    table = confusion_of(group_counts, model)
    return plots.matrix_plot(table, "rows, mean of the repeats", f"Confusion matrix of {model}")


def plot_threshold(row_errors: pd.DataFrame) -> Figure:
    """Macro F1 against the threshold."""
    return plots.line_plot(
        {"macro F1": f1_by_threshold(row_errors)},
        "threshold on the probability of class 1",
        SCORE_UNIT,
        "Macro F1 by threshold, out of fold",
    )


def plot_precision_recall(row_errors: pd.DataFrame) -> Figure:
    """Precision against recall of class 1."""
    return plots.line_plot(
        {"class 1": precision_by_recall(row_errors)},
        "recall of class 1 (0 to 1)",
        "precision of class 1 (0 to 1)",
        "Precision and recall, out of fold",
    )


def plot_calibration(row_errors: pd.DataFrame) -> Figure:
    """Share of class 1 against the probability that was said."""
    table = calibration_of(row_errors).set_index("said")
    ideal = pd.Series([0.0, 1.0], index=[0.0, 1.0])
    return plots.line_plot(
        {"seen": table["seen"], "perfect": ideal},
        "probability of class 1 that was said",
        "share of class 1 that was seen",
        "Calibration, out of fold",
    )


def plot_map(row_errors: pd.DataFrame) -> Figure:
    """The training rows on a plane, the errors marked."""
    known = row_errors.dropna(subset=["map_x", "map_y"])
    kinds = map_kinds(known)
    return plots.scatter_plot(
        {name: known.loc[kinds == name, ["map_x", "map_y", "id"]] for name in sorted(set(kinds))},
        "t-SNE of both embeddings; only nearness means something",
        "Training rows and errors",
    )


def map_kinds(rows: pd.DataFrame) -> np.ndarray:
    """What a row is on the map: its class, and whether the chosen model errs on it."""
    error = np.where(rows["wrong"] > 0.5, ", predicted wrongly", "")  # noqa: PLR2004
    return np.char.add(np.char.add("class ", rows["label"].astype(str).to_numpy(str)), error)

"""The report of an Echoes run: what a reader wants to know, in the order of the questions."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import pandas as pd

from podium.common import charts
from podium.common.bootstrap import CONFIDENCE
from podium.common.charts import Mark
from podium.common.report import (
    Chart,
    Column,
    Figure,
    Section,
    interval_column,
    make_table,
)
from podium.common.report_formats import percent, records, score, signed, span, text, whole
from podium.common.scatter_charts import scatter_chart
from podium.pipelines.echoes.evaluation import (
    SCORE_UNIT,
    Evaluation,
    calibration_of,
    confusion_of,
    f1_by_threshold,
    map_kinds,
    precision_by_recall,
)
from podium.pipelines.reporting import ReportOutline, SharedTables
from podium.pipelines.shared import chosen_model

_READINGS = (
    Column("f1_class_0", "F1 of class 0", score),
    Column("f1_class_1", "F1 of class 1", score),
    Column("accuracy", "Accuracy", score),
    Column("roc_auc", "ROC AUC", score),
    Column("log_loss", "Log loss, nats", score),
    Column("calibration_error", "Calibration error", score),
)
_MOST_POINTS = 400
_HOW_TO_READ = (
    "The score is the organiser's: F1 of class 0 and of class 1, averaged. It is nested: for every "
    "row the models, their calibration, the blend's weights and the threshold were made without "
    "that row, and without its near copies.",
    "An interval says how far the score moves when other rows are drawn (bootstrap over groups of "
    "near copies, at {confidence} confidence). Two models are compared by the paired interval of "
    "their difference.",
    "With folds drawn several times, counts are the mean of the repeats.",
)
OUTLINE = ReportOutline(
    challenge="echoes",
    title="Embedded Echoes: important or not",
    metric="Macro F1",
    unit=SCORE_UNIT,
    how_to_read=_HOW_TO_READ,
    readings=_READINGS,
)


def make_report(
    *,
    leaderboard: pd.DataFrame,
    blend_weights: pd.DataFrame,
    part2_scores: pd.DataFrame,
    shift: pd.DataFrame,
    ablation: pd.DataFrame,
    row_errors: pd.DataFrame,
    group_counts: pd.DataFrame,
    parameters: dict[str, Any],
    **shared: Unpack[SharedTables],
) -> tuple[str, dict[str, Any]]:
    """Write the report as one HTML page, and the summary of the run.

    Args:
        leaderboard: Best first.
        blend_weights: Share of each member.
        part2_scores: Scores on part 2 of models fitted on part 1.
        shift: Adversarial AUC.
        ablation: Scores by what is given to the model.
        row_errors: Training rows, the worst predicted first.
        group_counts: Confusion counts.
        parameters: Of the stage.
        shared: See `SharedTables`.
    """
    settings = Evaluation.parse(parameters)
    chosen = chosen_model(leaderboard, settings)
    return OUTLINE.write(
        leaderboard=leaderboard,
        chosen=chosen,
        confidence=settings.confidence,
        figures=_figures(part2_scores, shift, chosen),
        sections=(
            _modalities_section(ablation, settings.confidence),
            _errors_section(row_errors, group_counts, chosen),
            _map_section(row_errors, settings.hardest_rows),
            _blend_section(blend_weights),
            _trust_section(part2_scores, shift, settings.confidence),
        ),
        **shared,
    )


def _figures(part2_scores: pd.DataFrame, shift: pd.DataFrame, chosen: str) -> tuple[Figure, ...]:
    figures = []
    for row in records(part2_scores[part2_scores["model"] == chosen]):
        figures.append(Figure("On part 2, fitted on part 1", score(row["score"]), span(row)))
    for row in records(shift.head(1)):
        note = f"interval {row['auc_low']:.3f} to {row['auc_high']:.3f}; 0.5: alike"
        figures.append(Figure("Train against test, AUC", f"{row['auc']:.3f}", note))
    return tuple(figures)


def _modalities_section(ablation: pd.DataFrame, confidence: float) -> Section:
    marks = [
        Mark(row["given"], row["score"], row["ci_low"], row["ci_high"]) for row in records(ablation)
    ]
    paragraphs = ("The same kind of model on more and more of the data, and all models together.",)
    columns = [
        Column("given", "Given", text, number=False),
        Column("model", "Model", text, number=False),
        Column("score", "Score", score),
        interval_column(confidence),
    ]
    chart = Chart(charts.interval_chart(marks, SCORE_UNIT))
    return Section("What each modality adds", paragraphs, (chart, make_table(ablation, columns)))


def _errors_section(row_errors: pd.DataFrame, group_counts: pd.DataFrame, chosen: str) -> Section:
    confusion = confusion_of(group_counts, chosen).rename_axis("class").reset_index()
    columns = [Column("class", "", text, number=False)]
    columns += [Column(f"predicted {label}", f"Predicted {label}", _tenths) for label in (0, 1)]
    calibration = calibration_of(row_errors)
    threshold, recall = f1_by_threshold(row_errors), precision_by_recall(row_errors)
    return Section(
        "Where it errs",
        (f"Out-of-fold predictions of {chosen}; curves are of the mean over the repeats.",),
        (
            make_table(confusion, columns, "Confusion matrix, rows (mean of the repeats)"),
            Chart(
                charts.line_chart(
                    {"main:macro F1": _line(threshold)},
                    "threshold on the probability of class 1",
                    SCORE_UNIT,
                ),
                "Macro F1 by threshold. The threshold in use is chosen inside the folds.",
            ),
            Chart(
                charts.line_chart(
                    {"main:class 1": _line(recall)},
                    "recall of class 1 (0 to 1)",
                    "precision (0 to 1)",
                ),
                "Precision and recall",
            ),
            Chart(
                charts.line_chart(
                    {
                        "main:seen": (calibration["said"].tolist(), calibration["seen"].tolist()),
                        "baseline:perfect": ([0.0, 1.0], [0.0, 1.0]),
                    },
                    "probability of class 1 that was said",
                    "share of class 1 that was seen",
                ),
                "Calibration in ten bins of equally many rows",
            ),
        ),
    )


def _map_section(row_errors: pd.DataFrame, count: int) -> Section:
    known = row_errors.dropna(subset=["map_x", "map_y"])
    kinds = map_kinds(known)
    colours = ("baseline", "recommender", "blend", "main")
    names = ("class 0", "class 1", "class 0, predicted wrongly", "class 1, predicted wrongly")
    points = {
        f"{colour}:{name}": (
            known.loc[kinds == name, "map_x"].tolist(),
            known.loc[kinds == name, "map_y"].tolist(),
        )
        for colour, name in zip(colours, names, strict=True)
    }
    columns = [
        Column("id", "Row", text, number=False),
        Column("label", "Label", whole),
        Column("part", "Part", whole),
        Column("probability", "Probability of class 1", score),
        Column("wrong", "Predicted wrongly", percent),
        Column("image_norm", "Image norm", score),
        Column("text_norm", "Text norm", score),
        Column("cosine", "Cosine of both, centred", signed),
    ]
    map_caption = "t-SNE of both embeddings; only nearness means something"
    return Section(
        "Rows",
        ("The hardest rows may be mislabelled: look at them first.",),
        (
            Chart(scatter_chart(points), map_caption),
            make_table(row_errors.head(count), columns, "The rows with the largest loss"),
        ),
    )


def _blend_section(blend_weights: pd.DataFrame) -> Section:
    shown = blend_weights.sort_values(["share", "model"], ascending=[False, True])
    columns = [
        Column("model", "Model", text, number=False),
        Column("in_blend", "Member", text, number=False),
        Column("submitted", "Weight", percent),
        Column("share", "Mean over the folds", percent),
        Column("share_low", "Least", percent),
        Column("share_high", "Most", percent),
        Column("note", "Note", text, number=False),
    ]
    paragraphs = (
        "Weights of the calibrated log-odds, found anew inside every fold. With stacking they are "
        "drawn towards weights that fall with a member's log loss: on few rows these count, on "
        "many the data decide.",
    )
    return Section("The blend", paragraphs, (make_table(shown, columns),))


def _trust_section(part2_scores: pd.DataFrame, shift: pd.DataFrame, confidence: float) -> Section:
    blocks = []
    alike = [
        Column("comparison", "Compared", text, number=False),
        Column("auc", "Adversarial AUC", score),
        interval_column(CONFIDENCE, "auc_low", "auc_high"),
        Column("first_rows", "Rows", whole),
        Column("second_rows", "against", whole),
    ]
    blocks.append(make_table(shift, alike, "0.5: a classifier cannot tell them apart; 1: it can"))
    paragraphs = ["If train and test differ, the local score says less about the test."]
    if len(part2_scores):
        paragraphs.append(
            "Part 2 is a test of its own: models, blend and threshold were made from part 1 alone. "
            "The submission is fitted on both parts."
        )
        columns = [
            Column("model", "Model", text, number=False),
            Column("score", "Macro F1", score),
            interval_column(confidence),
            Column("rows", "Rows", whole),
        ]
        blocks.append(make_table(part2_scores, columns, "Fitted on part 1, scored on part 2"))
    else:
        paragraphs.append("There is no part 2 in this run.")
    return Section("Can the score be trusted", tuple(paragraphs), tuple(blocks))


def _line(values: pd.Series) -> tuple[list[float], list[float]]:
    # No point at all where every row was said to be alike.
    at = np.unique(np.linspace(0, len(values) - 1, min(_MOST_POINTS, len(values))).astype(int))
    shown = values.iloc[at]
    return shown.index.tolist(), shown.tolist()


def _tenths(value: float) -> str:
    return f"{value:,.1f}"

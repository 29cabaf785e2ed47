"""The report of an Amazon run: what a reader wants to know, in the order of the questions."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import pandas as pd

from podium.common import charts
from podium.common.charts import Mark
from podium.common.report import (
    Chart,
    Column,
    Figure,
    Section,
    Table,
    interval_column,
    make_table,
)
from podium.common.report_formats import records, score, signed, text, whole
from podium.common.scatter_charts import scatter_chart
from podium.pipelines.amazon.evaluation import (
    BREAKDOWN_TITLES,
    METRIC,
    PRICE_AXES,
    SCORE_UNIT,
    Evaluation,
)
from podium.pipelines.reporting import ReportOutline, SharedTables
from podium.pipelines.shared import chosen_model
from podium.pricing.catalog_rows import PRICE, SAMPLE_ID

_READINGS = (
    Column("median_error", "Median row, %", score),
    Column("log_rmse", "RMSE of log1p", score),
    Column("median_ratio", "Median ratio", score),
)
_MOST_POINTS = 1500
_HOW_TO_READ = (
    "The score is the organiser's SMAPE in percent; lower is better; a gain is shown above zero. "
    "Every row is priced by models, features and a stack that saw neither it nor its duplicates.",
    "An interval says how far the score moves when other products are drawn (bootstrap over groups "
    "of duplicates, at {confidence} confidence). Two models are compared by the paired interval of "
    "their difference.",
    "Median ratio: predicted over true price of the middle row; 1 is without bias.",
)
OUTLINE = ReportOutline(
    challenge="amazon",
    title="Amazon: the price of a product",
    metric="SMAPE (%)",
    unit=SCORE_UNIT,
    how_to_read=_HOW_TO_READ,
    readings=_READINGS,
    higher_is_better=METRIC.higher_is_better,
)


def make_report(
    *,
    leaderboard: pd.DataFrame,
    stack_weights: pd.DataFrame,
    breakdown: pd.DataFrame,
    split_scores: pd.DataFrame,
    test_estimate: pd.DataFrame,
    row_errors: pd.DataFrame,
    test_copies: pd.DataFrame,
    image_features: pd.DataFrame,
    parameters: dict[str, Any],
    **shared: Unpack[SharedTables],
) -> tuple[str, dict[str, Any]]:
    """Write the report as one HTML page, and the summary of the run.

    Args:
        leaderboard: Best first.
        stack_weights: Weight of each member.
        breakdown: Scores by price, image and duplicates.
        split_scores: The naive split beside the grouped one.
        test_estimate: What the chosen model will score on this test.
        row_errors: Training rows, the worst predicted first.
        test_copies: Test rows that are duplicates of training rows.
        image_features: Which rows have a real image.
        parameters: Of the stage.
        shared: See `SharedTables`.
    """
    settings = Evaluation.parse(parameters)
    chosen = chosen_model(leaderboard, settings)
    return OUTLINE.write(
        leaderboard=leaderboard,
        chosen=chosen,
        confidence=settings.confidence,
        figures=_figures(image_features),
        sections=(
            _errors_section(breakdown, row_errors, settings.hardest_rows, chosen),
            _trust_section(split_scores, test_copies, test_estimate, settings.confidence),
            _stack_section(stack_weights),
        ),
        **shared,
    )


def _figures(image_features: pd.DataFrame) -> tuple[Figure, ...]:
    real = int(image_features["is_real"].sum())
    note = f"of {len(image_features):,} rows of both files; the others have a placeholder"
    return (Figure("Real images", whole(real), note),)


def _errors_section(
    breakdown: pd.DataFrame, row_errors: pd.DataFrame, count: int, chosen: str
) -> Section:
    own = breakdown[breakdown["model"] == chosen]
    blocks: list[Table | Chart] = []
    for name, caption in BREAKDOWN_TITLES.items():
        marks = [
            Mark(f"{row['group']} ({row['rows']:,})", row["score"], row["ci_low"], row["ci_high"])
            for row in records(own[own["by"] == name])
        ]
        blocks.append(Chart(charts.bar_chart(marks, SCORE_UNIT), caption))
    prices = scatter_chart(_points(row_errors), PRICE_AXES)
    blocks.append(Chart(prices, "Predicted and true prices, on logarithmic axes"))
    columns = [
        Column(SAMPLE_ID, "Row", text, number=False),
        Column("item_name", "Title", text, number=False),
        Column(PRICE, "Price", _price),
        Column("predicted", "Predicted", _price),
        Column("error", "Error, %", score),
    ]
    blocks.append(make_table(row_errors.head(count), columns, "The rows with the largest error"))
    paragraphs = (
        f"Out-of-fold prices of {chosen}. The worst rows may have a wrong price or text: look at "
        "them first.",
    )
    return Section("Where it errs", paragraphs, tuple(blocks))


def _points(row_errors: pd.DataFrame) -> dict[str, tuple[list[float], list[float]]]:
    rows = row_errors.sort_values(SAMPLE_ID)
    at = np.unique(np.linspace(0, len(rows) - 1, min(_MOST_POINTS, len(rows))).astype(int))
    shown = rows.iloc[at]
    return {"main:training rows": (shown[PRICE].tolist(), shown["predicted"].tolist())}


def _trust_section(
    split_scores: pd.DataFrame,
    test_copies: pd.DataFrame,
    test_estimate: pd.DataFrame,
    confidence: float,
) -> Section:
    columns = [
        Column("model", "Model", text, number=False),
        Column("rows", "Rows", whole),
        Column("grouped", "Grouped split", score),
        Column("naive", "Naive split", score),
        Column("difference", "Naive less grouped", signed),
        interval_column(confidence, show=signed),
    ]
    paragraphs: tuple[str, ...] = (
        "Products are listed again and again. Folds that cut through such duplicates let a model "
        "look prices up, and flatter it. All other scores on this page are of the grouped split; "
        "here is the naive one beside it, on all rows of one naive fold. Rows without a duplicate "
        "count too: the difference is what such a split flatters a score by.",
        f"{test_copies['test_id'].nunique():,} test rows are duplicates of training rows. The "
        "local score knows nothing of them.",
    )
    for row in records(test_estimate):
        paragraphs += (
            f"With them, {row['model']} is expected to score {score(row['score'])} "
            f"({score(row['ci_low'])} to {score(row['ci_high'])}) on this test, if the test rows "
            "are drawn like the training rows. What a copy is worth is taken from "
            f"the {row['seen_rows']:,} training rows of that fold with a duplicate among the "
            f"fitted rows, priced by {row['judged_by']}: {signed(row['change'])} points each.",
        )
    if split_scores.empty:
        paragraphs += ("In this run no model was scored on a naive split.",)
    table = make_table(split_scores, columns, "SMAPE in percent")
    return Section("Can the score be trusted", paragraphs, (table,))


def _stack_section(stack_weights: pd.DataFrame) -> Section:
    shown = stack_weights.sort_values(["weight", "model"], ascending=[False, True])
    columns = [
        Column("model", "Model", text, number=False),
        Column("weight", "Weight", score),
        Column("low", "Least over the folds", score),
        Column("high", "Most", score),
    ]
    paragraphs = (
        "Weights of the logarithms of the prices, none below zero, chosen for SMAPE. They need not "
        "add up to 1. For the score they are found without each fold.",
    )
    return Section("The stack", paragraphs, (make_table(shown, columns),))


def _price(value: float) -> str:
    return f"{value:,.2f}"

"""The report of a run: what a reader wants to know, in the order of the questions."""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd

from podium.common.report import (
    Column,
    Section,
    make_table,
)
from podium.common.report_formats import score, text
from podium.pipelines.{{cookiecutter.name}}.evaluation import Evaluation
from podium.pipelines.{{cookiecutter.name}}.metric import METRIC, SCORE_UNIT
from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS
from podium.pipelines.reporting import ReportOutline, SharedTables
from podium.pipelines.shared import chosen_model

_HOW_TO_READ = (
    "The score is the organiser's, on rows that the model has not seen.",
    "An interval says how far the score moves when other rows are drawn (bootstrap over rows, at "
    "{confidence} confidence). Two models are compared by the paired interval of their difference.",
)
OUTLINE = ReportOutline(
    challenge="{{cookiecutter.name}}",
    title="{{cookiecutter.title}}",
    metric="Score",
    unit=SCORE_UNIT,
    how_to_read=_HOW_TO_READ,
    higher_is_better=METRIC.higher_is_better,
)


def make_report(
    *,
    leaderboard: pd.DataFrame,
    row_errors: pd.DataFrame,
    parameters: dict[str, Any],
    **shared: Unpack[SharedTables],
) -> tuple[str, dict[str, Any]]:
    """Write the report as one HTML page, and the summary of the run.

    Args:
        leaderboard: Best first.
        row_errors: Training rows, the worst predicted first.
        parameters: Of the stage.
        shared: See `SharedTables`.
    """
    settings = Evaluation.parse(parameters)
    chosen = chosen_model(leaderboard, settings)
    return OUTLINE.write(
        leaderboard=leaderboard,
        chosen=chosen,
        confidence=settings.confidence,
        sections=(_errors_section(row_errors.head(settings.hardest_rows)),),
        **shared,
    )


def _errors_section(hardest: pd.DataFrame) -> Section:
    columns = [
        Column(ROWS.key, "Row", text, number=False),
        *(Column(name, name.capitalize(), score) for name in ROWS.numbers),
        *(Column(name, name.capitalize(), text, number=False) for name in ROWS.categories),
        Column(ROWS.target, "True", score),
        Column("predicted", "Predicted", score),
        Column("loss", "Loss", score),
    ]
    table = make_table(hardest, columns, "The rows with the largest loss, out of fold")
    return Section("Where it errs", ("Look at these rows first.",), (table,))

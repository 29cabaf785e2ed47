"""The report of a run: what a reader wants to know, in the order of the questions."""

from __future__ import annotations

from typing import Any

import pandas as pd

from podium.common.leaderboard import left_out
from podium.common.report import (
    Column,
    Report,
    Section,
    comparison_figures,
    data_quality_section,
    facts_section,
    how_to_read_section,
    leaderboard_section,
    make_table,
    render_report,
    verdict,
)
from podium.common.report_formats import score, text
from podium.pipelines.{{cookiecutter.name}}.evaluation import Evaluation
from podium.pipelines.{{cookiecutter.name}}.metric import SCORE_UNIT
from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS
from podium.pipelines.shared import chosen_model, count_quarantine, submission_text

HOW_TO_READ = (
    "The score is the organiser's, on rows that the model has not seen.",
    "An interval says how far the score moves when other rows are drawn (bootstrap over rows, at "
    "{confidence} confidence). Two models are compared by the paired interval of their difference.",
)


def make_report(
    *,
    leaderboard: pd.DataFrame,
    fit_log: pd.DataFrame,
    row_errors: pd.DataFrame,
    data_quality: pd.DataFrame,
    quarantine: pd.DataFrame,
    run: dict[str, Any],
    parameters: dict[str, Any],
) -> str:
    """Write the report as one HTML page.

    Args:
        leaderboard: Best first.
        fit_log: All models, those left out included.
        row_errors: Training rows, the worst predicted first.
        data_quality: Counts of what was found in the raw files.
        quarantine: Rows that were set aside.
        run: Facts of the run: `data`, `preset`, `submission` (path).
        parameters: Of the stage.
    """
    settings = Evaluation.parse(parameters)
    chosen = chosen_model(leaderboard, settings)
    report = Report(
        title="{{cookiecutter.title}}",
        data=str(run.get("data", "sample")),
        preset=str(run.get("preset", "base")),
        verdict=verdict(leaderboard, chosen),
        figures=comparison_figures(leaderboard, chosen),
        sections=(
            leaderboard_section(
                leaderboard, left_out(fit_log, leaderboard), SCORE_UNIT, chosen=chosen
            ),
            _errors_section(row_errors.head(settings.hardest_rows)),
            data_quality_section(data_quality, count_quarantine(quarantine)),
            how_to_read_section(HOW_TO_READ, settings.confidence),
            facts_section("This run", run, submission_text(run, "{{cookiecutter.name}}")),
        ),
    )
    return render_report(report)


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

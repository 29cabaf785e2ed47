"""Stage evaluation: the score of every model with its interval, and where the chosen one errs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import Field

from podium.common import leaderboard as boards
from podium.common import plots
from podium.pipelines.{{cookiecutter.name}}.metric import METRIC, SCORE_UNIT, contributions
from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS
from podium.pipelines.shared import Scoring, chosen_model, leaderboard_figure, log_leaderboard

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


class Evaluation(Scoring):
    """Parameters of the stage: those of every challenge, and how many rows the report lists."""

    hardest_rows: int = Field(20, ge=0)


def build_leaderboard(
    oof_predictions: pd.DataFrame, model_log: pd.DataFrame, parameters: dict[str, Any]
) -> pd.DataFrame:
    """Rank the models by the organiser's metric, with bootstrap intervals over rows."""
    chosen = Evaluation.parse(parameters)
    board = boards.build_leaderboard(
        {
            str(name): contributions(rows["target"].to_numpy(), rows["predicted"].to_numpy())
            for name, rows in oof_predictions.groupby("model", sort=False)
        },
        model_log,
        metric=METRIC,
        **chosen.bootstrap_options,
    )
    log_leaderboard(board)
    return board


def score_submitted(
    leaderboard: pd.DataFrame, oof_predictions: pd.DataFrame, parameters: dict[str, Any]
) -> boards.ModelScore:
    """The score of what the submission is made by, to be compared with that of other parameters."""
    chosen = Evaluation.parse(parameters)
    model = chosen_model(leaderboard, chosen)
    own = oof_predictions[oof_predictions["model"] == model]
    return boards.score_model(
        model,
        contributions(own["target"].to_numpy(), own["predicted"].to_numpy()),
        METRIC,
        **chosen.bootstrap_options,
    )


def rank_errors(
    train: pd.DataFrame,
    oof_predictions: pd.DataFrame,
    leaderboard: pd.DataFrame,
    parameters: dict[str, Any],
) -> pd.DataFrame:
    """Every training row with what the chosen model says of it, the worst first: `row_errors`."""
    model = chosen_model(leaderboard, Evaluation.parse(parameters))
    own = oof_predictions[oof_predictions["model"] == model]
    loss = contributions(own["target"].to_numpy(), own["predicted"].to_numpy())
    table = own[[ROWS.key, "predicted"]].assign(loss=loss)
    table = train.merge(table, on=ROWS.key, validate="1:1")
    return table.sort_values(["loss", ROWS.key], ascending=[False, True], ignore_index=True)


def summarise_metrics(leaderboard: pd.DataFrame, parameters: dict[str, Any]) -> dict[str, float]:
    """Flatten the leaderboard into tracked metrics."""
    model = chosen_model(leaderboard, Evaluation.parse(parameters))
    return boards.leaderboard_metrics(leaderboard, model)


def plot_leaderboard(leaderboard: pd.DataFrame) -> Figure:
    """Every model with its interval."""
    return leaderboard_figure(leaderboard, SCORE_UNIT)


def plot_errors(
    oof_predictions: pd.DataFrame, leaderboard: pd.DataFrame, parameters: dict[str, Any]
) -> Figure:
    """How the errors of the chosen model and of the best baseline spread over the rows."""
    model = chosen_model(leaderboard, Evaluation.parse(parameters))
    shown = dict.fromkeys([model, boards.best_baseline(leaderboard)])
    rows = {name: oof_predictions[oof_predictions["model"] == name] for name in shown}
    errors = {name: part["predicted"] - part["target"] for name, part in rows.items()}
    unit = f"predicted less true {ROWS.target}"
    return plots.histogram_plot(errors, unit, "Errors, out of fold", counted="rows")

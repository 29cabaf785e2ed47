"""Stage evaluation: every model scored on the held-out 15 days, as the organiser would."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import Field

from podium.common import leaderboard as boards
from podium.common import plots
from podium.common.breakdown import breakdown_metrics
from podium.common.errors import PodiumError
from podium.pipelines.shared import Scoring, chosen_model, leaderboard_figure, log_leaderboard
from podium.recommendation import breakdowns, metrics
from podium.recommendation.metrics import Reading
from podium.recommendation.time_cuts import HOLDOUT_FOLD

if TYPE_CHECKING:
    import ibis
    from plotly.graph_objects import Figure

SCORE_UNIT = "score: mean fraction listened of the 50 tracks (0 to 1)"
SHOWN_FEATURES = 20
BREAKDOWN_TITLES = {
    "repeat": "Tracks: heard before or new (parts of the score)",
    "activity": "Listeners: by listens in their history",
    "age": "Listeners: by age",
    "genre": "Listeners: by top genre",
}


class Evaluation(Scoring):
    """Parameters of the stage, beside those of every challenge.

    Attributes:
        listen: Which listen of a track counts, `best` or `total`.
        rounding: `quarters` or `continuous`.
        users: Whom the holdout asks: `all` its users, or only those of the `test` file.
        largest_genres: Genres with a row of their own in the breakdown.
    """

    listen: str = "best"
    rounding: str = "quarters"
    users: str = Field("all", pattern="^(all|test)$")
    largest_genres: int = Field(12, ge=1, le=100)

    @property
    def reading(self) -> Reading:
        """How the statement is read."""
        return Reading.parse({"listen": self.listen, "rounding": self.rounding})


def score_models(
    *,
    oof_predictions: pd.DataFrame,
    targets: pd.DataFrame,
    fold_users: pd.DataFrame,
    parameters: dict[str, Any],
) -> pd.DataFrame:
    """Score the list of every user by every model: `user_scores`."""
    chosen = Evaluation.parse(parameters)
    users = _holdout_users(fold_users, chosen)
    return metrics.score_models(oof_predictions, _holdout(targets), users, chosen.reading)


def build_leaderboard(
    *, user_scores: pd.DataFrame, model_log: pd.DataFrame, parameters: dict[str, Any]
) -> pd.DataFrame:
    """Rank the models; refuses to without a baseline."""
    chosen = Evaluation.parse(parameters)
    wide = user_scores.pivot(index="user_id", columns="model", values="score")
    others = [
        *metrics.READINGS,
        *(metrics.reading_name(reading) for reading in metrics.all_readings()),
    ]
    own = metrics.reading_name(chosen.reading)
    means = user_scores.groupby("model")[[name for name in others if name != own]].mean()
    board = boards.build_leaderboard(
        {str(model): wide[model].to_numpy() for model in wide},
        model_log,
        readings=means.reset_index(),
        **chosen.bootstrap_options,
    )
    log_leaderboard(board)
    return board


def score_submitted(
    leaderboard: pd.DataFrame, user_scores: pd.DataFrame, parameters: dict[str, Any]
) -> boards.ModelScore:
    """The score of what the submission is made by, to be compared with that of other parameters."""
    chosen = Evaluation.parse(parameters)
    model = chosen_model(leaderboard, chosen)
    own = user_scores[user_scores["model"] == model].sort_values("user_id")
    return boards.score_model(model, own["score"].to_numpy(), **chosen.bootstrap_options)


def summarise_metrics(
    *,
    leaderboard: pd.DataFrame,
    breakdown: pd.DataFrame,
    user_scores: pd.DataFrame,
    candidate_recall: pd.DataFrame,
    parameters: dict[str, Any],
) -> dict[str, float]:
    """Flatten leaderboard, breakdown and the recall of the candidates into tracked metrics."""
    model = chosen_model(leaderboard, Evaluation.parse(parameters))
    flat = boards.leaderboard_metrics(leaderboard, model) | breakdown_metrics(breakdown, model)
    flat["best_possible"] = float(user_scores.groupby("model")["ideal"].mean().iloc[0])
    flat["holdout_users"] = float(user_scores["user_id"].nunique())
    recall = _holdout(candidate_recall).set_index("source")["recall"]
    for source, share in recall.to_dict().items():
        flat[f"candidate_recall.{boards.metric_name(str(source))}"] = float(share)
    return flat


def break_down_scores(
    *,
    oof_predictions: pd.DataFrame,
    targets: pd.DataFrame,
    folds: pd.DataFrame,
    fold_users: pd.DataFrame,
    users: pd.DataFrame,
    train: ibis.Table,
    parameters: dict[str, Any],
) -> pd.DataFrame:
    """Score by repeated and new tracks, by activity, age and genre of the listeners."""
    chosen = Evaluation.parse(parameters)
    asked = _holdout_users(fold_users, chosen)
    until = pd.Timestamp(_holdout(folds)["history_until"].iloc[0]).date()
    largest = chosen.largest_genres
    groups = [
        breakdowns.activity_groups(_count_listens(train, until), asked),
        breakdowns.attribute_groups(users, "age_bin", "age", asked),
        breakdowns.attribute_groups(users, "top_genre", "genre", asked, largest),
    ]
    return breakdowns.break_down(
        oof_predictions,
        _holdout(targets),
        pd.concat(groups, ignore_index=True),
        chosen.reading,
        **chosen.bootstrap_options,
    )


def score_ranks(
    *,
    oof_predictions: pd.DataFrame,
    targets: pd.DataFrame,
    fold_users: pd.DataFrame,
    parameters: dict[str, Any],
) -> pd.DataFrame:
    """Mean fraction listened at each place of the list: `rank_scores`."""
    chosen = Evaluation.parse(parameters)
    truth = metrics.true_fractions(_holdout(targets), chosen.reading)
    return metrics.score_ranks(oof_predictions, truth, _holdout_users(fold_users, chosen))


def plot_leaderboard(leaderboard: pd.DataFrame) -> Figure:
    """Every model with its interval."""
    return leaderboard_figure(leaderboard, SCORE_UNIT)


def plot_candidate_recall(candidate_recall: pd.DataFrame) -> Figure:
    """What each source of candidates can reach in the holdout, the union on top."""
    recall = _holdout(candidate_recall).sort_values(["recall", "source"], ascending=[False, True])
    return plots.bar_plot(
        100 * recall.set_index("source")["recall"],
        "share of the listened fractions that is among the candidates, %",
        "Recall of the candidate sources on the holdout",
    )


def plot_breakdown(
    breakdown: pd.DataFrame, leaderboard: pd.DataFrame, parameters: dict[str, Any]
) -> Figure:
    """The chosen model by kind of track and by group of listeners."""
    model = chosen_model(leaderboard, Evaluation.parse(parameters))
    rows = breakdown[breakdown["model"] == model]
    facets = {
        BREAKDOWN_TITLES.get(str(by), str(by)): part.set_index("group")
        for by, part in rows.groupby("by", sort=False)
    }
    return plots.facet_bar_plot(facets, SCORE_UNIT, f"Where {model} scores")


def plot_user_scores(
    user_scores: pd.DataFrame, leaderboard: pd.DataFrame, parameters: dict[str, Any]
) -> Figure:
    """How the scores of the users spread, for the chosen model and the best baseline."""
    names = _chosen_and_baseline(leaderboard, parameters)
    return plots.histogram_plot(
        {name: user_scores.loc[user_scores["model"] == name, "score"] for name in names},
        "score of one user (0 to 1)",
        "Scores of the users",
    )


def plot_importance(feature_importance: pd.DataFrame) -> Figure:
    """The strongest features by gain and by SHAP, averaged over the rankers."""
    table = strongest_features(feature_importance, SHOWN_FEATURES)
    units = ("share of the gain, %", "share of the mean |SHAP value|, %")
    return plots.paired_bar_plot(table, units, "Feature importance, mean over the rankers")


def plot_ranks(
    rank_scores: pd.DataFrame, leaderboard: pd.DataFrame, parameters: dict[str, Any]
) -> Figure:
    """What each place of the list brings, for the chosen model and the best baseline."""
    lines = {
        name: rank_scores[rank_scores["model"] == name].set_index("rank")["fraction"]
        for name in _chosen_and_baseline(leaderboard, parameters)
    }
    return plots.line_plot(
        lines, "place in the list (1 = best)", "mean fraction listened (0 to 1)", "Score by place"
    )


def strongest_features(importance: pd.DataFrame, count: int) -> pd.DataFrame:
    """Shares of gain and SHAP in percent, per feature, averaged over models, by SHAP."""
    sums = importance.groupby("model")[["gain", "shap"]].transform("sum")
    shares = 100 * importance[["gain", "shap"]] / sums.where(sums > 0)
    table = shares.groupby(importance["feature"]).mean().fillna(0.0)
    order = table.reset_index().sort_values(
        ["shap", "gain", "feature"], ascending=[False, False, True]
    )
    return order.set_index("feature").head(count)


def _chosen_and_baseline(leaderboard: pd.DataFrame, parameters: dict[str, Any]) -> tuple[str, str]:
    chosen = chosen_model(leaderboard, Evaluation.parse(parameters))
    return chosen, boards.best_baseline(leaderboard)


def _holdout(table: pd.DataFrame) -> pd.DataFrame:
    rows = table[table["fold"] == HOLDOUT_FOLD]
    if rows.empty:
        raise PodiumError("there is no holdout (fold 1) to score on")
    return rows


def _holdout_users(fold_users: pd.DataFrame, parameters: Evaluation) -> pd.Series:
    rows = _holdout(fold_users)
    if parameters.users == "test":
        rows = rows[rows["is_test_user"].astype(bool)]
    if rows.empty:
        raise PodiumError("the holdout has none of the users to score")
    return rows["user_id"]


def _count_listens(train: ibis.Table, until: date) -> pd.Series:
    """Listens of every user up to a day, that day included."""
    history = train.filter(train.listened_at < pd.Timestamp(until + timedelta(days=1)))
    counts: pd.DataFrame = history.group_by("user_id").agg(listens=history.count()).to_pandas()
    return counts.set_index("user_id")["listens"].sort_index()

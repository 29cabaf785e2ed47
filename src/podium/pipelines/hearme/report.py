"""The report of a HearMe run: what a reader wants to know, in the order of the questions."""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd

from podium.common import charts
from podium.common.charts import Mark
from podium.common.leaderboard import best_baseline
from podium.common.report import (
    Chart,
    Column,
    Figure,
    Section,
    Table,
    interval_column,
    make_table,
)
from podium.common.report_formats import percent, records, score, text, whole
from podium.pipelines.hearme.evaluation import (
    BREAKDOWN_TITLES,
    SCORE_UNIT,
    SHOWN_FEATURES,
    Evaluation,
    strongest_features,
)
from podium.pipelines.reporting import ReportOutline, SharedTables
from podium.pipelines.shared import chosen_model
from podium.recommendation.time_cuts import HOLDOUT_FOLD

_READINGS = (
    Column("per_played", "Per track played", score),
    Column("per_ideal", "Per ideal list", score),
)
_HOW_TO_READ = (
    "The score is the organiser's: per listener, the fraction listened of each of the 50 "
    "recommended tracks is added up and divided by 50, then averaged over the listeners of the "
    "holdout. Those are asked for who listened both before and in the last stretch, as the "
    "organiser's test users did; whoever gets no hit counts 0.",
    "The holdout is the last stretch of the listens, as long as the organiser's test and with the "
    "same gap before it; no model saw it while it was fitted or tuned.",
    "An interval says how far the score moves when other listeners are drawn (bootstrap over "
    "listeners, at {confidence} confidence). Two models are compared by the paired interval of "
    "their difference, on the same draws: it is much narrower, so overlapping intervals of two "
    "models do not mean a tie.",
    "“Per track played” divides by min(50, tracks played), “per ideal list” by the best sum any "
    "list could have reached: both show how well light listeners are served, whom 50 caps.",
)
OUTLINE = ReportOutline(
    challenge="hearme",
    title="HearMe: 50 tracks for every listener",
    metric="Listened fraction@50",
    unit=SCORE_UNIT,
    how_to_read=_HOW_TO_READ,
    readings=_READINGS,
)


def make_report(
    *,
    leaderboard: pd.DataFrame,
    user_scores: pd.DataFrame,
    rank_scores: pd.DataFrame,
    breakdown: pd.DataFrame,
    candidate_recall: pd.DataFrame,
    feature_importance: pd.DataFrame,
    parameters: dict[str, Any],
    **shared: Unpack[SharedTables],
) -> tuple[str, dict[str, Any]]:
    """Write the report as one HTML page, and the summary of the run.

    Args:
        leaderboard: Best first.
        user_scores: Score of every user by every model.
        rank_scores: Mean fraction at each place of the list.
        breakdown: Scores by kind of track and of listener.
        candidate_recall: Recall of each source and of the union.
        feature_importance: Gain and SHAP per ranker.
        parameters: Of the stage.
        shared: See `SharedTables`.
    """
    settings = Evaluation.parse(parameters)
    chosen = chosen_model(leaderboard, settings)
    names = (chosen, best_baseline(leaderboard))
    return OUTLINE.write(
        leaderboard=leaderboard,
        chosen=chosen,
        confidence=settings.confidence,
        figures=_figures(user_scores, chosen),
        sections=(
            _breakdown_section(breakdown, chosen, settings.confidence),
            _users_section(user_scores, rank_scores, names),
            _recall_section(candidate_recall),
            _importance_section(feature_importance),
        ),
        **shared,
    )


def _figures(user_scores: pd.DataFrame, chosen: str) -> tuple[Figure, ...]:
    users = user_scores[user_scores["model"] == chosen]
    without_hit = whole((users["hits"] == 0).sum())
    return (
        Figure("Best possible", score(float(users["ideal"].mean())), "a list that knew it all"),
        Figure("Listeners", whole(len(users)), f"{without_hit} got no hit"),
    )


def _breakdown_section(breakdown: pd.DataFrame, chosen: str, confidence: float) -> Section:
    columns = [
        Column("group", "Group", text, number=False),
        Column("users", "Listeners", whole),
        Column("score", "Score", score),
        interval_column(confidence),
        Column("listened", "All they heard", score),
        Column("captured", "Captured", percent),
    ]
    blocks: list[Table | Chart] = []
    for by, rows in breakdown[breakdown["model"] == chosen].groupby("by", sort=False):
        marks = [
            Mark(row["group"], row["score"], row["ci_low"], row["ci_high"]) for row in records(rows)
        ]
        title = BREAKDOWN_TITLES.get(str(by), str(by))
        blocks.append(Chart(charts.bar_chart(marks, SCORE_UNIT), title))
        blocks.append(make_table(rows, columns))
    paragraphs = (
        f"Scores of {chosen}. For tracks, the two parts add up to the score. “All they heard” is "
        "the worth of every track played, on the scale of the score (above 1 where more than 50 "
        "tracks were heard out); “captured” is the part of it that the list caught.",
    )
    return Section("Where the score comes from", paragraphs, tuple(blocks))


def _users_section(
    user_scores: pd.DataFrame, rank_scores: pd.DataFrame, names: tuple[str, str]
) -> Section:
    keys = dict(zip(names, ("main", "baseline"), strict=True))
    scores = {
        f"{kind}:{name}": user_scores.loc[user_scores["model"] == name, "score"].tolist()
        for name, kind in keys.items()
    }
    upper = max((max(values, default=0.0) for values in scores.values()), default=1.0)
    places = {
        f"{kind}:{name}": (rows["rank"].tolist(), rows["fraction"].tolist())
        for name, kind in keys.items()
        for rows in [rank_scores[rank_scores["model"] == name]]
    }
    return Section(
        "Listeners and places in the list",
        ("A falling line means that the order inside the list is right.",),
        (
            Chart(
                charts.line_chart(
                    places, "place in the list (1 = best)", "mean fraction listened (0 to 1)"
                ),
                "Score by place in the list",
            ),
            Chart(
                charts.line_chart(
                    charts.histogram(scores, bins=25, upper=upper),
                    "score of one listener (0 to 1)",
                    "listeners, % of all",
                ),
                "How the listeners' scores spread",
            ),
        ),
    )


def _recall_section(candidate_recall: pd.DataFrame) -> Section:
    rows = candidate_recall[candidate_recall["fold"] == HOLDOUT_FOLD]
    rows = rows.sort_values(["recall", "source"], ascending=[False, True])
    marks = [
        Mark(
            row["source"],
            100 * row["recall"],
            kind="main" if row["source"] == "union" else "baseline",
            text=percent(row["recall"]),
        )
        for row in records(rows)
    ]
    columns = [
        Column("source", "Source", text, number=False),
        Column("recall", "Recall", percent),
        Column("pairs", "Pairs", whole),
        Column("mean_per_user", "Tracks per listener", whole),
    ]
    unit = "share of the listened fractions that is among the candidates, %"
    return Section(
        "Candidates",
        ("No ranker can recommend what no source proposes: the union is the ceiling.",),
        (Chart(charts.bar_chart(marks, unit)), make_table(rows, columns)),
    )


def _importance_section(feature_importance: pd.DataFrame) -> Section:
    if feature_importance.empty:
        return Section("Features", ("No ranker was fitted in this run.",))
    table = strongest_features(feature_importance, SHOWN_FEATURES)
    blocks: list[Table | Chart] = []
    for column, title in (("shap", "mean |SHAP value|"), ("gain", "gain of the splits")):
        rows = table.sort_values(column, ascending=False, kind="stable").reset_index()
        marks = [
            Mark(row["feature"], row[column], text=f"{row[column]:.1f} %") for row in records(rows)
        ]
        caption = f"Strongest features by {title}, mean over the rankers"
        blocks.append(Chart(charts.bar_chart(marks, f"share of the {title}, %"), caption))
    return Section("Features", (), tuple(blocks))

"""The leaderboard: every model with its score, its interval and what it cost.

It is generic over the metric: a model brings one row of contributions per unit, the metric is a
function of their mean (see `podium.common.bootstrap`). A baseline is always a row, because a score
without one says nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from podium.common.bootstrap import (
    CONFIDENCE,
    RESAMPLES,
    Floats,
    Statistic,
    first_column,
    out_of_bag_means,
    percentile_interval,
    resampled_means,
)
from podium.common.errors import PodiumError
from podium.common.fit_log import COSTS
from podium.common.gains import with_gains

KINDS = ("baseline", "recommender", "ranker", "classifier", "regressor", "encoder", "blend")
SCORES = (
    "score",
    "ci_low",
    "ci_high",
    "difference",
    "difference_low",
    "difference_high",
    "relative",
)

HEADLINES = {
    "score": "score",
    "score_ci_low": "ci_low",
    "score_ci_high": "ci_high",
    "gain_over_baseline": "gain",
    "gain_over_baseline_ci_low": "gain_low",
    "gain_over_baseline_ci_high": "gain_high",
    "gain_over_baseline_relative": "relative_gain",
}
"""Metrics of the chosen model and the columns, gains included, that they come from."""


class LeaderboardError(PodiumError):
    """Models from which no honest leaderboard can be made."""


@dataclass(frozen=True)
class Metric:
    """How contributions become a score.

    Attributes:
        statistic: From mean contributions to the score; a plain mean by default.
        higher_is_better: False for errors such as SMAPE.
    """

    statistic: Statistic = first_column
    higher_is_better: bool = True


def build_leaderboard(
    contributions: Mapping[str, Floats],
    models: pd.DataFrame,
    *,
    metric: Metric | None = None,
    readings: pd.DataFrame | None = None,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> pd.DataFrame:
    """Score every model on the same units and sort best first.

    Args:
        contributions: Per model, an array (units,) or (units, columns); the same units in the same
            order for all of them, users without a prediction included.
        models: One row per model with `model` and `kind` (one of `KINDS`) and, where known,
            `fit_seconds`, `predict_seconds`, `peak_memory_mb`, `note`. Models without
            contributions (left out for time) are not ranked.
        metric: From contributions to score; a plain mean, higher is better, by default.
        readings: Optional other readings of the score: `model` and one column each.
        resamples: Samples of the bootstrap.
        confidence: Confidence of the intervals.
        seed: Seed of the bootstrap.

    Returns:
        Columns `model`, `kind`, `score`, `ci_low`, `ci_high`, `difference` to the best baseline
        with its paired interval `difference_low` and `difference_high`, `relative` (difference /
        score of the best baseline), the other readings, `fit_seconds`, `predict_seconds`,
        `peak_memory_mb`, `note`. Ties are broken by the order of `KINDS`, then by name.

    Raises:
        LeaderboardError: without a baseline, with an unknown kind, a model that is not in
            `models`, one that stands there twice, or models scored on different units.
    """
    metric = metric or Metric()
    known = _known_models(contributions, models)
    arrays = _equal_shapes(contributions)
    draws = {
        name: metric.statistic(resampled_means(rows, resamples=resamples, seed=seed))
        for name, rows in arrays.items()
    }
    values = {
        name: float(metric.statistic(rows.mean(axis=0, keepdims=True))[0])
        for name, rows in arrays.items()
    }
    best = _best_baseline(values, known, metric)
    units = len(arrays[best])
    board = pd.DataFrame(
        [
            {
                "model": name,
                "kind": known.at[name, "kind"],
                **_scores(
                    (values[name], values[best]), (draws[name], draws[best]), units, confidence
                ),
            }
            for name in values
        ]
    )
    board = _with_readings(board, readings)
    for column in (*COSTS, "note"):
        board[column] = _column(known, column).reindex(board["model"]).to_numpy()
    return _sorted_best_first(board, metric)


@dataclass(frozen=True)
class ModelScore:
    """Score of one model with samples of it, to be compared with other models on the same units.

    Attributes:
        model: Its name on the leaderboard.
        value: The score.
        draws: Scores of the samples of the bootstrap, shape (resamples,).
        out_of_bag: Scores of the units that each sample left out, shape (resamples,).
        units: How many there are.
        confidence: Of intervals made from the draws.
        higher_is_better: False for errors.
    """

    model: str
    value: float
    draws: Floats
    out_of_bag: Floats
    units: int
    confidence: float = CONFIDENCE
    higher_is_better: bool = True


def score_model(
    model: str,
    contributions: Floats,
    metric: Metric | None = None,
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> ModelScore:
    """Score one model as `build_leaderboard` does, whose arguments these are."""
    metric = metric or Metric()
    rows = _equal_shapes({model: contributions})[model]
    return ModelScore(
        model=model,
        value=float(metric.statistic(rows.mean(axis=0, keepdims=True))[0]),
        draws=metric.statistic(resampled_means(rows, resamples=resamples, seed=seed)),
        out_of_bag=metric.statistic(out_of_bag_means(rows, resamples=resamples, seed=seed)),
        units=len(rows),
        confidence=confidence,
        higher_is_better=metric.higher_is_better,
    )


def left_out(models: pd.DataFrame, leaderboard: pd.DataFrame) -> pd.DataFrame:
    """Models of the fit log that were not scored, with their note: columns model, kind, note."""
    rest = models[~models["model"].isin(leaderboard["model"])]
    columns = [column for column in ("model", "kind", "note") if column in rest]
    return rest[columns].sort_values("model").reset_index(drop=True)


def leaderboard_metrics(leaderboard: pd.DataFrame, chosen: str | None = None) -> dict[str, float]:
    """Flatten a leaderboard into metrics for a tracking server.

    Args:
        leaderboard: As `build_leaderboard` returns it.
        chosen: The model that makes the submission; the best one by default.

    Returns:
        `score`, `score_ci_low`, `score_ci_high`, `gain_over_baseline` and its relative and paired
        bounds for the chosen model (above zero: better), and every finite number of each row as
        `leaderboard.<model>.<column>`. Names hold only letters, digits and ``_ - . / space``.

    Raises:
        LeaderboardError: if the chosen model is not on the leaderboard, or two names fall together.
    """
    name = chosen if chosen is not None else str(leaderboard["model"].iloc[0])
    rows = leaderboard.set_index("model").select_dtypes("number").to_dict(orient="index")
    if name not in rows:
        raise LeaderboardError(f"model {name!r} is not on the leaderboard")
    own = with_gains(leaderboard).set_index("model")
    metrics = {metric: float(own[column][name]) for metric, column in HEADLINES.items()}
    for model, values in rows.items():
        for column, value in values.items():
            key = f"leaderboard.{metric_name(str(model))}.{metric_name(str(column))}"
            if key in metrics:
                raise LeaderboardError(f"two models share the metric name {key!r}")
            metrics[key] = float(value)
    return {key: value for key, value in metrics.items() if math.isfinite(value)}


def metric_name(text: str) -> str:
    """The nearest name that MLflow takes: letters, digits, ``_ - . /`` and space, the rest _."""
    return re.sub(r"[^\w\-./ ]", "_", text, flags=re.ASCII).strip("/. ") or "_"


def best_baseline(leaderboard: pd.DataFrame) -> str:
    """Name of the best baseline of a sorted leaderboard."""
    return str(leaderboard.loc[leaderboard["kind"] == "baseline", "model"].iloc[0])


def _known_models(contributions: Mapping[str, Floats], models: pd.DataFrame) -> pd.DataFrame:
    repeated = sorted(set(models.loc[models["model"].duplicated(), "model"]))
    if repeated:
        raise LeaderboardError(f"models that stand twice in the fit log: {', '.join(repeated)}")
    known = models.set_index("model")
    unknown = sorted(set(contributions) - set(known.index))
    if unknown:
        raise LeaderboardError(f"scored models that the fit log does not know: {unknown}")
    kinds = known.loc[list(contributions), "kind"]
    wrong = sorted(set(kinds) - set(KINDS))
    if wrong:
        raise LeaderboardError(f"unknown kinds of model: {wrong}; known are {', '.join(KINDS)}")
    if "baseline" not in set(kinds):
        raise LeaderboardError("a leaderboard needs a baseline, and none was scored")
    return known


def _equal_shapes(contributions: Mapping[str, Floats]) -> dict[str, Floats]:
    arrays = {name: np.asarray(rows, dtype=np.float64) for name, rows in contributions.items()}
    arrays = {name: rows[:, None] if rows.ndim == 1 else rows for name, rows in arrays.items()}
    shapes = {name: rows.shape for name, rows in arrays.items()}
    if len(set(shapes.values())) != 1:
        raise LeaderboardError(f"models were scored on different units: {shapes}")
    return arrays


def _best_baseline(values: Mapping[str, float], known: pd.DataFrame, metric: Metric) -> str:
    names = sorted(name for name in values if known.at[name, "kind"] == "baseline")
    sign = -1 if metric.higher_is_better else 1
    return min(names, key=lambda name: (sign * values[name], name))


def _scores(
    values: tuple[float, float], draws: tuple[Floats, Floats], units: int, confidence: float
) -> dict[str, float]:
    """Columns `SCORES` from the score and the draws of a model and of the best baseline."""
    own = percentile_interval(draws[0], values[0], units=units, confidence=confidence)
    gap = percentile_interval(
        draws[0] - draws[1], values[0] - values[1], units=units, confidence=confidence
    )
    relative = gap.value / values[1] if values[1] else math.nan
    numbers = (own.value, own.low, own.high, gap.value, gap.low, gap.high, relative)
    return dict(zip(SCORES, numbers, strict=True))


def _with_readings(board: pd.DataFrame, readings: pd.DataFrame | None) -> pd.DataFrame:
    if readings is None:
        return board
    taken = sorted((set(readings.columns) & {*board.columns, *COSTS, "note"}) - {"model"})
    if taken:
        raise LeaderboardError(f"readings with the name of a leaderboard column: {taken}")
    return board.merge(readings, on="model", how="left", validate="one_to_one")


def _column(known: pd.DataFrame, column: str) -> pd.Series:
    if column in known:
        values = known[column]
        return values.fillna("").astype("str") if column == "note" else values.astype("float64")
    return pd.Series("" if column == "note" else math.nan, index=known.index)


def _sorted_best_first(board: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    order = pd.DataFrame(
        {
            # Rounded, so that a tie is a tie whatever the order of summation was.
            "score": board["score"].round(12) * (-1 if metric.higher_is_better else 1),
            "kind": board["kind"].map(KINDS.index),
            "model": board["model"],
        }
    )
    return board.loc[order.sort_values(["score", "kind", "model"]).index].reset_index(drop=True)

"""Stage evaluation: SMAPE of every model, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import Field

from podium.common import leaderboard as boards
from podium.common import plots
from podium.common.bootstrap import bootstrap_mean, ratio_of_sums, sums_and_counts
from podium.common.breakdown import breakdown_metrics
from podium.common.report_formats import records
from podium.common.scatter_charts import LogAxes
from podium.pipelines.shared import Scoring, chosen_model, leaderboard_figure, log_leaderboard
from podium.pricing.catalog_rows import PRICE, SAMPLE_ID
from podium.pricing.metrics import (
    price_band_edges,
    price_band_labels,
    price_bands,
    smape_contributions,
)

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SCORE_UNIT = "SMAPE, % (0 to 200, lower is better)"
BREAKDOWN_TITLES = {
    "price_band": "By price; bands of about as many rows",
    "image": "With and without a real image",
    "duplicates": "Products listed once, and those listed again",
}
FACTS = tuple(BREAKDOWN_TITLES)
PRICE_AXES = LogAxes("true price, $", "predicted price, $", "price = prediction")
_TITLE_CHARACTERS = 100


METRIC = boards.Metric(statistic=ratio_of_sums, higher_is_better=False)


class Evaluation(Scoring):
    """Parameters of the stage, beside those of every challenge.

    Attributes:
        price_bands: Bands of the price with about as many rows each.
        hardest_rows: Rows listed in the report.
    """

    price_bands: int = Field(5, ge=1)
    hardest_rows: int = Field(20, ge=0)


def build_leaderboard(
    oof_predictions: pd.DataFrame,
    folds: pd.DataFrame,
    model_log: pd.DataFrame,
    parameters: dict[str, Any],
) -> pd.DataFrame:
    """Rank the models by SMAPE; intervals by a bootstrap over groups of duplicates."""
    chosen = Evaluation.parse(parameters)
    groups = folds.set_index(SAMPLE_ID)["group"]
    board = boards.build_leaderboard(
        {
            str(model): _sums(part, groups.reindex(part[SAMPLE_ID]).to_numpy())
            for model, part in oof_predictions.groupby("model", sort=True)
        },
        model_log,
        metric=METRIC,
        readings=_readings(oof_predictions),
        **chosen.bootstrap_options,
    )
    log_leaderboard(board)
    return board


def score_submitted(
    leaderboard: pd.DataFrame,
    oof_predictions: pd.DataFrame,
    folds: pd.DataFrame,
    parameters: dict[str, Any],
) -> boards.ModelScore:
    """The score of what the submission is made by, to be compared with that of other parameters."""
    chosen = Evaluation.parse(parameters)
    model = chosen_model(leaderboard, chosen)
    own = oof_predictions[oof_predictions["model"] == model]
    groups = folds.set_index(SAMPLE_ID)["group"].reindex(own[SAMPLE_ID])
    sums = _sums(own, groups.to_numpy())
    return boards.score_model(model, sums, METRIC, **chosen.bootstrap_options)


def _sums(part: pd.DataFrame, groups: np.ndarray) -> np.ndarray:
    """Sum of the contributions and number of rows of each group, shape (groups, 2)."""
    return sums_and_counts(smape_contributions(part[PRICE], part["predicted"]), groups)


def _readings(oof_predictions: pd.DataFrame) -> pd.DataFrame:
    """Other readings: median of the rows, and the root mean square error of log1p."""
    rows = []
    for model, part in oof_predictions.groupby("model", sort=True):
        errors = smape_contributions(part[PRICE], part["predicted"])
        logs = np.log1p(part["predicted"]) - np.log1p(part[PRICE])
        bias = float(np.median(np.exp(logs)))
        rows.append((model, np.median(errors), np.sqrt((logs**2).mean()), bias))
    columns = ["model", "median_error", "log_rmse", "median_ratio"]
    return pd.DataFrame(rows, columns=columns)


def break_down_scores(
    oof_predictions: pd.DataFrame,
    folds: pd.DataFrame,
    duplicates: pd.DataFrame,
    image_features: pd.DataFrame,
    parameters: dict[str, Any],
) -> pd.DataFrame:
    """SMAPE of every model by price band, with and without a real image, with and without copies.

    Returns:
        `breakdown`: model, by, group, rows, score, ci_low, ci_high.
    """
    chosen = Evaluation.parse(parameters)
    facts = row_facts(folds, duplicates, image_features, chosen)
    rows = []
    for model, part in oof_predictions.groupby("model", sort=True):
        own = part.merge(facts, on=SAMPLE_ID, validate="1:1")
        errors = smape_contributions(own[PRICE], own["predicted"])
        for name in FACTS:
            for label in own[name].cat.categories:
                inside = (own[name] == label).to_numpy()
                if inside.any():
                    groups = own["group"].to_numpy()[inside]
                    bounds = row_interval(errors[inside], groups, chosen)
                    rows.append((model, name, label, int(inside.sum()), *bounds))
    columns = ["model", "by", "group", "rows", "score", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def row_facts(
    folds: pd.DataFrame,
    duplicates: pd.DataFrame,
    image_features: pd.DataFrame,
    chosen: Evaluation,
) -> pd.DataFrame:
    """What every training row is: sample_id, group, and `FACTS` as classes."""
    edges = price_band_edges(folds[PRICE], chosen.price_bands)
    labels = price_band_labels(edges)
    real = image_features["is_real"].to_numpy()[: len(folds)]
    copied = duplicates["rows"].to_numpy() > 1
    return pd.DataFrame(
        {
            SAMPLE_ID: folds[SAMPLE_ID],
            "group": folds["group"],
            "price_band": pd.Categorical.from_codes(
                price_bands(folds[PRICE], edges).tolist(), pd.Index(labels)
            ),
            "image": _two(real, "placeholder", "real image"),
            "duplicates": _two(copied, "single listing", "has duplicates"),
        }
    )


def _two(yes: np.ndarray, no_label: str, yes_label: str) -> pd.Series:
    labels = pd.CategoricalDtype([no_label, yes_label])
    return pd.Series(np.where(yes, yes_label, no_label)).astype(labels)


def row_interval(
    errors: np.ndarray, groups: np.ndarray, chosen: Evaluation
) -> tuple[float, float, float]:
    """Mean contribution of some rows, and its bounds by a bootstrap over their groups."""
    found = bootstrap_mean(errors, groups=groups, **chosen.bootstrap_options)
    return found.value, found.low, found.high


def rank_errors(
    oof_predictions: pd.DataFrame,
    train_products: pd.DataFrame,
    leaderboard: pd.DataFrame,
    folds: pd.DataFrame,
    duplicates: pd.DataFrame,
    image_features: pd.DataFrame,
    parameters: dict[str, Any],
) -> pd.DataFrame:
    """Every training row with what the chosen model says of it, the worst first.

    Returns:
        `row_errors`: sample_id, item_name (its beginning), price, predicted, error (percent), and
        the facts of the row.
    """
    chosen = Evaluation.parse(parameters)
    own = oof_predictions[oof_predictions["model"] == chosen_model(leaderboard, chosen)]
    table = own[[SAMPLE_ID, PRICE, "predicted"]].reset_index(drop=True)
    table["error"] = smape_contributions(table[PRICE], table["predicted"])
    names = train_products.set_index(SAMPLE_ID)["item_name"].reindex(table[SAMPLE_ID])
    table.insert(1, "item_name", names.str[:_TITLE_CHARACTERS].to_numpy())
    facts = row_facts(folds, duplicates, image_features, chosen)
    facts = facts.astype(dict.fromkeys(FACTS, "str"))
    table = table.merge(facts, on=SAMPLE_ID, validate="1:1")
    return table.sort_values(["error", SAMPLE_ID], ascending=[False, True], ignore_index=True)


def summarise_metrics(
    leaderboard: pd.DataFrame,
    breakdown: pd.DataFrame,
    split_scores: pd.DataFrame,
    test_estimate: pd.DataFrame,
    parameters: dict[str, Any],
) -> dict[str, float]:
    """Flatten leaderboard, breakdown, naive split and expected score into tracked metrics."""
    model = chosen_model(leaderboard, Evaluation.parse(parameters))
    flat = boards.leaderboard_metrics(leaderboard, model) | breakdown_metrics(breakdown, model)
    for row in records(split_scores):
        name = boards.metric_name(str(row["model"]))
        flat[f"naive_split.{name}"] = float(row["naive"])
        flat[f"grouped_split.{name}"] = float(row["grouped"])
    for row in records(test_estimate):
        flat |= {f"expected_{name}": float(row[name]) for name in ("score", "ci_low", "ci_high")}
    return flat


def plot_leaderboard(leaderboard: pd.DataFrame) -> Figure:
    """Every model with its interval."""
    return leaderboard_figure(leaderboard, SCORE_UNIT)


def plot_breakdown(
    breakdown: pd.DataFrame, leaderboard: pd.DataFrame, parameters: dict[str, Any]
) -> Figure:
    """Where the error of the chosen model comes from."""
    model = chosen_model(leaderboard, Evaluation.parse(parameters))
    own = breakdown[breakdown["model"] == model]
    facets = {
        BREAKDOWN_TITLES[str(by)]: part.set_index("group")
        for by, part in own.groupby("by", sort=False)
    }
    return plots.facet_bar_plot(facets, SCORE_UNIT, f"Where the error of {model} comes from")


def plot_errors(row_errors: pd.DataFrame) -> Figure:
    """Predicted against true prices, on logarithmic axes."""
    shown = row_errors[[PRICE, "predicted", SAMPLE_ID]].sort_values(SAMPLE_ID)
    return plots.scatter_plot({"training rows": shown}, PRICE_AXES, "Predicted and true prices")

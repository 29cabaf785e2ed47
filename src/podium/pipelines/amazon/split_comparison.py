"""Stage evaluation: what copies of a product do to the score, in training and in the test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from podium.common import plots
from podium.common.bootstrap import bootstrap
from podium.pipelines.amazon.evaluation import SCORE_UNIT, Evaluation, row_interval
from podium.pipelines.amazon.feature_engineering import COPIES, NAIVE
from podium.pipelines.shared import chosen_model
from podium.pricing.catalog_rows import PRICE, SAMPLE_ID
from podium.pricing.expected_score import ExpectedScore, ScoredRows
from podium.pricing.metrics import smape_contributions

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ESTIMATE = ["model", "test_rows", "copies", "judged_by", "seen_rows", "change", "score"]
ESTIMATE += ["ci_low", "ci_high"]


def compare_splits(
    oof_predictions: pd.DataFrame,
    naive_predictions: pd.DataFrame,
    folds: pd.DataFrame,
    parameters: dict[str, Any],
) -> pd.DataFrame:
    """All rows of a naive fold, priced by the naive split and by the grouped one.

    Those that have no duplicate count too: the difference is what such a split flatters a score by.
    What a duplicate itself is worth is told by `estimate_test_score`.

    Returns:
        `split_scores`: model, rows, grouped, naive, and the naive score less the grouped one with
        its paired interval: difference, ci_low, ci_high.
    """
    chosen = Evaluation.parse(parameters)
    groups = folds.set_index(SAMPLE_ID)["group"]
    rows = []
    for model, part in _of_split(naive_predictions, NAIVE).groupby("model", sort=False):
        own = oof_predictions[oof_predictions["model"] == model].set_index(SAMPLE_ID)
        own = own.loc[part[SAMPLE_ID]]
        grouped = smape_contributions(own[PRICE], own["predicted"])
        naive = smape_contributions(own[PRICE], part["predicted"])
        bounds = row_interval(naive - grouped, groups.loc[part[SAMPLE_ID]].to_numpy(), chosen)
        rows.append((model, len(part), grouped.mean(), naive.mean(), *bounds))
    columns = ["model", "rows", "grouped", "naive", "difference", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def estimate_test_score(
    oof_predictions: pd.DataFrame,
    naive_predictions: pd.DataFrame,
    split_scores: pd.DataFrame,
    folds: pd.DataFrame,
    duplicates: pd.DataFrame,
    test_copies: pd.DataFrame,
    test: pd.DataFrame,
    leaderboard: pd.DataFrame,
    parameters: dict[str, Any],
) -> pd.DataFrame:
    """What the chosen model will score on this test, of which some rows are copies.

    The local score holds copies out. How much one helps is seen on the split `copies`, by the best
    of the models that were scored there: it is fitted as the refit is, and sees copies as that does
    in the test. There each copy has a row of its group among the fitted ones, so only such rows of
    the split tell; a group that it holds out as a whole does not. What the look-up of equal texts
    adds is not counted.

    Returns:
        `test_estimate`, of one row: model, test_rows, copies (of them), judged_by (the model of
        that split), seen_rows (those whose copy it has seen) and their mean change (NaN without
        any; then it is not counted), score, ci_low, ci_high; empty without that split.
    """
    seen = _of_split(naive_predictions, COPIES)
    judges = split_scores[split_scores["model"].isin(seen["model"])]
    if judges.empty or test.empty:
        return pd.DataFrame(columns=ESTIMATE)
    chosen = Evaluation.parse(parameters)
    model = chosen_model(leaderboard, chosen)
    judge = str(judges.sort_values("grouped", kind="stable")["model"].iloc[0])
    rows = folds.set_index(SAMPLE_ID)
    copied = duplicates.set_index(SAMPLE_ID)["rows"].reindex(rows.index) > 1
    errors = {name: _errors(oof_predictions, name, rows.index) for name in (model, judge)}
    # Naive folds cut at random, and may hold out all copies of a product.
    saw = rows["group"].isin(rows.loc[rows["naive_fold"] != 0, "group"])
    changes = (_errors(seen, judge, rows.index, rows[PRICE]) - errors[judge]).where(saw)
    scored = ScoredRows(
        errors[model].to_numpy(), rows["group"].to_numpy(), copied.to_numpy(), changes.to_numpy()
    )
    copies = int(test_copies["test_id"].nunique())
    found = bootstrap(scored.sums(), ExpectedScore(copies / len(test)), **chosen.bootstrap_options)
    said = (model, len(test), copies, judge, int(changes.notna().sum()), float(changes.mean()))
    estimate = (*said, found.value, found.low, found.high)
    return pd.DataFrame([estimate], columns=ESTIMATE)


def _of_split(naive_predictions: pd.DataFrame, split: str) -> pd.DataFrame:
    return naive_predictions[naive_predictions["split"] == split]


def _errors(
    predictions: pd.DataFrame, model: str, names: pd.Index, prices: pd.Series | None = None
) -> pd.Series:
    """Contributions of the named rows; NaN where the model has not priced one."""
    own = predictions[predictions["model"] == model].set_index(SAMPLE_ID)
    true = own[PRICE] if prices is None else prices.loc[own.index]
    return pd.Series(smape_contributions(true, own["predicted"]), own.index).reindex(names)


def plot_splits(split_scores: pd.DataFrame) -> Figure:
    """The naive split's score beside the grouped one."""
    values = {
        f"{row.model}, {name}": getattr(row, name)
        for row in split_scores.itertuples()
        for name in ("grouped", "naive")
    }
    title = "The same rows, by folds with duplicates kept together and by a naive one"
    return plots.bar_plot(pd.Series(values, dtype="float64"), SCORE_UNIT, title)

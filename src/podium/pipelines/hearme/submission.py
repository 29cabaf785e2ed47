"""Stage submission: from predictions to the file that the organiser accepts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from podium.pipelines.hearme.evaluation import Evaluation
from podium.pipelines.hearme.modeling import (
    BLEND,
    ModelingParameters,
    blend_weights,
    build_rankers,
    labelled_folds,
    training_data,
)
from podium.pipelines.hearme.sources import trending_days
from podium.pipelines.hearme.submission_rules import COLUMNS, rules
from podium.pipelines.shared import Compute, accepted, chosen_model
from podium.recommendation.candidates import top_of_source
from podium.recommendation.ensemble import blend, blend_members
from podium.recommendation.history import Catalogue, History
from podium.recommendation.lists import complete_lists
from podium.recommendation.metrics import LENGTH
from podium.recommendation.ranking_data import ranking_data, top_k
from podium.recommendation.recommenders.popularity import Popularity
from podium.recommendation.time_cuts import TEST_FOLD, from_frame

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from podium.recommendation.rankers import Ranker

logger = logging.getLogger(__name__)
SHOWN = 5


def rank_trending_tracks(
    train: ir.Table, items: pd.DataFrame, folds: pd.DataFrame, sources: dict[str, Any]
) -> pd.DataFrame:
    """Tracks heard by most listeners lately, best first; then any other known track by id.

    How far back lately goes is what `sources.trending` says.

    Raises:
        ParameterError: where it says nothing.
    """
    import numpy as np

    test = from_frame(folds)[TEST_FOLD]
    nobody = np.array([], np.int64)
    history = History(train, test.history_until, nobody, Catalogue.of(items, items, items, items))
    trending = Popularity(window_days=trending_days(sources)).fit(history).ranking()
    known = np.sort(items["item_id"].to_numpy())[: 2 * LENGTH]
    return pd.DataFrame({"item_id": pd.unique(np.r_[trending, known])[: 4 * LENGTH]})


def refit_rankers(
    features: Mapping[str, Callable[[], pd.DataFrame]],
    targets: pd.DataFrame,
    models: dict[str, Ranker],
    leaderboard: pd.DataFrame,
    rankers: dict[str, Any],
    scoring: dict[str, Any],
    parameters: dict[str, Any],
    evaluation: dict[str, Any],
    compute: dict[str, Any],
) -> dict[str, Ranker]:
    """Fit what the submission is made by once more, on the holdout's window too: `final_models`.

    Empty where a list of the history makes it, and where there is no fitted ranker.
    """
    if not models:
        logger.warning("there is no fitted ranker")
    chosen = chosen_model(leaderboard, Evaluation.parse(evaluation))
    names = _makers(chosen, models, rankers)
    if not names:
        return {}
    settings, wanted = Compute.parse(compute), ModelingParameters.parse(parameters)
    data = training_data(
        features, targets, labelled_folds(features), scoring, wanted, settings.seed
    )
    unfitted = {
        name: ranker for name, ranker in build_rankers(rankers, settings).items() if name in names
    }
    # No deadline: modeling kept the time for it.
    return {name: ranker.fit(data) for name, ranker in unfitted.items()}


def predict_test(
    features: Mapping[str, Callable[[], pd.DataFrame]],
    candidates: pd.DataFrame,
    final_models: dict[str, Ranker],
    leaderboard: pd.DataFrame,
    rankers: dict[str, Any],
    parameters: dict[str, Any],
    evaluation: dict[str, Any],
) -> pd.DataFrame:
    """Rank the candidates of the test users by the chosen model: `test_predictions`."""
    chosen = chosen_model(leaderboard, Evaluation.parse(evaluation))
    names = _makers(chosen, final_models, rankers)
    if not names:
        test = candidates[candidates["fold"] == TEST_FOLD]
        return _history_lists(test, chosen, ModelingParameters.parse(parameters))
    data = ranking_data(features[f"fold_{TEST_FOLD}"]())
    predictions = {name: final_models[name].predict(data.features) for name in names}
    if chosen == BLEND:
        predictions[BLEND] = blend(predictions, blend_weights(rankers), data.groups)
    return top_k(data, predictions[chosen], LENGTH)


def _makers(chosen: str, fitted: Iterable[str], rankers: dict[str, Any]) -> list[str]:
    """Fitted rankers that the chosen model needs: itself, or the members of the blend."""
    if chosen == BLEND:
        return blend_members(fitted, blend_weights(rankers))
    return [name for name in fitted if name == chosen]


def _history_lists(test: pd.DataFrame, chosen: str, wanted: ModelingParameters) -> pd.DataFrame:
    source = chosen
    if f"{chosen}_rank" not in test:
        # The leaderboard is of a run whose rankers are gone.
        source = wanted.fallback_source
        logger.warning("%s has no fitted ranker: the submission is %s", chosen, source)
    return top_of_source(test, source, LENGTH, fill=wanted.fill_source)


def rank_test_tracks(
    test_predictions: pd.DataFrame, test: pd.DataFrame, fallback: pd.DataFrame
) -> pd.DataFrame:
    """Give every test user a full list, in the order of the test file.

    Args:
        test_predictions: `user_id`, `item_id`, `score`, `rank`.
        test: `user_id`, `position`, `has_history`.
        fallback: `item_id`, the trending list, best first.

    Returns:
        `id`, `user_id`, `item_id`, `rank`, not yet checked.
    """
    users = test.sort_values("position")["user_id"]
    lists = complete_lists(test_predictions, users, fallback["item_id"])
    _warn("have no prediction and get the trending list", lists.without_prediction)
    _warn("have too short a list, topped up with trending tracks", lists.topped_up)
    frame = lists.rows.assign(id=range(len(lists.rows)))
    return frame[list(COLUMNS)].astype("int64")


def check_submission(
    ranked_tracks: pd.DataFrame, test: pd.DataFrame, items: pd.DataFrame
) -> pd.DataFrame:
    """Let a submission pass that keeps every rule of the organiser.

    Raises:
        SubmissionError: if any rule is broken, so that nothing is written.
    """
    allowed = rules(test["user_id"].tolist(), items["item_id"].tolist())
    return accepted(ranked_tracks, allowed, f"{len(test):,} users")


def _warn(what: str, users: tuple[int, ...]) -> None:
    if users:
        shown = ", ".join(map(str, users[:SHOWN])) + (", ..." if len(users) > SHOWN else "")
        logger.warning("%s test users %s: %s", f"{len(users):,}", what, shown)

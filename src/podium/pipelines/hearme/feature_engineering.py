"""Stage feature_engineering: time cuts, users, targets, candidates and their features."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from podium.common.builder import build_each
from podium.common.measure import Measure
from podium.common.parameters import ParameterError, Parameters
from podium.common.progress import track
from podium.pipelines.hearme.sources import SourceParameters, enabled_sources
from podium.pipelines.shared import Compute
from podium.recommendation.candidates import (
    CandidateSource,
    generate_candidates,
    recall_of_sources,
)
from podium.recommendation.features.assemble import assemble_features
from podium.recommendation.fold_users import NoUsersError, choose_users
from podium.recommendation.history import Catalogue, History
from podium.recommendation.metrics import Reading
from podium.recommendation.targets import relevance, window_targets
from podium.recommendation.time_cuts import (
    HOLDOUT_FOLD,
    TEST_FOLD,
    TimeCut,
    as_frame,
    from_frame,
    make_time_cuts,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import pandas as pd

logger = logging.getLogger(__name__)


class Calendar(Parameters):
    """The days of the competition, all inclusive (`calendar` in parameters.yml).

    Attributes:
        first_day: First day of the listens.
        last_day: Last day of the listens.
        target_from: First day of the target window.
        window_days: Length of the target window.
    """

    first_day: date
    last_day: date
    target_from: date
    window_days: int = Field(ge=1)

    @model_validator(mode="after")
    def _days_in_order(self) -> Calendar:
        if not self.first_day <= self.last_day < self.target_from:
            raise ValueError(
                f"first_day {self.first_day}, last_day {self.last_day} and target_from "
                f"{self.target_from} must be in this order, target_from after last_day"
            )
        return self

    @property
    def gap_days(self) -> int:
        """Days between the last listens and the target window."""
        return (self.target_from - self.last_day).days - 1


class CutParameters(Parameters):
    """How many training cuts, how far apart: more of them where users are few.

    Attributes:
        fewest: Training cuts that are made whatever the number of users.
        most: More are never made.
        enough_users: Cuts are added until they have so many users together.
        spacing_days: Days from one training cut to the next.
        fewest_history_days: A training cut with less history is not made.
    """

    fewest: int = Field(ge=1)
    most: int = Field(ge=1)
    enough_users: int = Field(ge=0)
    # Going back in time, or training windows would run into the holdout's.
    spacing_days: int = Field(ge=1)
    fewest_history_days: int = Field(ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> CutParameters:
        if self.most < self.fewest:
            raise ValueError(f"most {self.most} is below fewest {self.fewest}")
        return self


class UserParameters(Parameters):
    """Users of the labelled folds beside the test users."""

    holdout_others: int = Field(ge=0)
    training_others: int = Field(ge=0)


class FeatureParameters(Parameters):
    """What the features look back on."""

    past_windows: int = Field(ge=1)


def cut_time(
    train: ir.Table,
    test: pd.DataFrame,
    calendar: dict[str, Any],
    cuts: dict[str, Any],
    users: dict[str, Any],
    compute: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the folds (test, holdout, training cuts) and choose the users of each.

    Training cuts are added, going back, until they have enough users together, or no more listens
    lie that far back.

    Raises:
        ParameterError: a wrong parameter, or too short a calendar for a training cut.
        NoUsersError: the files do not cover the days of the holdout, or of the fewest cuts.
    """
    import pandas as pd

    days, wanted = Calendar.parse(calendar), CutParameters.parse(cuts)
    chosen, kept, trained = [], [], 0
    for cut in _time_cuts(days, wanted):
        optional = cut.fold > HOLDOUT_FOLD + wanted.fewest
        if optional and trained >= wanted.enough_users:
            break
        try:
            rows = _users_for(cut, train, test, UserParameters.parse(users), Compute.parse(compute))
        except NoUsersError:
            if optional:  # the listens begin later than the calendar
                break
            raise
        trained += len(rows) if cut.role == "train" else 0
        logger.info(
            "fold %s (%s, known until %s): %s users",
            cut.fold,
            cut.role,
            cut.history_until,
            f"{len(rows):,}",
        )
        kept.append(cut)
        chosen.append(rows.assign(fold=cut.fold))
    fold_users = pd.concat(chosen, ignore_index=True)[["fold", "user_id", "is_test_user"]]
    return as_frame(kept), fold_users


def build_targets(train: ir.Table, folds: pd.DataFrame, fold_users: pd.DataFrame) -> pd.DataFrame:
    """Listened fractions of the target window, for every labelled fold."""
    import ibis
    import pandas as pd

    parts = []
    for cut in from_frame(folds):
        if cut.fold == TEST_FOLD:
            continue
        users = fold_users.loc[fold_users["fold"] == cut.fold, ["user_id"]]
        heard = window_targets(train, cut, ibis.memtable(users)).to_pyarrow().to_pandas()
        ordered = heard.sort_values(["user_id", "item_id"], ignore_index=True)
        ordered.insert(0, "fold", cut.fold)
        parts.append(ordered)
    return pd.concat(parts, ignore_index=True)


def generate_fold_candidates(
    train: ir.Table,
    items: pd.DataFrame,
    item_artists: pd.DataFrame,
    item_genres: pd.DataFrame,
    users: pd.DataFrame,
    folds: pd.DataFrame,
    fold_users: pd.DataFrame,
    targets: pd.DataFrame,
    sources: dict[str, Any],
    scoring: dict[str, Any],
    fill_source: str,
    fallback_source: str,
    compute: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Fit every recommender at every cut; return candidates, their recall, and the costs.

    Raises:
        ParameterError: a wrong parameter, or one of `modeling` that names no enabled source. That
            is told here, before the work of hours.
    """
    import pandas as pd

    settings, reading = Compute.parse(compute), Reading.parse(scoring)
    chosen = {"fill_source": fill_source, "fallback_source": fallback_source}
    declared: dict[str, SourceParameters] = enabled_sources(sources, **chosen)
    catalogue = Catalogue.of(items, item_artists, item_genres, users)
    candidates, recalls, costs = [], [], []
    for cut in track(from_frame(folds), "candidates by fold"):
        history = History(train, cut.history_until, _users_of(fold_users, cut), catalogue)
        built = {
            name: CandidateSource(source, declared[name].list_length)
            for name, source in build_each(
                declared, seed=settings.seed, threads=settings.threads
            ).items()
        }
        with Measure() as measure:
            found, cost = generate_candidates(history, built)
        logger.info(
            "fold %s: %s candidates of %s users in %.0f s",
            cut.fold,
            f"{len(found):,}",
            f"{len(history.users):,}",
            measure.seconds,
        )
        candidates.append(found.assign(fold=cut.fold))
        costs.append(pd.DataFrame([vars(row) for row in cost]).assign(fold=cut.fold))
        if cut.fold != TEST_FOLD:
            heard = targets[targets["fold"] == cut.fold]
            worth = relevance(heard, reading.listen, reading.rounding)
            recall = recall_of_sources(found, heard, worth, list(declared))
            recalls.append(recall.assign(fold=cut.fold))
    return (
        pd.concat(candidates, ignore_index=True),
        pd.concat(recalls, ignore_index=True),
        pd.concat(costs, ignore_index=True),
    )


def build_features(
    train: ir.Table,
    items: pd.DataFrame,
    item_artists: pd.DataFrame,
    item_genres: pd.DataFrame,
    users: pd.DataFrame,
    folds: pd.DataFrame,
    fold_users: pd.DataFrame,
    candidates: pd.DataFrame,
    calendar: dict[str, Any],
    parameters: dict[str, Any],
) -> dict[str, Callable[[], pd.DataFrame]]:
    """Features of every candidate, one part per fold, each made when it is saved."""
    days, wanted = Calendar.parse(calendar), FeatureParameters.parse(parameters)
    catalogue = Catalogue.of(items, item_artists, item_genres, users)

    def features_of(cut: TimeCut) -> pd.DataFrame:
        history = History(train, cut.history_until, _users_of(fold_users, cut), catalogue)
        found = candidates[candidates["fold"] == cut.fold].drop(columns="fold")
        with Measure() as measure:
            features = assemble_features(
                history, found, days.window_days, days.gap_days, wanted.past_windows
            )
        logger.info(
            "fold %s: %s features of %s candidates in %.0f s",
            cut.fold,
            features.shape[1] - 2,
            f"{len(features):,}",
            measure.seconds,
        )
        return features

    return {f"fold_{cut.fold}": partial(features_of, cut) for cut in from_frame(folds)}


def _time_cuts(days: Calendar, wanted: CutParameters) -> list[TimeCut]:
    try:
        return make_time_cuts(
            days.last_day,
            days.first_day,
            days.window_days,
            days.gap_days,
            wanted.most,
            wanted.spacing_days,
            wanted.fewest_history_days,
        )
    except (ValueError, OverflowError) as error:
        raise ParameterError(
            "calendar (first_day, last_day, target_from, window_days) and cuts "
            f"(fewest_history_days, spacing_days) do not fit together: {error}"
        ) from error


def _users_for(
    cut: TimeCut, train: ir.Table, test: pd.DataFrame, wanted: UserParameters, settings: Compute
) -> pd.DataFrame:
    """Test users, and others as active as they are."""
    if cut.fold == TEST_FOLD:
        known = test.loc[test["has_history"], ["user_id"]].sort_values("user_id")
        return known.assign(is_test_user=True)
    others = wanted.holdout_others if cut.role == "holdout" else wanted.training_others
    return choose_users(train, cut, test["user_id"].to_numpy(), others, settings.seed)


def _users_of(fold_users: pd.DataFrame, cut: TimeCut) -> np.ndarray:
    return fold_users.loc[fold_users["fold"] == cut.fold, "user_id"].to_numpy()

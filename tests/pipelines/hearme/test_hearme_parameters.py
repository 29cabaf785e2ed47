"""Parameters that make no sense are refused, by name and before any long work."""

import ibis
import pandas as pd
import pytest
import ranked_folds as folds

from podium.common.parameters import ParameterError
from podium.error_hooks import user_message
from podium.pipelines.hearme import feature_engineering as stage
from podium.pipelines.hearme import modeling
from podium.pipelines.hearme.pipeline import create_pipeline
from podium.pipelines.hearme.sources import SourceParameters, trending_days
from podium.recommendation.fold_users import NoUsersError

CALENDAR = {
    "first_day": "2025-02-28",
    "last_day": "2025-08-30",
    "target_from": "2025-09-01",
    "window_days": 15,
}
CUTS = {
    "fewest": 2,
    "most": 11,
    "enough_users": 500,
    "spacing_days": 8,
    "fewest_history_days": 45,
}
USERS = {"holdout_others": 0, "training_others": 2500}
SOURCE = {"kind": "baseline", "type": "some.Recommender", "list_length": 60}
RANKER = {"type": "some.Ranker"}


@pytest.mark.parametrize(
    ("kind", "good", "wrong"),
    [
        (stage.Calendar, CALENDAR, {"window_days": 0}),
        (stage.CutParameters, CUTS, {"fewest": 0}),
        (stage.CutParameters, CUTS, {"most": 0}),
        (stage.CutParameters, CUTS, {"enough_users": -1}),
        (stage.CutParameters, CUTS, {"spacing_days": 0}),
        (stage.CutParameters, CUTS, {"spacing_days": -8}),
        (stage.CutParameters, CUTS, {"fewest_history_days": 0}),
        (stage.UserParameters, USERS, {"holdout_others": -1}),
        (stage.UserParameters, USERS, {"training_others": -1}),
        (stage.FeatureParameters, {"past_windows": 8}, {"past_windows": 0}),
        (SourceParameters, SOURCE, {"list_length": 0}),
        (modeling.RankerParameters, RANKER, {"weight": -0.5}),
        (modeling.ModelingParameters, folds.MODELING, {"negatives_per_user": 0}),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(kind, good, wrong):
    kind.parse(good)
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        kind.parse({**good, **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"target_from": "2025-08-30"},  # the last day of the listens
        {"target_from": "2025-08-01"},
        {"first_day": "2025-08-31"},
    ],
)
def test_days_out_of_order_are_refused(wrong):
    with pytest.raises(ParameterError, match="target_from 2025-.*must be in this order"):
        stage.Calendar.parse({**CALENDAR, **wrong})


def test_the_tightest_calendar_is_accepted():
    days = {"first_day": "2025-08-30", "last_day": "2025-08-30", "target_from": "2025-08-31"}
    assert stage.Calendar.parse({**CALENDAR, **days, "window_days": 1}).gap_days == 0


def test_fewer_cuts_at_most_than_at_least_are_refused():
    stage.CutParameters.parse({**CUTS, "most": 2})
    with pytest.raises(ParameterError, match="most 1 is below fewest 2"):
        stage.CutParameters.parse({**CUTS, "most": 1})


@pytest.mark.parametrize(
    ("calendar", "cuts"),
    [
        ({"first_day": "2025-07-01"}, {}),
        ({}, {"fewest_history_days": 153}),
        ({"window_days": 10**6}, {}),
        ({"window_days": 10**12}, {}),
        ({}, {"spacing_days": 10**6}),
    ],
    ids=["few days", "much history", "long window", "endless window", "wide spacing"],
)
def test_a_calendar_too_short_for_a_training_cut_is_told_in_one_line(calendar, cuts):
    with pytest.raises(ParameterError) as caught:
        stage.cut_time(
            *(None, None, {**CALENDAR, **calendar}, {**CUTS, **cuts}, USERS, folds.COMPUTE)
        )
    said = user_message(caught.value)
    assert "calendar (first_day" in said and "cuts (fewest_history_days" in said
    assert len(said.splitlines()) == 1


def test_cuts_end_where_the_listens_do_and_the_fewest_must_be_covered():
    """The calendar begins earlier; more cuts are asked for than there are listens for."""
    days = pd.date_range("2025-06-20", "2025-08-30 23:00", freq="6h")
    listens = ibis.memtable(pd.DataFrame({"user_id": 1, "listened_at": days}))
    test = pd.DataFrame({"user_id": [1], "has_history": [True]})
    calendar = {**CALENDAR, "first_day": "2025-02-28"}
    cuts = {**CUTS, "fewest": 1, "most": 11, "enough_users": 500}
    made, users = stage.cut_time(listens, test, calendar, cuts, USERS, folds.COMPUTE)
    training = made[made["role"] == "train"]
    assert 1 < len(training) < 11 and set(users["fold"]) == set(made["fold"])
    assert (pd.to_datetime(training["target_until"]) >= "2025-06-20").all()
    with pytest.raises(NoUsersError, match="do not cover the days of the calendar"):
        stage.cut_time(listens, test, calendar, {**cuts, "fewest": 11}, USERS, folds.COMPUTE)


SWITCHED_OFF = {"own_top": {**folds.SOURCES["own_top"], "enabled": False}}


@pytest.mark.parametrize(
    ("changed", "sources", "message"),
    [
        (
            {"fill_source": "popularty"},
            {},
            "modeling.fill_source: 'popularty' is no enabled source; enabled are: "
            "popularity, own_top",
        ),
        (
            {"fallback_source": "own"},
            {},
            "modeling.fallback_source: 'own' is no enabled source; enabled are: "
            "popularity, own_top",
        ),
        (
            {},
            SWITCHED_OFF,
            "modeling.fallback_source: 'own_top' is no enabled source; enabled are: popularity",
        ),
    ],
    ids=["fill misspelt", "fallback misspelt", "fallback switched off"],
)
def test_a_source_that_is_not_there_stops_the_run_before_the_long_work(changed, sources, message):
    """No table is given: what is slow would fail otherwise."""
    chosen, declared = {**folds.MODELING, **changed}, {**folds.SOURCES, **sources}
    with pytest.raises(ParameterError) as caught:
        stage.generate_fold_candidates(
            *([None] * 8),
            *(declared, folds.SCORING, chosen["fill_source"], chosen["fallback_source"]),
            folds.COMPUTE,
        )
    assert str(caught.value) == message
    with pytest.raises(ParameterError) as caught:  # a run that begins with modeling
        modeling.fit_rankers(
            *(None, None, folds.rankers(), declared, folds.SCORING, chosen, folds.COMPUTE)
        )
    assert str(caught.value) == message


def test_a_reading_that_nobody_knows_stops_the_run_before_the_long_work():
    with pytest.raises(ParameterError, match="rounding"):
        stage.generate_fold_candidates(
            *([None] * 8),
            *(folds.SOURCES, {**folds.SCORING, "rounding": "halves"}),
            *("popularity", "own_top", folds.COMPUTE),
        )


def test_only_what_is_checked_of_modeling_is_read_before_it():
    """Tuning refuses a parameter that an earlier stage reads."""
    nodes = create_pipeline().only_nodes_with_namespaces(["hearme.feature_engineering"]).nodes
    read = {name for node in nodes for name in node.inputs if "modeling" in name}
    assert read == {f"params:hearme.modeling.{name}_source" for name in ("fill", "fallback")}


def test_users_are_cleaned_by_no_parameter():
    (node,) = create_pipeline().only_nodes("hearme.data_processing.clean_users").nodes
    assert node.inputs == ["hearme.raw_users"]


def test_the_days_of_the_fallback_list_are_those_of_trending():
    kind = "podium.recommendation.recommenders.popularity.Popularity"
    block = {"kind": "recommender", "type": kind, "list_length": 80, "enabled": False}
    assert trending_days({"trending": {**block, "arguments": {"window_days": 3}}}) == 3
    assert trending_days({"trending": block}) is None
    with pytest.raises(ParameterError, match="'trending'.*there are: popularity, own_top"):
        trending_days(folds.SOURCES)
    with pytest.raises(ParameterError, match="window_days must be above 0"):
        trending_days({"trending": {**block, "arguments": {"window_days": 0}}})

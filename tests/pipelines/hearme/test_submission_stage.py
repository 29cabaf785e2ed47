import logging
from datetime import date

import ibis
import pandas as pd
import pytest
import ranked_folds as folds
from submission_files import ITEMS, USERS, submission

from podium.common.parameters import ParameterError
from podium.common.submission import SubmissionError
from podium.pipelines.hearme.submission import (
    check_submission,
    predict_test,
    rank_test_tracks,
    rank_trending_tracks,
    refit_rankers,
)
from podium.recommendation.time_cuts import TimeCut, as_frame

TEST = pd.DataFrame({"user_id": sorted(USERS), "position": [1, 0, 2], "has_history": True})
CATALOGUE = pd.DataFrame({"item_id": ITEMS})
FALLBACK = pd.DataFrame({"item_id": ITEMS[::-1]})


def predictions():
    return submission().drop(columns="id").assign(score=0.5)


def test_users_come_in_the_order_of_the_test_file_whatever_the_order_of_predictions():
    shuffled = predictions().sample(frac=1, random_state=0)
    ranked = rank_test_tracks(shuffled, TEST.sample(frac=1, random_state=1), FALLBACK)
    assert ranked.columns.tolist() == ["id", "user_id", "item_id", "rank"]
    pd.testing.assert_frame_equal(ranked, submission())
    assert check_submission(ranked, TEST, CATALOGUE) is ranked


def test_a_user_without_prediction_gets_the_trending_list_with_a_warning(caplog):
    some = predictions().query("user_id != 3 and not (user_id == 12 and rank > 40)")
    with caplog.at_level(logging.WARNING):
        ranked = rank_test_tracks(some, TEST, FALLBACK)
    check_submission(ranked, TEST, CATALOGUE)
    lists = ranked.groupby("user_id")["item_id"].agg(list)
    assert lists[3] == ITEMS[::-1][:50]
    assert lists[12] == ITEMS[:40] + ITEMS[::-1][:10]
    assert "1 test users have no prediction and get the trending list: 3" in caplog.text
    assert "1 test users have too short a list, topped up with trending tracks: 12" in caplog.text


def test_a_track_outside_the_catalogue_stops_the_run():
    ranked = rank_test_tracks(predictions(), TEST, FALLBACK)
    with pytest.raises(SubmissionError, match="known track: 3 places"):
        check_submission(ranked, TEST, CATALOGUE.iloc[1:])


def test_too_few_tracks_for_a_full_list_stop_the_run():
    short = predictions().query("user_id != 3 or rank > 10")
    ranked = rank_test_tracks(short, TEST, FALLBACK.iloc[:3])
    with pytest.raises(SubmissionError, match="user_id 3 has 43 rows"):
        check_submission(ranked, TEST, CATALOGUE)


def trending(**arguments):
    """The fallback list where 1001 was heard by two lately, and 1002 by three before."""
    days = {1001: ["2025-08-29"] * 2, 1002: ["2025-08-20"] * 3, 1003: ["2025-03-01"] * 9}
    rows = [(user, item, day) for item, each in days.items() for user, day in enumerate(each)]
    listens = pd.DataFrame(rows, columns=["user_id", "item_id", "listened_at"])
    listens["listened_at"] = pd.to_datetime(listens["listened_at"])
    train = ibis.memtable(listens.assign(listened_seconds=100, track_seconds=100, fraction=1.0))
    window = (date(2025, 9, 1), date(2025, 9, 15))
    cut = as_frame([TimeCut(0, "test", date(2025, 8, 30), *window)])
    kind = "podium.recommendation.recommenders.popularity.Popularity"
    block = {"kind": "recommender", "type": kind, "list_length": 80, "arguments": arguments}
    listed = rank_trending_tracks(train, CATALOGUE, cut, {"trending": block})
    return listed["item_id"].tolist()


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        ({"window_days": 7}, [1001, 1000, 1002, 1003]),
        ({"window_days": 14}, [1002, 1001, 1000, 1003]),
        ({}, [1003, 1002, 1001, 1000]),
    ],
)
def test_the_fallback_list_looks_back_as_far_as_trending(arguments, first):
    listed = trending(**arguments)
    assert listed[:4] == first
    assert sorted(listed) == ITEMS


def test_a_fallback_list_that_looks_back_no_day_is_refused():
    with pytest.raises(ParameterError, match="window_days must be above 0"):
        trending(window_days=0)


BOARD = folds.leaderboard("blend", "first", "second", "third", "own_top", "popularity")


def submitted(*chosen, models=("first", "second", "third"), board=BOARD, **weights):
    """Names of what was fitted again, and the list of every listener."""
    rankers, evaluation = folds.rankers(**weights), {"chosen": list(chosen)}
    final = refit_rankers(
        *(folds.features(), folds.targets(), dict.fromkeys(models), board),
        *(rankers, folds.SCORING, folds.MODELING, evaluation, folds.COMPUTE),
    )
    rows = predict_test(
        *(folds.features(), folds.candidates(), final, board),
        *(rankers, folds.MODELING, evaluation),
    )
    assert len(rows) == folds.LISTENERS * 50
    return list(final), rows.groupby("user_id")["item_id"].agg(list)


def test_the_blend_is_made_of_the_rankers_that_weigh():
    names, lists = submitted("blend")
    assert names == ["first", "second", "third"]
    fewer, other = submitted("blend", second=0)
    assert fewer == ["first", "third"] and not other.equals(lists)


def test_a_ranker_alone_may_make_the_submission():
    names, lists = submitted("second")
    assert names == ["second"]
    assert not lists.equals(submitted("blend")[1])
    # A blend in which nobody else weighs lists the same.
    assert lists.equals(submitted("blend", first=0, third=0)[1])
    # As does the ranker that its own weight leaves out of the blend.
    assert lists.equals(submitted("second", second=0)[1])


def test_a_list_of_the_history_may_make_the_submission_and_nothing_is_fitted():
    names, lists = submitted("popularity")
    assert names == [] and lists[0] == list(range(50))
    names, lists = submitted("own_top")
    assert names == [] and lists[0] == list(range(59, 9, -1))


def test_what_the_time_budget_left_makes_the_submission(caplog):
    board = folds.leaderboard("first", "own_top", "popularity")
    assert submitted("blend", "first", models=["first"], board=board)[0] == ["first"]
    assert "there is no fitted ranker" not in caplog.text
    board = folds.leaderboard("popularity", "own_top")
    names, lists = submitted("blend", "first", "own_top", models=[], board=board)
    assert names == [] and lists[0][0] == 59
    assert "there is no fitted ranker" in caplog.text


def test_a_choice_that_the_stored_models_cannot_make_gives_way_to_the_fallback(caplog):
    """The leaderboard is of a run whose models were replaced since."""
    names, lists = submitted("blend", models=[])
    assert names == [] and lists[0][0] == 59
    assert "blend has no fitted ranker: the submission is own_top" in caplog.text

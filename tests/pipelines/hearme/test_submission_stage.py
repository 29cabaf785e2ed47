import logging

import pandas as pd
import pytest
from submission_files import ITEMS, USERS, submission

from podium.common.submission import SubmissionError
from podium.pipelines.hearme.submission import check_submission, rank_test_tracks

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

"""Users of a fold: who may be in it, and that the others are like the test users."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from podium.recommendation import fold_users
from podium.recommendation.fold_users import NoUsersError, choose_users
from podium.recommendation.time_cuts import TimeCut

CUT = TimeCut(2, "train", date(2025, 7, 14), date(2025, 7, 16), date(2025, 7, 30))
TEST_USERS = np.arange(0, 200)


@pytest.fixture(scope="module")
def listens():
    """200 test users who listen much, 3,000 others of whom most listen little."""
    rng = np.random.default_rng(0)
    users = np.arange(3_200)
    mean = np.where(users < 200, rng.lognormal(4.0, 0.6, 3_200), rng.lognormal(2.5, 1.0, 3_200))
    count = 1 + rng.poisson(mean)
    user = np.repeat(users, count)
    back = rng.integers(0, 30 * 86_400, len(user))
    before = pd.Timestamp("2025-07-14 23:59:59") - pd.to_timedelta(back, unit="s")
    window = pd.DataFrame({"user_id": users, "listened_at": pd.Timestamp("2025-07-20")})
    rows = [pd.DataFrame({"user_id": user, "listened_at": before}), window]
    return pd.concat(rows, ignore_index=True)


def chosen(listens, others, seed=0, cut=CUT, test_users=TEST_USERS):
    return choose_users(ibis.memtable(listens), cut, test_users, others, seed)


def recent_listens(listens, users):
    before = listens[listens["listened_at"] < pd.Timestamp("2025-07-15")]
    return before.groupby("user_id").size().reindex(users).to_numpy()


def distance(first, second):
    """Largest gap between two distribution functions (Kolmogorov and Smirnov)."""
    at = np.unique(np.r_[first, second])
    shares = [
        np.searchsorted(np.sort(each), at, side="right") / len(each) for each in (first, second)
    ]
    return np.abs(shares[0] - shares[1]).max()


def test_others_are_as_active_as_the_test_users(listens):
    users = chosen(listens, others=300)
    mine = recent_listens(listens, TEST_USERS)
    others = recent_listens(listens, users.loc[~users["is_test_user"], "user_id"])
    uniform = recent_listens(listens, np.random.default_rng(1).choice(np.arange(200, 3_200), 300))
    assert distance(uniform, mine) > 0.5  # what a draw without regard would give
    assert distance(others, mine) < 0.12
    assert others.mean() == pytest.approx(mine.mean(), rel=0.15)


@pytest.mark.parametrize("others", [0, 1, 7, 95, 204, 2_000])
def test_no_more_others_than_asked_for(listens, others):
    users = chosen(listens, others)
    assert users["is_test_user"].sum() == 200
    found = (~users["is_test_user"]).sum()
    # Of the most active there are not enough for 2,000.
    assert found == others if others < 2_000 else 300 < found < 2_000


def test_everyone_where_there_are_not_enough(listens):
    few = listens[listens["user_id"] < 250]
    assert chosen(few, others=1000)["user_id"].tolist() == list(range(250))
    assert len(chosen(few, others=10, test_users=np.array([], np.int64))) == 10


def test_just_as_many_as_asked_for_are_all_taken(listens):
    few = listens[listens["user_id"] < 250]
    assert chosen(few, others=50)["user_id"].tolist() == list(range(250))


def test_every_tenth_of_the_test_users_by_activity_has_its_share_of_the_others(listens):
    """As far as there are enough of them."""
    edges = np.quantile(recent_listens(listens, TEST_USERS), np.arange(1, 10) / 10)

    def tenths(users):
        found = np.searchsorted(edges, recent_listens(listens, users), side="right")
        return np.bincount(found, minlength=10)

    shares = np.diff(np.rint(np.cumsum(np.r_[0, tenths(TEST_USERS)]) / 200 * 100))
    users = chosen(listens, others=100)
    drawn = tenths(users.loc[~users["is_test_user"], "user_id"])
    assert drawn.tolist() == np.minimum(shares, tenths(np.arange(200, 3_200))).tolist()


def test_the_last_thirty_days_of_the_history_are_recent():
    times = ["2025-06-14 23:59", "2025-06-15 00:00", "2025-07-14 23:59", "2025-07-20 00:00"]
    listens = pd.DataFrame({"user_id": 1, "listened_at": pd.to_datetime(times)})
    activity = fold_users._activity(ibis.memtable(listens), CUT)
    assert activity.to_dict("records") == [{"user_id": 1, "recent": 2}]


def test_a_draw_repeats_by_seed_and_differs_by_fold(listens):
    first = chosen(listens, 100)
    assert first["user_id"].is_monotonic_increasing
    assert first["user_id"].is_unique
    shuffled = chosen(listens.sample(frac=1, random_state=4), 100)
    pd.testing.assert_frame_equal(first, shuffled)
    assert not first.equals(chosen(listens, 100, seed=1))
    other_fold = TimeCut(3, "train", CUT.history_until, CUT.target_from, CUT.target_until)
    assert not first.equals(chosen(listens, 100, cut=other_fold))


def test_only_users_of_history_and_window_are_in_a_labelled_fold():
    times = {
        1: ["2025-07-14 23:59:59", "2025-07-16 00:00"],  # both, at the borders
        2: ["2025-07-01 00:00"],  # no listen in the window
        3: ["2025-07-20 00:00"],  # no history
        4: ["2025-07-01 00:00", "2025-07-15 12:00"],  # the gap only
        5: ["2025-07-15 12:00", "2025-07-20 00:00"],  # the gap is no history
        6: ["2025-02-01 00:00", "2025-07-30 23:59:59"],  # an old history
        7: ["2025-07-01 00:00", "2025-07-31 00:00"],  # after the window
        8: ["2025-07-14 00:00", "2025-07-20 00:00"],
    }
    rows = [(user, time) for user, each in times.items() for time in each]
    listens = pd.DataFrame(rows, columns=["user_id", "listened_at"])
    listens["listened_at"] = pd.to_datetime(listens["listened_at"], format="ISO8601")
    users = chosen(listens, others=10, test_users=np.array([1, 2, 3, 4, 99]))
    assert list(users) == ["user_id", "is_test_user"]
    assert users.to_numpy().tolist() == [[1, True], [6, False], [8, False]]


def test_days_that_the_listens_do_not_cover_are_an_error(listens):
    later = TimeCut(1, "holdout", date(2025, 8, 14), date(2025, 8, 16), date(2025, 8, 30))
    with pytest.raises(NoUsersError, match="until 2025-08-14 and from 2025-08-16 to 2025-08-30"):
        chosen(listens, others=10, cut=later)


def test_a_fold_without_any_test_user_is_an_error_where_no_others_are_drawn(listens):
    strangers = np.array([90_000])
    assert len(chosen(listens, others=10, test_users=strangers)) == 10
    with pytest.raises(NoUsersError, match="no test user has listens both until 2025-07-14"):
        chosen(listens, others=0, test_users=strangers)

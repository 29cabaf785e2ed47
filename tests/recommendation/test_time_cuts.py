"""Time cuts: dates worked by hand, and that no fold can see what it must predict."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.recommendation.time_cuts import TimeCut, as_frame, from_frame, make_time_cuts

FIRST, LAST = date(2025, 2, 28), date(2025, 8, 30)


def cuts_of(training_cuts=3, spacing_days=8, fewest_history_days=45, window_days=15, gap_days=1):
    return make_time_cuts(
        LAST, FIRST, window_days, gap_days, training_cuts, spacing_days, fewest_history_days
    )


def test_dates_worked_by_hand():
    assert cuts_of() == [
        TimeCut(0, "test", date(2025, 8, 30), date(2025, 9, 1), date(2025, 9, 15)),
        TimeCut(1, "holdout", date(2025, 8, 14), date(2025, 8, 16), date(2025, 8, 30)),
        TimeCut(2, "train", date(2025, 7, 29), date(2025, 7, 31), date(2025, 8, 14)),
        TimeCut(3, "train", date(2025, 7, 21), date(2025, 7, 23), date(2025, 8, 6)),
        TimeCut(4, "train", date(2025, 7, 13), date(2025, 7, 15), date(2025, 7, 29)),
    ]


def test_without_a_gap_the_window_follows_at_once():
    test, holdout, train = cuts_of(training_cuts=1, gap_days=0, window_days=7)
    assert (test.target_from, test.target_until) == (date(2025, 8, 31), date(2025, 9, 6))
    assert (holdout.history_until, holdout.target_from) == (date(2025, 8, 23), date(2025, 8, 24))
    assert train.target_until == date(2025, 8, 23)


def test_cuts_without_enough_history_are_not_made():
    # From 28 February to 29 July are 152 days, first and last counted; 8 fewer for each cut back.
    assert len(cuts_of(fewest_history_days=152)) == 3
    assert len(cuts_of(fewest_history_days=144)) == 4
    assert len(cuts_of(fewest_history_days=145)) == 3
    assert len(cuts_of(training_cuts=100)) == 2 + 14


def test_no_room_for_a_training_cut_is_an_error():
    with pytest.raises(ValueError, match="no training cut with 153 days of history"):
        cuts_of(fewest_history_days=153)


def test_a_frame_and_back():
    frame = as_frame(cuts_of())
    assert frame["fold"].tolist() == [0, 1, 2, 3, 4]
    assert all(str(frame[day].dtype).startswith("datetime64") for day in frame.columns[2:])
    assert from_frame(frame) == cuts_of()


@given(
    length=st.integers(1, 400),
    window_days=st.integers(1, 40),
    gap_days=st.integers(0, 10),
    training_cuts=st.integers(1, 12),
    spacing_days=st.integers(1, 30),
    fewest_history_days=st.integers(1, 90),
)
def test_no_fold_sees_what_a_later_one_predicts(
    *, length, window_days, gap_days, training_cuts, spacing_days, fewest_history_days
):
    first = LAST - timedelta(days=length - 1)
    arguments = (window_days, gap_days, training_cuts, spacing_days, fewest_history_days)
    if length - 2 * (window_days + gap_days) < fewest_history_days:
        with pytest.raises(ValueError, match="no training cut"):
            make_time_cuts(LAST, first, *arguments)
        return
    cuts = make_time_cuts(LAST, first, *arguments)
    test, holdout, training = cuts[0], cuts[1], cuts[2:]
    assert [cut.fold for cut in cuts] == list(range(len(cuts)))
    assert [cut.role for cut in cuts] == ["test", "holdout"] + ["train"] * len(training)
    assert 1 <= len(training) <= training_cuts
    for cut in cuts:
        assert (cut.target_from - cut.history_until).days == gap_days + 1
        assert (cut.target_until - cut.target_from).days == window_days - 1
        assert (cut.history_until - first).days + 1 >= fewest_history_days
    assert test.history_until == holdout.target_until == LAST
    assert training[0].target_until == holdout.history_until
    assert all(cut.target_until <= holdout.history_until for cut in training)
    for newer, older in zip(training, training[1:], strict=False):
        assert (newer.history_until - older.history_until).days == spacing_days

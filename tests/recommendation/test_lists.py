import numpy as np
import pandas as pd

from podium.recommendation.lists import complete_lists

PREDICTIONS = pd.DataFrame(
    [
        (2, 30, 0.5, 2),
        (2, 31, 0.9, 1),
        (1, 10, 0.5, 1),
        (1, 13, 0.5, 2),
        (1, 12, 0.7, 2),
        (3, 1, 1, 1),
    ],
    columns=["user_id", "item_id", "score", "rank"],
)


def lists_of(result):
    return {
        user: rows["item_id"].tolist() for user, rows in result.rows.groupby("user_id", sort=False)
    }


def test_short_lists_are_filled_and_missing_ones_replaced():
    result = complete_lists(PREDICTIONS, [2, 4, 1], fallback=[31, 50, 51, 52, 50], length=3)
    assert lists_of(result) == {2: [31, 30, 50], 4: [31, 50, 51], 1: [10, 12, 13]}
    assert list(lists_of(result)) == [2, 4, 1]  # the order asked for
    assert result.rows["rank"].tolist() == [1, 2, 3] * 3
    assert (result.without_prediction, result.topped_up) == ((4,), (2,))


def test_long_lists_are_cut_by_rank_then_score_then_item():
    assert lists_of(complete_lists(PREDICTIONS, [1], [], length=2)) == {1: [10, 12]}


def test_a_fallback_that_runs_out_leaves_lists_short():
    assert lists_of(complete_lists(PREDICTIONS, [2, 4], [31], length=3)) == {2: [31, 30], 4: [31]}


def test_the_filler_suffices_when_every_own_track_is_in_it():
    own = pd.DataFrame({"user_id": 1, "item_id": range(49), "score": 1.0, "rank": range(1, 50)})
    result = complete_lists(own, [1], fallback=range(500))
    assert result.rows["item_id"].tolist() == list(range(50))


def test_row_order_changes_nothing():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "user_id": generator.integers(0, 5, 300),
            "item_id": generator.integers(0, 80, 300),
            "score": generator.integers(0, 3, 300) / 2,
            "rank": generator.integers(1, 5, 300),
        }
    )
    first = complete_lists(frame, range(6), range(90))
    again = complete_lists(frame.sample(frac=1, random_state=3), range(6), range(90))
    pd.testing.assert_frame_equal(first.rows, again.rows, check_exact=True)

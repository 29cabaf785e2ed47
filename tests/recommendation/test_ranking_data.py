"""Candidates as a ranker wants them: targets, groups, negatives, lists."""

import numpy as np
import pandas as pd
import pytest

from podium.recommendation.ranking_data import concatenate, group_sizes, ranking_data, top_k

FEATURES = pd.DataFrame(
    {
        "user_id": [1, 1, 1, 4, 4, 7],
        "item_id": [10, 20, 30, 10, 40, 20],
        "age": [1.5, np.nan, 3.0, 4.0, 5.0, 6.0],
        "count": np.array([1, 2, 3, 4, 5, 6], np.int32),
    }
)
TARGETS = pd.DataFrame(
    {"user_id": [4, 1, 1, 9], "item_id": [40, 20, 99, 10], "relevance": [0.25, 0.75, 1.0, 1.0]}
)


def test_targets_are_joined_by_pair_and_zero_elsewhere():
    data = ranking_data(FEATURES, TARGETS)
    assert len(data) == 6
    assert data.names == ("age", "count")
    assert data.features.dtype == data.target.dtype == data.weight.dtype == np.float32
    expected = np.array([[1.5, 1], [np.nan, 2], [3, 3], [4, 4], [5, 5], [6, 6]])
    np.testing.assert_array_equal(data.features, expected)
    assert data.users.tolist() == [1, 1, 1, 4, 4, 7]
    assert data.items.tolist() == [10, 20, 30, 10, 40, 20]
    assert data.groups.tolist() == [3, 2, 1]
    assert data.target.tolist() == [0, 0.75, 0, 0, 0.25, 0]
    assert data.weight.tolist() == [1] * 6


def test_the_test_fold_has_no_targets():
    assert ranking_data(FEATURES).target.tolist() == [0] * 6


def test_a_pair_with_two_targets_is_refused():
    with pytest.raises(ValueError, match="not a one-to-one merge"):
        ranking_data(FEATURES, pd.concat([TARGETS, TARGETS]))


def many(users=200, candidates=100, heard=5):
    rows = users * candidates
    features = pd.DataFrame(
        {
            "user_id": np.repeat(np.arange(users), candidates),
            "item_id": np.tile(np.arange(candidates), users),
            "place": np.arange(rows, dtype=np.float32),
        }
    )
    return features, features[features["item_id"] < heard].assign(relevance=1.0)


def test_negatives_are_thinned_and_weigh_for_those_left_out():
    features, targets = many()
    data = ranking_data(features, targets, negatives_per_user=19, seed=3)
    negative = data.target == 0
    assert (~negative).sum() == 200 * 5  # all that was heard
    assert negative.sum() == pytest.approx(200 * 19, rel=0.05)
    assert set(data.weight[~negative]) == {1.0}
    assert set(data.weight[negative]) == {5.0}  # 95 / 19
    assert data.weight[negative].sum() == pytest.approx(200 * 95, rel=0.05)
    assert data.groups.sum() == len(data)
    assert (data.users * 100 + data.items == data.features[:, 0]).all()  # rows stay whole


def test_the_choice_of_negatives_repeats_by_seed():
    features, targets = many()
    first, again, other = (
        ranking_data(features, targets, negatives_per_user=19, seed=seed) for seed in (3, 3, 4)
    )
    assert first.features.tobytes() == again.features.tobytes()
    assert first.features.tobytes() != other.features.tobytes()


def test_all_negatives_stay_where_there_are_no_more():
    features, targets = many()
    for wanted in (None, 95, 150, 1000):
        data = ranking_data(features, targets, negatives_per_user=wanted)
        assert len(data) == 20_000
        assert set(data.weight) == {1.0}


def test_a_user_of_two_folds_stays_two_groups():
    part = ranking_data(FEATURES, TARGETS)
    parts = [part, ranking_data(FEATURES[5:]), part]
    whole = concatenate(parts)
    assert not parts  # each may be freed once it is copied
    assert whole.groups.tolist() == [3, 2, 1, 1, 3, 2, 1]
    assert len(whole) == 13
    assert whole.target[7:].tolist() == part.target.tolist()
    assert whole.items[6] == 20
    assert whole.features.shape == (13, 2)
    assert concatenate([part]) is part


@pytest.mark.parametrize(
    ("users", "sizes"), [([], []), ([5], [1]), ([5, 5, 2, 5], [2, 1, 1]), ([1, 2, 3], [1, 1, 1])]
)
def test_group_sizes(users, sizes):
    assert group_sizes(np.array(users, np.int64)).tolist() == sizes


def test_top_k_worked_by_hand():
    data = ranking_data(FEATURES)
    lists = top_k(data, np.array([0.1, 0.7, 0.7, 0.2, 0.9, 0.5], np.float32), 2)
    assert list(lists) == ["user_id", "item_id", "score", "rank"]
    assert [tuple(row) for row in lists.drop(columns="score").itertuples(index=False)] == [
        (1, 20, 1),  # a tie goes to the smaller track
        (1, 30, 2),
        (4, 40, 1),
        (4, 10, 2),
        (7, 20, 1),
    ]
    assert lists["score"].tolist() == pytest.approx([0.7, 0.7, 0.9, 0.2, 0.5])

"""The ridge learns slopes that differ by user, and the same ones whatever the threads."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from podium.common.time_budget import OutOfTimeError
from podium.recommendation.interaction_ridge import InteractionRidge
from podium.recommendation.ranking_data import RankingData

NAMES = ("pair_decay_7d", "pair_days_since_last", "user_repeat_share", "pair_listens", "unused")


def planted(rows: int = 6_000, seed: int = 0) -> RankingData:
    """Recency counts for those who repeat, and against those who do not."""
    rng = np.random.default_rng(seed)
    decay, age, repeats = rng.exponential(1, rows), rng.exponential(9, rows), rng.random(rows)
    target = 0.1 * np.log1p(decay) + 0.4 * (repeats - 0.5) * np.log1p(age)
    features = np.column_stack([decay, age, repeats, np.ones(rows), rng.random(rows)])
    features[rng.random(rows) < 0.1, 0] = np.nan
    return RankingData(
        NAMES,
        features.astype(np.float32),
        np.repeat(np.arange(rows // 20), 20),
        np.arange(rows),
        np.full(rows // 20, 20),
        target.astype(np.float32),
        np.ones(rows, np.float32),
    )


def test_learns_an_interaction_that_no_sum_of_features_can_say():
    train, test = planted(), planted(seed=1)
    ridge = InteractionRidge(interaction_penalty=1.0).fit(train)
    error = np.mean((ridge.predict(test.features) - test.target) ** 2)
    alone = InteractionRidge(user_features=(), squared=()).fit(train)
    error_alone = np.mean((alone.predict(test.features) - test.target) ** 2)
    assert error < 0.02 * np.var(test.target)
    assert error_alone > 0.8 * np.var(test.target)


def test_weight_counts_as_that_many_rows():
    data = planted(400)
    double = RankingData(
        NAMES,
        np.repeat(data.features, 2, axis=0),
        np.repeat(data.users, 2),
        np.repeat(data.items, 2),
        data.groups * 2,
        np.repeat(data.target, 2),
        np.ones(800, np.float32),
    )
    weighted = RankingData(
        NAMES, data.features, data.users, data.items, data.groups, data.target, data.weight * 2
    )
    first = InteractionRidge().fit(double).predict(data.features)
    second = InteractionRidge().fit(weighted).predict(data.features)
    np.testing.assert_allclose(first, second, atol=1e-5)


def test_same_bits_with_any_number_of_threads_and_after_a_pickle():
    from threadpoolctl import threadpool_limits

    data = planted()
    with threadpool_limits(1):
        first = InteractionRidge().fit(data)
    second = pickle.loads(pickle.dumps(InteractionRidge().fit(data)))
    assert np.array_equal(first.predict(data.features), second.predict(data.features))


def test_most_rows_limits_what_is_learned_from():
    data = planted()
    few = InteractionRidge(most_rows=200).fit(data)
    assert not np.array_equal(
        few.predict(data.features), InteractionRidge().fit(data).predict(data.features)
    )


def test_importances_name_the_features_that_count():
    data = planted()
    ridge = InteractionRidge(squared=()).fit(data)
    assert ridge.gain().sum() == pytest.approx(1.0)
    assert ridge.gain()[NAMES.index("unused")] == 0
    assert ridge.shap(data.features).shape == (len(NAMES),)


def test_refuses_data_without_any_of_its_features():
    data = planted()
    renamed = RankingData(
        tuple(f"x{number}" for number in range(5)),
        data.features,
        data.users,
        data.items,
        data.groups,
        data.target,
        data.weight,
    )
    with pytest.raises(ValueError, match="none of the ranker's candidate features"):
        InteractionRidge().fit(renamed)


def test_stops_when_its_time_is_up():
    with pytest.raises(OutOfTimeError):
        InteractionRidge().fit(planted(), seconds=-1)

"""Rankers: each learns a planted rule, in time, and the same with any number of threads."""

import pickle
import time
from importlib import import_module
from pkgutil import walk_packages

import numpy as np
import pytest

from podium import recommendation
from podium.common.time_budget import OutOfTimeError
from podium.recommendation.interaction_ridge import InteractionRidge
from podium.recommendation.rankers import LightGBMRanker, Ranker, XGBoostRanker
from podium.recommendation.ranking_data import RankingData

SMALL = {"rounds": 30, "threads": 1}
CASES = [
    pytest.param(LightGBMRanker, {"objective": "regression", "min_data_in_leaf": 20}, id="l2"),
    pytest.param(
        LightGBMRanker, {"objective": "cross_entropy", "min_data_in_leaf": 20}, id="cross_entropy"
    ),
    pytest.param(
        LightGBMRanker, {"objective": "lambdarank", "min_data_in_leaf": 20}, id="lambdarank"
    ),
    pytest.param(XGBoostRanker, {"min_child_weight": 5}, id="xgboost-l2"),
    pytest.param(
        XGBoostRanker, {"objective": "reg:logistic", "min_child_weight": 2}, id="xgboost-logistic"
    ),
    pytest.param(
        XGBoostRanker, {"objective": "rank:ndcg", "min_child_weight": 0.1}, id="xgboost-ndcg"
    ),
]
NAMES = ("useless", "taste", "age", "noise", "constant")


def planted(users=150, candidates=40, seed=0):
    """What is heard depends on taste, and the more the younger; the rest says nothing."""
    rng = np.random.default_rng(seed)
    rows = users * candidates
    features = rng.normal(size=(rows, len(NAMES))).astype(np.float32)
    features[:, 4] = 1
    wanted = features[:, 1] - np.abs(features[:, 2]) + rng.normal(0, 0.3, rows)
    features[rng.random(rows) < 0.1, 3] = np.nan
    return RankingData(
        NAMES,
        features,
        np.repeat(np.arange(users), candidates),
        np.tile(np.arange(candidates), users),
        np.full(users, candidates),
        (np.clip(np.ceil(wanted * 2), 0, 4) / 4).astype(np.float32),
        np.ones(rows, np.float32),
    )


def share_in_order(data, scores):
    """Of all pairs of a heard and an unheard track of a user, how many are in order."""
    shares = []
    for user in np.unique(data.users):
        rows = data.users == user
        heard, unheard = scores[rows][data.target[rows] > 0], scores[rows][data.target[rows] == 0]
        shares.append((heard[:, None] > unheard[None, :]).mean())
    return float(np.mean(shares))


@pytest.fixture(scope="module")
def data():
    return planted()


@pytest.fixture(scope="module", params=[case.values for case in CASES], ids=[c.id for c in CASES])
def fitted(request, data):
    kind, arguments = request.param
    return kind, arguments, kind(**SMALL, **arguments).fit(data)


def test_every_ranker_is_tested():
    for module in walk_packages(recommendation.__path__, f"{recommendation.__name__}."):
        import_module(module.name)
    found = {kind for kind in Ranker.__subclasses__() if kind.__module__.startswith("podium.")}
    # The ridge has no trees, threads or seeds; its tests are in test_interaction_ridge.py.
    assert found == {case.values[0] for case in CASES} | {InteractionRidge}


def test_a_planted_rule_is_learned(fitted):
    unseen = planted(seed=1)
    scores = fitted[2].predict(unseen.features)
    assert (scores.dtype, scores.shape) == (np.float64, (len(unseen),))
    assert share_in_order(unseen, scores) > 0.88
    assert 0.45 < share_in_order(unseen, np.random.default_rng(0).random(len(unseen))) < 0.55


def test_gain_sums_to_one_and_names_what_matters(fitted):
    gain = fitted[2].gain()
    assert gain.shape == (len(NAMES),)
    assert gain.sum() == pytest.approx(1)
    assert set(np.argsort(gain)[-2:]) == {1, 2}
    assert gain[4] == 0


def test_shap_has_a_value_per_feature_and_names_what_matters(fitted, data):
    shap = fitted[2].shap(data.features[:200])
    assert shap.shape == (len(NAMES),)
    assert (shap >= 0).all()
    assert set(np.argsort(shap)[-2:]) == {1, 2}
    assert shap[4] == 0


def test_pickle_keeps_the_predictions(fitted, data):
    again = pickle.loads(pickle.dumps(fitted[2]))
    assert again.names == NAMES
    assert again.predict(data.features).tobytes() == fitted[2].predict(data.features).tobytes()
    assert again.gain().tobytes() == fitted[2].gain().tobytes()


@pytest.mark.parametrize(("kind", "arguments"), CASES)
def test_same_bytes_with_one_thread_and_two(kind, arguments, data):
    one, two = (kind(rounds=6, threads=threads, **arguments).fit(data) for threads in (1, 2))
    assert two.predict(data.features).tobytes() == one.predict(data.features).tobytes()


def coarse_copies(rows=100_000, seed=2):
    """Features of which many cut the rows alike, so that rounding decides between them."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(rows, 3)).astype(np.float32)
    columns = list(base.T)
    for values in base.T:
        for parts in (2, 3, 5, 9):
            inner = np.linspace(0, 1, parts + 1)[1:-1]
            columns.append(np.searchsorted(np.quantile(values, inner), values))
    features = np.column_stack(columns).astype(np.float32)
    wanted = 0.3 * base[:, 0] + 0.2 * base[:, 1] * base[:, 2] + rng.normal(size=rows) * 0.2
    target = np.clip(wanted, 0, 1).astype(np.float32)
    apart = np.column_stack([rng.permutation(values) for values in features.T])
    users = np.arange(rows) // 100
    data = RankingData(
        tuple(f"feature_{number}" for number in range(features.shape[1])),
        features,
        users,
        np.arange(rows) % 100,
        np.full(rows // 100, 100),
        target,
        np.where(target == 0, 3.37, 1).astype(np.float32),
    )
    return data, apart


@pytest.mark.parametrize(
    "ranker",
    [
        lambda threads: LightGBMRanker(
            rounds=10, threads=threads, num_leaves=255, min_data_in_leaf=5
        ),
        lambda threads: XGBoostRanker(rounds=8, threads=threads, min_child_weight=5),
    ],
    ids=["lightgbm", "xgboost"],
)
def test_same_bytes_where_rounding_could_turn_a_split(ranker):
    data, apart = coarse_copies()
    one, two = (ranker(threads).fit(data).predict(apart) for threads in (1, 2))
    assert one.tobytes() == two.tobytes()


def test_seeds_differ_and_are_averaged(fitted, data):
    kind, arguments, first = fitted
    second = kind(**SMALL, **arguments, seed=1).fit(data).predict(data.features)
    both = kind(**SMALL, **arguments, seeds=2).fit(data).predict(data.features)
    alone = first.predict(data.features)
    assert not np.allclose(alone, second)
    assert both == pytest.approx((alone + second) / 2, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(("kind", "arguments"), CASES)
def test_out_of_time(kind, arguments, data):
    ranker = kind(**{**SMALL, "rounds": 100_000}, **arguments)
    begin = time.monotonic()
    with pytest.raises(OutOfTimeError, match="stopped at tree"):
        ranker.fit(data, seconds=0.2)
    assert time.monotonic() - begin < 20


@pytest.mark.parametrize("kind", [LightGBMRanker, XGBoostRanker])
def test_parameters_reach_the_library(kind, data):
    stump = kind(**SMALL, max_depth=1).fit(data)
    # One split a tree: the prediction is a sum of functions of one feature each.
    rows = np.zeros((4, len(NAMES)), np.float32)
    rows[:, 1], rows[:, 2] = [-1, 1, -1, 1], [0, 0, 2, 2]
    low, high, low_far, high_far = stump.predict(rows)
    assert high > low
    assert high - low == pytest.approx(high_far - low_far, abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "least"),
    [(LightGBMRanker, {"min_data_in_leaf": 20}), (XGBoostRanker, {"min_child_weight": 5})],
)
def test_weights_count(kind, least, data):
    weight = np.where(data.target == 0, 20, 1).astype(np.float32)
    heavy = RankingData(
        data.names, data.features, data.users, data.items, data.groups, data.target, weight
    )
    plain, weighted = (
        kind(**SMALL, **least).fit(each).predict(each.features).mean() for each in (data, heavy)
    )
    assert plain == pytest.approx(data.target.mean(), abs=0.02)
    assert weighted < plain / 2

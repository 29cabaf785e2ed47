"""Tree ensembles on generated products, and objectives on prices with a long tail."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import xgboost
from generated_features import divided, priced_rows
from price_model_checks import (
    keeps_the_contract,
    leans_with_the_exponent,
    refuses,
    same_bytes_on_threads,
    score_beside_constant,
)

from podium.pricing.best_constant import best_constant
from podium.pricing.inner_groups import inner_folds
from podium.pricing.metrics import smape
from podium.pricing.tree_models import LightGBMPrice, RandomForestPrice, XGBoostPrice

FOREST = partial(RandomForestPrice, trees=25)
QUICK = {"rounds": 120, "patience": 20, "learning_rate": 0.15}
LIGHTGBM = partial(LightGBMPrice, **QUICK)
XGBOOST = partial(XGBoostPrice, **QUICK, max_depth=4)
BOOSTED = [LIGHTGBM, XGBOOST]
#: Lets every tree see every column.
ALL_COLUMNS = {LIGHTGBM: {"feature_fraction": 1.0}, XGBOOST: {"colsample_bytree": 1.0}}


@pytest.mark.parametrize(
    "make, arguments",
    [(FOREST, {})]
    + [(make, {"objective": each}) for make in BOOSTED for each in ("l1", "l2", "smape")],
)
def test_beats_the_constant(make, arguments):
    score, constant = score_beside_constant(make(**arguments))
    assert score < constant - 12


@pytest.mark.parametrize("make", [FOREST, *BOOSTED])
def test_contract(make):
    shorter = {} if make is FOREST else {"rounds": 15}
    keeps_the_contract(partial(make, **shorter))


@pytest.mark.parametrize("make", [FOREST, *BOOSTED])
@pytest.mark.parametrize("objective", ["l1", "smape"])
def test_threads_do_not_matter(make, objective):
    if make is FOREST:
        same_bytes_on_threads(make)
    else:
        same_bytes_on_threads(partial(make, objective=objective, rounds=25, refit=False))


@pytest.mark.parametrize("make", BOOSTED)
@pytest.mark.parametrize("objective", ["l1", "l2", "smape"])
def test_rows_may_be_weighed_by_their_price(make, objective):
    # A LightGBM tree without a split changes nothing, and a penalty lets no split gain here.
    free = {"lambda_l2": 0.0} if make is LIGHTGBM else {}
    leans_with_the_exponent(partial(make, objective=objective, **free))


def skewed(seed=0):
    """Prices of which some are far above what the features say, as in `test_smape_objective`."""
    priced = priced_rows()
    rng = np.random.default_rng(seed)
    known = 2.5 + 0.5 * priced.features.table["log_total"].fillna(0).to_numpy()
    known = known - known.mean() + 2.5
    tail = rng.exponential(1.2, len(known)) * (rng.random(len(known)) < 0.35)
    noise = 0.1 * rng.normal(size=len(known))
    return priced._replace(prices=np.exp(known + noise + tail))


@pytest.mark.parametrize("make", BOOSTED)
def test_aligned_objective_beats_squares_where_prices_are_skewed(make):
    train, test = divided(skewed())
    scores = {
        objective: smape(test.prices, make(objective=objective).fit(*train).predict(test.features))
        for objective in ("smape", "l2")
    }
    assert scores["smape"] < scores["l2"] - 1.5


@pytest.mark.parametrize("make", BOOSTED)
def test_stops_early_where_there_is_nothing_to_learn(make):
    train, _ = divided(priced_rows())
    chance = np.random.default_rng(0).permutation(train.prices)
    model = make().fit(train.features, chance, train.groups)
    assert model.rounds_ < 40
    single = make(rounds=7).fit(train.features, chance, np.zeros(len(chance)))
    assert single.rounds_ == 7


@pytest.mark.parametrize("make", BOOSTED)
def test_refit_learns_from_the_rows_held_out(make):
    """A mark that only rows held out have raises their price after the refit alone."""
    train, _ = divided(priced_rows())
    held = inner_folds(np.unique(train.groups, return_inverse=True)[1], 8, 0) == 0
    marked = held & (train.groups % 3 == 0)
    prices = np.where(marked, 40 * train.prices, train.prices)
    table = train.features.table.assign(mark=marked.astype(np.float32))
    features = replace(train.features, table=table)
    asked = features.take(np.flatnonzero(marked))
    with_it, without = (
        make(objective="l2", refit=refit, **ALL_COLUMNS[make])
        .fit(features, prices, train.groups)
        .predict(asked)
        for refit in (True, False)
    )
    assert np.median(with_it) > 1.5 * np.median(without)


@pytest.mark.parametrize("make", BOOSTED)
def test_categories_are_split_as_sets(make):
    """One split tells the even brands from the odd ones."""
    priced = priced_rows()
    number = np.arange(len(priced.prices)) % 8
    brands = np.array([f"brand {each}" for each in number])
    features = replace(priced.features, categories=priced.features.categories.assign(brand=brands))
    prices = np.where(number % 2, 5.0, 80.0)
    one_split = {"rounds": 1, "learning_rate": 1.0, "max_depth": 1, **ALL_COLUMNS[make]}
    model = make(objective="l2", **one_split).fit(features, prices, np.zeros(len(prices)))
    assert smape(prices, model.predict(features)) < 25


@pytest.mark.parametrize("make", BOOSTED)
@pytest.mark.parametrize("objective", ["l1", "l2", "smape"])
def test_growing_starts_at_the_best_constant(make, objective):
    priced = priced_rows()
    slow = make(objective=objective, rounds=1, learning_rate=1e-4)
    answers = slow.fit(priced.features, priced.prices, np.zeros(len(priced.prices)))
    np.testing.assert_allclose(
        answers.predict(priced.features), best_constant(priced.prices), rtol=0.01
    )


@pytest.mark.parametrize("objective", ["l2", "smape"])
def test_gradients_add_up_to_the_same_in_any_order(objective):
    rng = np.random.default_rng(0)
    target = np.log1p(rng.lognormal(2.6, 1.5, 20_000))
    data = xgboost.DMatrix(np.zeros((len(target), 1)), target)
    scores = target + rng.normal(size=len(target)) * rng.choice([1e-4, 1.0], len(target))
    model = XGBoostPrice(objective)
    exact = np.array(model.loss.gradient_and_hessian(target, scores))
    if objective == "l2":
        exact = np.array([scores - target, np.ones(len(target))])
    for numbers, wanted in zip(model._gradients(scores, data), exact, strict=True):
        # The library keeps them in single precision.
        single = numbers.astype(np.float32).astype(np.float64)
        sums = {np.add.accumulate(rng.permutation(single))[-1] for _ in range(20)}
        assert len(sums) == 1
        np.testing.assert_allclose(single, wanted, atol=1e-5)


@pytest.mark.parametrize("make", BOOSTED)
def test_wrong_arguments(make):
    refuses(make, "objective", objective="huber")
    refuses(make, "rounds", rounds=0)

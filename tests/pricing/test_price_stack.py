"""The stack: planted weights, SMAPE instead of squares, no leak, never worse than its best."""

import pickle

import numpy as np
import pytest
from generated_features import divided, priced_rows

from podium.pricing.inner_groups import inner_folds
from podium.pricing.kernel_model import SupportVectorPrice
from podium.pricing.metrics import smape, smape_contributions
from podium.pricing.price_models import ConstantPrice, LinearPrice, RidgePrice
from podium.pricing.price_stack import PriceStack, nested_stack


def planted(rows=3000, seed=0, spread=(0.4, 0.4, 3.0)):
    """True prices and members that err on their own, the last far more than the others."""
    rng = np.random.default_rng(seed)
    log_price = 2.6 + rng.normal(size=rows)
    members = log_price[:, None] + np.array(spread) * rng.normal(size=(rows, len(spread)))
    return np.exp(members), np.exp(log_price)


def test_weights_follow_what_members_know():
    members, prices = planted()
    stack = PriceStack().fit(members, prices)
    assert stack.weights_.min() >= 0
    assert stack.weights_[:2] == pytest.approx([0.46, 0.46], abs=0.06)
    assert stack.weights_[2] < 0.05
    new, truth = planted(seed=1)
    best = min(smape(truth, column) for column in new.T)
    assert smape(truth, stack.predict(new)) < best - 5


def test_a_member_that_is_too_timid_is_stretched():
    _, prices = planted()
    timid = np.exp(2.6 + 0.4 * (np.log(prices) - 2.6))[:, None]
    stack = PriceStack(clip_quantiles=(0, 1)).fit(timid, prices)
    assert stack.weights_ == pytest.approx([2.5], rel=0.05)
    assert smape(prices, stack.predict(timid)) < 2
    assert smape(prices, timid[:, 0]) > 30


def test_scale_makes_up_for_a_common_bias():
    members, prices = planted()
    plain, doubled = (PriceStack().fit(m, prices) for m in (members, 2 * members))
    np.testing.assert_allclose(
        doubled.predict(2 * members), plain.predict(members), rtol=0.03, atol=0.05
    )
    answers = plain.predict(members)
    tried = [smape(prices, answers * factor) for factor in np.linspace(0.8, 1.25, 91)]
    assert smape(prices, answers) <= min(tried) + 0.02


def test_weights_are_those_of_smape_and_not_of_squares():
    """One member is never far off, the other nearly always right and sometimes absurd."""
    rng = np.random.default_rng(0)
    log_price = 2.6 + rng.normal(size=4000)
    steady = log_price + 0.5 * rng.normal(size=4000)
    sharp = log_price + np.where(rng.random(4000) < 0.08, 4.0, 0.05) * rng.normal(size=4000)
    stack = PriceStack().fit(np.exp(np.column_stack([steady, sharp])), np.exp(log_price))
    assert stack.weights_[1] > 0.8
    assert stack.weights_[0] < 0.2


def test_no_weight_is_negative():
    """A member that has the other's error twice would serve to take that error away."""
    rng = np.random.default_rng(0)
    log_price = 2.6 + rng.normal(size=2000)
    error = 0.3 * rng.normal(size=2000)
    members = np.column_stack([log_price + error, log_price + 2 * error])
    stack = PriceStack().fit(np.exp(members), np.exp(log_price))
    assert stack.weights_[1] == 0 and stack.weights_[0] == pytest.approx(0.95, abs=0.06)


def test_predictions_stay_between_observed_prices():
    members, prices = planted()
    stack = PriceStack(clip_quantiles=(0.1, 0.9)).fit(members, prices)
    answers = stack.predict(np.array([[1e-9] * 3, [1e12] * 3, [14.0] * 3]))
    low, high = np.quantile(prices, [0.1, 0.9])
    assert answers[:2] == pytest.approx([low, high]) and low < answers[2] < high


def test_nested_weights_do_not_see_the_scored_fold():
    members, prices = planted(600)
    folds = np.arange(600) % 3
    first = nested_stack(members, prices, folds)
    changed = prices.copy()
    changed[folds == 1] *= np.random.default_rng(0).lognormal(0, 2, (folds == 1).sum())
    second = nested_stack(members, changed, folds)
    np.testing.assert_array_equal(first[folds == 1], second[folds == 1])
    assert (first[folds == 0] != second[folds == 0]).any()
    by_hand = PriceStack().fit(members[folds != 2], prices[folds != 2]).predict(members[folds == 2])
    np.testing.assert_array_equal(first[folds == 2], by_hand)
    other = nested_stack(members, prices, folds, PriceStack(clip_quantiles=(0.4, 0.6)))
    assert np.ptp(other) < np.ptp(first)


def out_of_fold():
    priced = divided(priced_rows())[0]
    folds = inner_folds(priced.groups, 3, 1)
    models = [ConstantPrice(), LinearPrice(), RidgePrice(1.0), SupportVectorPrice()]
    oof = np.empty((len(folds), len(models)))
    for number in range(3):
        train, held = (priced.take(np.flatnonzero(m)) for m in (folds != number, folds == number))
        for place, model in enumerate(models):
            oof[folds == number, place] = model.fit(*train).predict(held.features)
    return oof, priced.prices, folds


def test_no_worse_than_the_best_member_on_generated_products():
    oof, prices, folds = out_of_fold()
    stacked = smape_contributions(prices, nested_stack(oof, prices, folds))
    rows = [smape_contributions(prices, column) for column in oof.T]
    best = min(rows, key=np.mean)
    noise = (stacked - best).std() / np.sqrt(len(best))
    assert stacked.mean() < best.mean() + 2 * noise


@pytest.mark.parametrize("seed", range(5))
def test_useless_members_do_no_harm(seed):
    members, prices = planted(800, seed, (0.5, *[1.5] * 8))
    members[:, 5:] = np.exp(2.6 + np.random.default_rng(seed).normal(size=(800, 4)))
    stacked = nested_stack(members, prices, np.arange(800) % 4)
    assert smape(prices, stacked) < smape(prices, members[:, 0]) + 0.5


def test_same_members_twice_and_constant_members():
    members, prices = planted()
    twice = np.column_stack([members, members, np.full(len(prices), 14.0)])
    one, other = (PriceStack().fit(m, prices).predict(m) for m in (members, twice))
    assert smape(prices, other) == pytest.approx(smape(prices, one), abs=0.1)
    flat = np.full((len(prices), 2), 3.0)
    answers = PriceStack().fit(flat, prices).predict(flat)
    assert np.ptp(answers) == 0 and answers[0] == pytest.approx(14, rel=0.2)


def test_pickle_and_same_bytes():
    members, prices = planted(500)
    stack = PriceStack().fit(members, prices)
    again = pickle.loads(pickle.dumps(PriceStack().fit(members, prices)))
    np.testing.assert_array_equal(again.predict(members), stack.predict(members))
    assert stack.predict(members[:1]).shape == (1,)


def test_wrong_input():
    members, prices = planted(50)
    bad = members.copy()
    bad[3, 1] = 0
    for arguments, pattern in (
        ((bad, prices), "member's price"),
        ((members[:, 0], prices), "shape"),
        ((members[:, :0], prices), "shape"),
        ((members, prices[1:]), "50 rows"),
        ((members, -prices), "every price"),
    ):
        with pytest.raises(ValueError, match=pattern):
            PriceStack().fit(*arguments)
    with pytest.raises(ValueError, match="3 members in training, 2 now"):
        PriceStack().fit(members, prices).predict(members[:, :2])
    with pytest.raises(ValueError, match="two folds"):
        nested_stack(members, prices, np.zeros(50))
    for arguments in ({"smoothing": 0}, {"clip_quantiles": (0.9, 0.1)}):
        with pytest.raises(ValueError, match="rising"):
            PriceStack(**arguments)

"""Baselines on generated products, and what every model refuses."""

from dataclasses import replace

import numpy as np
import pytest
from generated_features import divided, priced_rows
from price_model_checks import keeps_the_contract, refuses, score_beside_constant

from podium.common.builder import build
from podium.pricing.metrics import smape
from podium.pricing.price_models import ConstantPrice, LinearPrice, RidgePrice


def test_constant_is_the_best_one():
    priced = priced_rows()
    answers = ConstantPrice().fit(*priced).predict(priced.features)
    assert len(set(answers)) == 1
    best = min(smape(priced.prices, np.full(len(answers), each)) for each in priced.prices)
    assert smape(priced.prices, answers) == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("wanted", [{"encoded_weight": 1.0}, {}])
def test_vectors_of_a_pretrained_model_tell_a_price_where_they_are_wanted(wanted):
    """Planted: the vectors alone know what is missing in terms and table."""
    train, test = (part._replace(features=with_hints(part)) for part in divided(priced_rows()))
    with_them = RidgePrice(1.0, **wanted).fit(*train).predict(test.features)
    score = smape(test.prices, with_them)
    assert (score < 12) == bool(wanted)


def with_hints(priced):
    hints = np.random.default_rng(6).normal(size=(len(priced.prices), 4))
    hints[:, 2] = np.log(priced.prices)
    return replace(priced.features, encoded=hints.astype(np.float32))


@pytest.mark.parametrize("make, gain", [(LinearPrice, 5.0), (RidgePrice, 18.0)])
def test_beats_the_constant(make, gain):
    score, constant = score_beside_constant(make())
    assert score < constant - gain


@pytest.mark.parametrize("make", [ConstantPrice, LinearPrice, RidgePrice])
def test_contract(make):
    keeps_the_contract(make)


def test_ridge_chooses_the_penalty_of_new_products():
    train, test = divided(priced_rows())
    penalties = (3000.0, 0.3, 30.0)
    chosen = RidgePrice(penalties).fit(*train)
    scores = {
        penalty: smape(test.prices, RidgePrice(penalty).fit(*train).predict(test.features))
        for penalty in penalties
    }
    assert chosen.penalty_ == min(scores, key=scores.get) == 0.3
    assert chosen.predict(test.features) == pytest.approx(
        RidgePrice(0.3).fit(*train).predict(test.features)
    )


def test_ridge_without_inner_folds_takes_the_middle_penalty():
    train, _ = divided(priced_rows())
    assert RidgePrice((1.0, 5.0, 9.0)).fit(*train[:2], np.zeros(len(train.prices))).penalty_ == 5.0


def test_linear_baseline_looks_at_the_table_alone():
    train, test = divided(priced_rows())
    blind = replace(test.features, text=test.features.text * 0, terms=test.features.terms * 0)
    model = LinearPrice().fit(*train)
    np.testing.assert_array_equal(model.predict(blind), model.predict(test.features))
    bare = replace(train.features, table=train.features.table[[]])
    assert np.isfinite(LinearPrice().fit(bare, *train[1:]).predict(bare)).all()


def test_no_prediction_leaves_the_range_of_the_prices():
    train, test = divided(priced_rows())
    model = RidgePrice(0.3).fit(*train)
    far = replace(test.features, terms=test.features.terms * 1000)
    answers = model.predict(far)
    assert answers.min() == pytest.approx(train.prices.min())
    assert answers.max() == pytest.approx(train.prices.max())


def test_built_from_parameters():
    declared = {
        "type": "podium.pricing.price_models.RidgePrice",
        "arguments": {"penalties": [0.5, 1], "seed": 3},
    }
    model = build(declared, seed=0, threads=2)
    assert (model.penalties, model.seed) == ([0.5, 1.0], 3)


@pytest.mark.parametrize("price", [0.0, -1.0, np.nan, np.inf])
def test_prices_must_be_positive(price):
    train, _ = divided(priced_rows())
    prices = train.prices.copy()
    prices[4] = price
    with pytest.raises(ValueError, match="every price"):
        LinearPrice().fit(train.features, prices, train.groups)


def test_lengths_must_agree():
    features, prices, groups = divided(priced_rows())[0]
    none = np.array([], int)
    for arguments in (
        (features, prices[1:], groups),
        (features, prices, groups[1:]),
        (features.take(none), prices[none], groups[none]),
    ):
        with pytest.raises(ValueError, match="rows, prices of shape"):
            ConstantPrice().fit(*arguments)
    with pytest.raises(ValueError, match="in text"):
        ConstantPrice().fit(replace(features, text=features.text[1:]), prices, groups)
    for changed in ({"texts": features.texts[1:]}, {"encoded": features.text[1:]}):
        with pytest.raises(ValueError, match=f"in {next(iter(changed))}"):
            ConstantPrice().fit(replace(features, **changed), prices, groups)


def test_features_must_be_finite():
    features, prices, groups = divided(priced_rows())[0]
    text, image = features.text.copy(), features.image.copy()
    text[0, 0], image[0, 0] = np.nan, np.inf
    table = features.table.copy()
    table.loc[0, "length"] = -np.inf
    for changed, name in (
        ({"text": text}, "text"),
        ({"encoded": text}, "text"),
        ({"image": image}, "image"),
    ):
        with pytest.raises(ValueError, match=name):
            ConstantPrice().fit(replace(features, **changed), prices, groups)
    with pytest.raises(ValueError, match="table must not be infinite"):
        ConstantPrice().fit(*divided(priced_rows())[0]).predict(replace(features, table=table))


def test_other_features_than_learned():
    train, test = divided(priced_rows())
    model = ConstantPrice().fit(*train)
    for changed in (
        {"text": test.features.text[:, :3]},
        {"encoded": test.features.text[:, :3]},
        {"table": test.features.table[["length"]]},
        {"categories": test.features.categories.rename(columns={"brand": "maker"})},
    ):
        with pytest.raises(ValueError, match="learned from features"):
            model.predict(replace(test.features, **changed))


@pytest.mark.parametrize("penalties", [[], 0.0, [1.0, -1.0]])
def test_wrong_penalties(penalties):
    refuses(RidgePrice, "penalties", penalties=penalties)

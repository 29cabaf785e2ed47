"""What every model of the price has to keep; called by the tests of each of them."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from generated_features import divided, priced_rows

from podium.pricing.metrics import smape
from podium.pricing.price_models import ConstantPrice
from podium.vision.pictures import Pictures


def score_beside_constant(model):
    """SMAPE of the model and of the constant on products that neither knows."""
    train, test = divided(priced_rows())
    constant = ConstantPrice().fit(*train).predict(test.features)
    answers = model.fit(*train).predict(test.features)
    return smape(test.prices, answers), smape(test.prices, constant)


def keeps_the_contract(make):
    """Form, rows one by one, what is unknown, refit, pickling, the same bytes again.

    Args:
        make: Makes the model, and takes its further arguments.
    """
    train, test = divided(priced_rows())
    model = make().fit(*train)
    answers = model.predict(test.features)
    assert answers.dtype == np.float64 and answers.shape == (len(test.prices),)
    assert train.prices.min() - 1e-9 <= answers.min()
    assert answers.max() <= train.prices.max() * (1 + 1e-9)
    one = model.predict(test.features.take(np.array([3])))
    np.testing.assert_allclose(one, answers[3:4], rtol=1e-4)
    assert len(model.predict(test.features.take(np.array([], int)))) == 0
    assert np.isfinite(model.predict(unknown(test.features))).all()
    again = pickle.loads(pickle.dumps(model)).predict(test.features)
    np.testing.assert_array_equal(again, answers)
    # A second fit forgets the first.
    model.fit(test.features, test.prices, test.groups).fit(*train)
    np.testing.assert_array_equal(model.predict(test.features), answers)


def unknown(features):
    """The features without image, numbers or any category of before."""
    categories = features.categories.copy()
    categories["brand"] = "Nobody"
    categories["total_unit"] = None
    table = features.table * np.nan
    image = features.image * np.nan
    return replace(
        features,
        terms=features.terms * 0,
        text=features.text * 0,
        image=image,
        table=table,
        categories=categories,
        texts=np.full(len(features), "", object),
        pictures=Pictures(np.empty(len(features), object)),
    )


def same_bytes_on_threads(make, rows=1200):
    """The same predictions with 1, 2 and 3 threads."""
    train, test = divided(priced_rows(rows))
    answers = [make(threads=count).fit(*train).predict(test.features) for count in (1, 2, 3)]
    np.testing.assert_array_equal(answers[1], answers[0])
    np.testing.assert_array_equal(answers[2], answers[0])


def seed_alone_matters(make, rows=1200):
    """Other answers with another seed, the same with the same, whatever torch drew before."""
    train, test = divided(priced_rows(rows))
    answers = []
    for seed in (0, 1, 0):
        torch.rand(7)
        answers.append(make(seed=seed).fit(*train).predict(test.features))
    assert (answers[0] != answers[1]).any()
    np.testing.assert_array_equal(answers[0], answers[2])


def leans_with_the_exponent(make):
    """Two kinds of rows, each with cheap and dear prices: the answers rise with the exponent."""
    rows, places = 400, np.arange(400)
    given = priced_rows().take(places).features
    kind = (places // 2 % 2).astype(np.float32)
    prices = np.where(places % 2, 40.0, 10.0) * (1 + 7 * kind)
    alike = replace(
        given,
        terms=given.terms * 0,
        text=given.text * 0,
        image=given.image * np.nan,
        table=given.table[[]].assign(kind=kind),
        categories=given.categories[[]],
        texts=np.full(rows, "Tea", object),
        pictures=Pictures(np.empty(rows, object)),
    )
    levels = []
    for power in (-1.5, 1.5):
        model = make(price_exponent=power).fit(alike, prices, np.zeros(rows))
        levels.append(model.predict(alike) / (1 + 7 * kind))
    assert levels[0].max() < 17 and levels[1].min() > 29, [(a.min(), a.max()) for a in levels]
    with pytest.raises(ValueError, match="price_exponent"):
        make(price_exponent=3)


def refuses(make, pattern, **arguments):
    with pytest.raises(ValueError, match=pattern):
        make(**arguments)

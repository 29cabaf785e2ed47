"""Prices of neighbours: worked by hand, and on generated products."""

import numpy as np
import pandas as pd
import pytest
from generated_features import priced_rows
from price_model_checks import keeps_the_contract, refuses, score_beside_constant
from scipy import sparse

from podium.pricing.feature_set import FeatureSet
from podium.pricing.metrics import smape
from podium.pricing.neighbour_model import NeighbourPrice


def rows_of(text, table=None):
    text = np.asarray(text, np.float32)
    empty = np.empty((len(text), 0), np.float32)
    numbers = pd.DataFrame({} if table is None else {"amount": table}, index=range(len(text)))
    none = pd.DataFrame(index=range(len(text)))
    return FeatureSet(
        sparse.csr_matrix((len(text), 1), dtype=np.float32), text, empty, numbers, none
    )


def test_beats_the_constant():
    score, constant = score_beside_constant(NeighbourPrice())
    assert score < constant - 15


def test_contract():
    keeps_the_contract(NeighbourPrice)


def test_answer_is_that_of_the_relatives():
    # Three families in three directions; opposite ones cancel out, so that the mean is 0.
    directions = np.array([[1.0, 0], [0, 1], [-1, -1]])
    features = rows_of(np.repeat(directions, 5, axis=0))
    prices = np.repeat([10.0, 100.0, 1000.0], 5)
    prices[[0, 6]] = [4000.0, 1.0]
    model = NeighbourPrice(5, prior=1e-3, adjust=False).fit(features, prices, np.arange(15))
    assert model.predict(rows_of(directions)) == pytest.approx([10, 100, 1000], rel=1e-3)
    # In no family's direction: what is in the middle of all.
    assert model.predict(rows_of([[0.0, 0]])) == pytest.approx([100], rel=1e-3)


def test_what_all_texts_share_does_not_count():
    directions = np.array([[1.0, 0, 50], [0, 1, 50], [-1, -1, 50]])
    features, prices = rows_of(np.repeat(directions, 5, axis=0)), np.repeat([10.0, 100, 1000], 5)
    model = NeighbourPrice(15, prior=1e-3, adjust=False).fit(features, prices, np.arange(15))
    assert model.predict(rows_of(directions)) == pytest.approx([10, 100, 1000], rel=1e-3)


def test_more_neighbours_than_rows():
    model = NeighbourPrice(50, adjust=False)
    model.fit(rows_of([[1.0, 0], [0, 1]]), [2.0, 8.0], [0, 1])
    assert np.isfinite(model.predict(rows_of([[1.0, 1]]))).all()


def test_adjustment_moves_the_price_with_the_amount():
    rng = np.random.default_rng(0)
    family, amount = rng.integers(0, 4, 400), rng.uniform(0, 3, 400)
    text = np.eye(4)[family] + 0.01 * rng.normal(size=(400, 4))
    prices = np.exp(1 + 0.4 * family + 0.7 * amount) - 1
    fit, held = slice(300), slice(300, None)
    features, asked = rows_of(text[fit], amount[fit]), rows_of(text[held], amount[held])
    scores = [
        smape(
            prices[held],
            NeighbourPrice(adjust=adjust).fit(features, prices[fit], np.arange(300)).predict(asked),
        )
        for adjust in (True, False)
    ]
    assert scores[0] < 5 and scores[1] > 30


def test_known_relatives_beat_unknown_ones():
    """A listing whose product has others in training is answered better."""
    priced = priced_rows()
    first = np.unique(priced.groups, return_index=True)[1]
    again = np.setdiff1d(np.arange(len(priced.prices)), first)
    train, test = priced.take(first), priced.take(again)
    near = NeighbourPrice(adjust=False).fit(*train).predict(test.features)
    far, _ = score_beside_constant(NeighbourPrice(adjust=False))
    assert smape(test.prices, near) < far - 3


def test_wrong_arguments():
    for name in ("neighbours", "sharpness", "prior", "penalty"):
        refuses(NeighbourPrice, name, **{name: 0})

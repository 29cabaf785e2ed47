"""Support-vector regression on generated products."""

import numpy as np
from generated_features import divided, priced_rows
from price_model_checks import keeps_the_contract, refuses, score_beside_constant

from podium.pricing.kernel_model import SupportVectorPrice
from podium.pricing.price_models import RidgePrice


def test_beats_the_constant():
    score, constant = score_beside_constant(SupportVectorPrice())
    assert score < constant - 18


def test_contract():
    keeps_the_contract(SupportVectorPrice)


def test_one_wrong_price_in_ten_moves_it_less_than_squares():
    train, test = divided(priced_rows())
    wrong = train.prices.copy()
    wrong[::10] *= 200
    moves = []
    for model in (SupportVectorPrice(), RidgePrice(1.0)):
        before, after = (
            np.log(model.fit(train.features, prices, train.groups).predict(test.features))
            for prices in (train.prices, wrong)
        )
        moves.append(np.abs(after - before).mean())
    assert moves[0] < 0.5 * moves[1]


def test_wrong_arguments():
    refuses(SupportVectorPrice, "inverse_penalty", inverse_penalty=0.0)
    refuses(SupportVectorPrice, "margin", margin=-0.1)

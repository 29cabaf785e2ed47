"""The best constant against trying every price."""

import numpy as np
import pytest

from podium.pricing.best_constant import best_constant
from podium.pricing.metrics import smape


def cost(prices, answer):
    return smape(prices, np.full(len(prices), answer))


@pytest.mark.parametrize("seed", range(6))
def test_no_price_and_no_number_between_is_better(seed):
    rng = np.random.default_rng(seed)
    prices = rng.lognormal(2.6, [0.2, 1.0, 3.0][seed % 3], 1500)
    # Two heaps far apart have two valleys.
    prices[: 700 * (seed > 2)] *= 50
    best = best_constant(prices)
    others = np.concatenate([prices, np.geomspace(prices.min(), prices.max(), 500)])
    assert best in prices
    assert cost(prices, best) <= min(cost(prices, other) for other in others) + 1e-9


def test_small_cases():
    assert best_constant([7.0]) == 7.0
    assert best_constant([4.0, 4.0, 4.0, 900.0]) == 4.0
    # Equally good: the lower one.
    assert best_constant([3.0, 2.0]) == 2.0


def test_best_factor_of_predictions():
    rng = np.random.default_rng(0)
    prices = rng.lognormal(2.6, 1.0, 400)
    answers = prices * np.exp(0.3 * rng.normal(size=400)) / 1.7
    factor = best_constant(prices / answers)
    assert factor == pytest.approx(1.7, rel=0.1)
    tried = [smape(prices, answers * each) for each in np.linspace(1.2, 2.4, 300)]
    assert smape(prices, answers * factor) <= min(tried) + 1e-9


@pytest.mark.parametrize("prices", [[], [0.0], [1.0, np.nan], [np.inf], [-1.0]])
def test_refuses_what_is_no_price(prices):
    with pytest.raises(ValueError, match="positive and finite"):
        best_constant(prices)

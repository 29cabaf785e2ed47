"""Weights of rows by their price."""

import numpy as np
import pytest

from podium.pricing.row_weights import checked_exponent, price_weights


def test_worked_out_by_hand():
    target = np.log1p([1.0, 4.0, 7.0])
    np.testing.assert_allclose(price_weights(target, 1), [0.25, 1, 1.75], rtol=1e-6)
    np.testing.assert_allclose(price_weights(target[:2], -1), [1.6, 0.4], rtol=1e-6)
    np.testing.assert_array_equal(price_weights(target, 0), [1, 1, 1])


@pytest.mark.parametrize("exponent", [-2, -0.3, 0.5, 2])
def test_the_mean_is_one_and_nothing_overflows(exponent):
    weights = price_weights(np.log1p([1e-2, 3, 1e6, 1e12]), exponent)
    assert np.isfinite(weights).all() and (weights >= 0).all()
    assert weights.mean() == pytest.approx(1)


def test_nothing_to_weigh():
    assert price_weights(np.empty(0), 1).shape == (0,)


@pytest.mark.parametrize("exponent", [2.1, -3, float("nan")])
def test_exponents_that_are_none(exponent):
    with pytest.raises(ValueError, match="price_exponent must lie between -2 and 2"):
        checked_exponent(exponent)

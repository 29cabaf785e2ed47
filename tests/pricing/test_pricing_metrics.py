"""SMAPE and price bands against tables worked out by hand."""

import numpy as np
import pytest

from podium.common.bootstrap import bootstrap
from podium.pricing.metrics import (
    price_band_edges,
    price_band_labels,
    price_bands,
    smape,
    smape_contributions,
)

BY_HAND = [
    # actual, predicted, percent
    (10, 10, 0),
    (10, 30, 100),
    (30, 10, 100),
    (1, 3, 100),
    (10, 15, 40),
    (10, 0, 200),
    (0, 0, 0),
    (10, -10, 200),
    (-10, -30, 100),
    (1e308, 1.5e308, 40),
]


@pytest.mark.parametrize(("actual", "predicted", "percent"), BY_HAND)
def test_by_hand(actual, predicted, percent):
    assert smape_contributions([actual], [predicted])[0] == pytest.approx(percent)


def test_score_is_the_mean_of_the_rows():
    actual, predicted, percent = (np.array(each, float) for each in zip(*BY_HAND, strict=True))
    rows = smape_contributions(actual, predicted)
    np.testing.assert_allclose(rows, percent)
    assert smape(actual, predicted) == pytest.approx(88.0)
    interval = bootstrap(rows[:, None], lambda means: means[..., 0])
    assert interval.value == pytest.approx(88.0) and interval.low < 88.0 < interval.high


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(bad):
    with pytest.raises(ValueError, match="predictions must be finite, 1"):
        smape([1, 2], [1, bad])
    with pytest.raises(ValueError, match="prices must be finite"):
        smape([bad, 2], [1, 2])


def test_lengths_and_rows():
    with pytest.raises(ValueError, match="2 prices, 1 predictions"):
        smape([1, 2], [1])
    with pytest.raises(ValueError, match="no rows"):
        smape([], [])


def test_bands_hold_about_as_many():
    prices = np.arange(1.0, 101.0)
    edges = price_band_edges(prices, 5)
    assert edges.tolist() == [21, 41, 61, 81]
    assert np.bincount(price_bands(prices, edges)).tolist() == [20] * 5
    assert price_band_labels(edges)[::2] == ["below 21", "41 to 61", "from 81"]


def test_one_band_has_no_edges():
    assert price_band_edges([1.0, 2.0], 1).tolist() == []


def test_prices_that_pile_up_make_fewer_bands():
    edges = price_band_edges([9.99] * 8 + [20.0, 1250.5], 4)
    assert edges.tolist() == []
    edges = price_band_edges([5.0] + [9.99] * 8 + [1250.5], 4)
    assert edges.tolist() == [9.99]
    assert price_bands([9.98, 9.99, 10.0], edges).tolist() == [0, 1, 1]
    assert price_band_labels(edges) == ["below 9.99", "from 9.99"]
    assert price_band_labels([]) == ["all"] and price_bands([3.0], []).tolist() == [0]


@pytest.mark.parametrize(("prices", "bands"), [([], 3), ([1.0], 0), ([np.nan], 2)])
def test_impossible_bands(prices, bands):
    with pytest.raises(ValueError, match="at least one band"):
        price_band_edges(prices, bands)

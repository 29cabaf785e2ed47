"""Statistics of neighbours, worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from podium.pricing.feature_set import FeatureSet
from podium.pricing.neighbour_prices import ComparedRows, NeighbourPrices


def compared(directions, amounts, units):
    vectors = np.array(directions, np.float32)
    features = FeatureSet(
        csr_matrix(vectors),
        vectors,
        np.empty((len(vectors), 0), np.float32),
        pd.DataFrame({"amount": np.log(np.array(amounts, float))}),
        pd.DataFrame({"unit": pd.Series(units, dtype=object)}),
    )
    return ComparedRows.of(features, "amount", "unit")


@pytest.fixture
def fitted():
    prices = NeighbourPrices([2, 1], candidates=10, threads=1)
    known = compared([[3, 0], [4, 3], [0, 0], [0, 5]], [2, 8, 1, 1], ["g", "ml", "g", None])
    prices.fit(known, np.log1p([10.0, 40.0, 7.0, 20.0]))
    return prices


def test_statistics_of_two_neighbours(fitted):
    row = {
        name: numbers[0]
        for name, numbers in fitted.transform(compared([[4, 3]], [16], ["ml"])).items()
    }
    first, second = np.log1p(40), np.log1p(10)
    mean = (first + 0.8 * second) / 1.8
    assert row["neighbours_log_price_1"] == pytest.approx(first)
    assert row["neighbours_log_price_2"] == pytest.approx(mean)
    spread = np.sqrt(((first - mean) ** 2 + 0.8 * (second - mean) ** 2) / 1.8)
    assert row["neighbours_spread_2"] == pytest.approx(spread)
    # The second is sold by weight, and tells nothing of the price per millilitre.
    assert row["neighbours_log_rate_2"] == pytest.approx(np.log(5))
    assert row["neighbours_price_by_rate_2"] == pytest.approx(np.log1p(80))
    assert row["neighbours_similarity_1"] == pytest.approx(1)
    assert row["neighbours_similarity_2"] == pytest.approx(0.8)


def test_what_is_not_known_is_nan(fitted):
    columns = fitted.transform(compared([[0, 1], [1, 0], [0, 0]], [4, np.nan, 4], [None, "g", "g"]))
    rate, by_rate = columns["neighbours_log_rate_1"], columns["neighbours_price_by_rate_1"]
    # A row without a unit has no neighbour with the same, though the nearest has none either.
    assert columns["neighbours_log_price_1"][0] == pytest.approx(np.log1p(20))
    assert np.isnan(rate[0]) and rate[1] == pytest.approx(np.log(5)) and np.isnan(by_rate[1])
    assert np.isfinite(columns["neighbours_log_price_2"]).all()

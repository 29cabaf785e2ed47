"""Numbers and categories of hand-read texts, and the dense matrix."""

import numpy as np
import pandas as pd
import pytest
from catalogue_features import catalogue

from podium.pricing.catalog_text import parse_catalog
from podium.pricing.feature_set import FeatureSet
from podium.pricing.table_features import DenseTable, table_categories, table_numbers

TEA = """Item Name: Acme GREEN Tea, 2 Ounce (Pack of 6)
Bullet Point 1: Fresh
Bullet Point 2: From the hills
Product Description: It is the best of all teas
Value: 12.0
Unit: Ounce
"""


def made(table, categories):
    rows = len(table)
    nothing = np.empty((rows, 0), np.float32)
    return FeatureSet(None, nothing, nothing, pd.DataFrame(table), pd.DataFrame(categories))


def test_numbers_of_a_text():
    row = table_numbers(parse_catalog([TEA])).iloc[0]
    grams = 12 * 28.349523125
    expected = {
        "log_value": np.log(12),
        "log_total_amount": np.log(grams),
        "log_total_gram": np.log(grams),
        "log_item_amount": np.log(grams / 6),
        "log_amount_per_pack": np.log(grams / 6),
        "log_pack_size": np.log(6),
        "title_characters": np.log1p(35),
        "title_words": np.log1p(8),
        "title_digits": 2,
        "title_numbers": 2,
        "largest_number": np.log1p(6),
        "title_capitals": 9 / 35,
        "bullet_count": 2,
        "bullet_characters": np.log1p(20),
        "description_characters": np.log1p(26),
        "english": 1,
        "spanish": 0,
    }
    for name, number in expected.items():
        assert row[name] == pytest.approx(number, rel=1e-5), name
    assert np.isnan(row[["log_total_millilitre", "log_total_count", "log_unit_count"]]).all()


def test_categories_of_a_text():
    row = table_categories(parse_catalog([TEA])).iloc[0].to_dict()
    assert row == {
        **{"brand": "acme", "unit": "ounce", "base_unit": "gram", "item_unit": "gram"},
        **{"total_unit": "gram", "total_rule": "value", "language": "en", "first_word": "acme"},
        **{"first_two_words": "acme green", "first_three_words": "acme green tea"},
        **{"product_word": "tea", "short_description": "it is the best of all teas"},
    }


def test_a_text_that_says_nothing():
    parsed = parse_catalog(["", None, "Value: 0\nUnit: None"])
    numbers, categories = table_numbers(parsed), table_categories(parsed)
    assert (numbers.dtypes == np.float32).all() and not np.isinf(numbers.to_numpy()).any()
    assert numbers["log_value"].isna().all() and (numbers["title_words"] == 0).all()
    assert all(value is None for value in categories.to_numpy().ravel())


@pytest.mark.filterwarnings("error")
def test_one_hot_columns_of_frequent_levels_and_one_for_the_rest():
    table = {"amount": [1.0, 3.0, np.nan, 5.0, np.inf]}
    dense = DenseTable(one_hot_limit=3).fit(made(table, {"brand": ["a", "a", "b", "b", "c"]}))
    columns = dict(zip(dense.names, range(len(dense.names)), strict=True))
    assert list(columns)[:2] == ["amount", "missingindicator_amount"]
    assert len(columns) == 5
    # Unknown and rare levels share a column; numbers beyond the known are cut off.
    new = made({"amount": [9.0, np.nan, -4.0]}, {"brand": ["z", "a", None]})
    matrix = dense.transform(new)
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix[:, columns["amount"]], [1, 0.5, 0])
    np.testing.assert_array_equal(matrix[:, columns["missingindicator_amount"]], [0, 1, 0])
    np.testing.assert_array_equal(matrix[:, columns["brand_infrequent_sklearn"]], [1, 0, 1])
    np.testing.assert_array_equal(matrix[:, columns["brand_a"]], [0, 1, 0])


def test_no_more_columns_than_the_limit():
    brands = ["a", "a", "a", "b", "b", "b", "b"]
    dense = DenseTable(one_hot_limit=2).fit(made({"amount": [1.0] * 7}, {"brand": brands}))
    assert dense.names == ["amount", "brand_b", "brand_infrequent_sklearn"]


@pytest.mark.filterwarnings("error")
def test_labels_and_unscaled_numbers():
    dense = DenseTable(scale=False, encoding="label")
    matrix = dense.fit_transform(made({"amount": [10.0, 20.0]}, {"brand": ["b", "a"]}))
    np.testing.assert_array_equal(matrix, [[10, 1], [20, 0]])
    new = dense.transform(made({"amount": [50.0]}, {"brand": ["z"]}))
    np.testing.assert_array_equal(new, [[50, -1]])


def test_a_generated_catalogue_is_finite_and_between_0_and_1():
    features = catalogue().features
    dense = DenseTable(one_hot_limit=20)
    matrix = dense.fit(features.take(np.arange(800))).transform(features)
    assert matrix.shape == (len(features), len(dense.names))
    assert matrix.min() >= 0 and matrix.max() <= 1
    assert matrix.std(axis=0).min() >= 0 and (matrix.std(axis=0) > 0).mean() > 0.9


def test_bad_options():
    with pytest.raises(ValueError, match="one-hot or label"):
        DenseTable(encoding="ordinal")
    with pytest.raises(ValueError, match="one_hot_limit"):
        DenseTable(one_hot_limit=1)

"""Numbers and categories of hand-read texts."""

import numpy as np
import pytest

from podium.pricing.catalog_text import parse_catalog
from podium.pricing.table_features import table_categories, table_numbers

TEA = """Item Name: Acme GREEN Tea, 2 Ounce (Pack of 6)
Bullet Point 1: Fresh
Bullet Point 2: From the hills
Product Description: It is the best of all teas
Value: 12.0
Unit: Ounce
"""


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

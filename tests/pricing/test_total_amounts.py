"""Which of value, size and pack size is believed."""

import numpy as np
import pandas as pd
import pytest

from podium.pricing.total_amounts import total_amounts

NAN = np.nan
RULES = [
    # value, its base, size, its base, packs, pieces -> total, base, rule, value to size
    ((120, "gram", 10, "gram", 12, NAN), (120, "gram", "value", 12)),
    ((123, "gram", 10, "gram", 12, NAN), (123, "gram", "value", 12.3)),
    ((10, "gram", 10, "gram", 12, NAN), (120, "gram", "value times pack", 1)),
    ((10, "gram", 10, "gram", NAN, NAN), (10, "gram", "value", 1)),
    ((50, "gram", 10, "gram", 12, NAN), (50, "gram", "value unlike size", 5)),
    ((50, "gram", 10, "gram", NAN, 5), (50, "gram", "value", 5)),
    ((600, "gram", 10, "gram", 12, 5), (600, "gram", "value", 60)),
    ((50, "gram", 10, "millilitre", 12, NAN), (50, "gram", "value", NAN)),
    ((12, "count", 10, "gram", 12, NAN), (120, "gram", "size times pack", NAN)),
    ((1, "count", 10, "gram", NAN, NAN), (10, "gram", "size", NAN)),
    ((NAN, None, 10, "gram", 3, NAN), (30, "gram", "size times pack", NAN)),
    ((100, "count", NAN, None, 2, 50), (100, "count", "value", NAN)),
    ((50, "count", NAN, None, 2, 50), (100, "count", "value times pack", NAN)),
    ((7, "metre", NAN, None, 2, NAN), (7, "metre", "value", NAN)),
    ((NAN, "gram", NAN, None, 2, NAN), (NAN, None, None, NAN)),
    ((NAN, None, NAN, None, NAN, NAN), (NAN, None, None, NAN)),
]


def settle(rows, ounces=False):
    columns = list(zip(*rows, strict=True))
    base = pd.DataFrame({"base_amount": np.array(columns[0], float)})
    base["base_unit"] = pd.array(columns[1], dtype="str")
    sizes = pd.DataFrame({"item_amount": np.array(columns[2], float), "in_ounces": ounces})
    sizes["item_unit"] = pd.array(columns[3], dtype="str")
    packs = pd.DataFrame({"packs": np.array(columns[4], float)})
    packs["unit_count"] = np.array(columns[5], float)
    return total_amounts(base, sizes, packs)


@pytest.mark.parametrize(("row", "wanted"), RULES)
def test_by_hand(row, wanted):
    found = settle([row]).iloc[0]
    numbers = [found.total_amount, found.value_to_size]
    assert numbers == pytest.approx([wanted[0], wanted[3]], nan_ok=True)
    assert [None if pd.isna(each) else each for each in (found.total_unit, found.total_rule)] == [
        *wanted[1:3]
    ]


def test_ounces_are_fluid_where_the_value_is():
    row = (29.5735295625 * 6, "millilitre", 28.349523125, "gram", 6, NAN)
    as_ounces, as_grams = (settle([row], ounces).iloc[0] for ounces in (True, False))
    assert as_ounces.item_amount == pytest.approx(29.5735295625)
    assert (as_ounces.item_unit, as_ounces.value_to_size) == ("millilitre", pytest.approx(6))
    assert as_grams.item_unit == "gram" and np.isnan(as_grams.value_to_size)

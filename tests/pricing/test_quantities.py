"""Units and sizes against definitions and by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from podium.pricing.quantities import (
    COUNT,
    GRAM,
    METRE,
    MILLILITRE,
    SQUARE_METRE,
    base_amounts,
    first_size,
    number_of,
    read_value,
    unit_named,
)

# NIST Handbook 44, appendix C, and the SI.
UNITS = [
    ("Ounce", GRAM, 28.349523125),
    ("oz.", GRAM, 28.349523125),
    ("LB", GRAM, 453.59237),
    ("pounds", GRAM, 453.59237),
    ("Grams", GRAM, 1),
    ("gr", GRAM, 1),
    ("Kilogram", GRAM, 1000),
    ("mg", GRAM, 0.001),
    ("Fl Oz", MILLILITRE, 29.5735295625),
    ("FL. OZ", MILLILITRE, 29.5735295625),
    ("Fluid Ounce(s)", MILLILITRE, 29.5735295625),
    ("Liters", MILLILITRE, 1000),
    ("mililiter", MILLILITRE, 1),
    ("cl", MILLILITRE, 10),
    ("US Gallon", MILLILITRE, 3785.411784),
    ("quart", MILLILITRE, 946.352946),
    ("Pint", MILLILITRE, 473.176473),
    ("Count", COUNT, 1),
    ("Each", COUNT, 1),
    ("Tea Bags", COUNT, 1),
    ("Boxes", COUNT, 1),
    ("Dozen", COUNT, 12),
    ("inches", METRE, 0.0254),
    ("Foot", METRE, 0.3048),
    ("Sq Ft", SQUARE_METRE, 0.09290304),
]


@pytest.mark.parametrize(("text", "base", "factor"), UNITS)
def test_units(text, base, factor):
    unit = unit_named(text)
    assert unit is not None and unit.base == base
    assert unit.factor == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["", "None", "---", "7,2 oz", "24", "product_weight", "ozone", None]
)
def test_unknown_units_are_not_guessed(text):
    assert unit_named(text) is None
    table = base_amounts(np.array([2.0]), [text])
    assert table.isna().all(axis=None)


VALUES = [
    ("72.0", 72, None), (" 1,200.50 ", 1200.5, None), ("1e3", 1000, None), (".5", 0.5, None),
    ("nan", None, "missing"), ("None", None, "missing"), ("", None, "missing"),
    (None, None, "missing"),
    ("twelve", None, "unreadable"), ("12 oz", None, "unreadable"), (".", None, "unreadable"),
    ("1,2,3", None, "unreadable"), ("inf", None, "unreadable"), ("0.0", None, "not positive"),
    ("-4.0", None, "not positive"), ("1e7", None, "too large"), ("1e999", None, "too large"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number", "fault"), VALUES)
def test_values(text, number, fault):
    found, why = read_value(text)
    assert why == fault
    assert math.isnan(found) if number is None else found == number


NUMBERS = [
    ("16.9", 16.9), ("1,200", 1200), ("7,2", 7.2), ("1/2", 0.5), ("2-1/2", 2.5), ("1 3/4", 1.75),
    ("½", 0.5), ("1½", 1.5), (".11", 0.11), ("24/8", 8), ("4/5", 5), ("3/3", 3),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_numbers(text, number):
    assert number_of(text) == pytest.approx(number)


SIZES = [
    ("Syrup 16.9 Fl. Oz. Bottle", 16.9 * 29.5735295625, MILLILITRE),
    ("Salt 1-LB Bag", 453.59237, GRAM),
    ("Meat 3/8oz (10.6g)", 3 / 8 * 28.349523125, GRAM),
    ("Milk 1.75 Liters", 1750, MILLILITRE),
    ("Beans 24 LBS. bulk", 24 * 453.59237, GRAM),
    ("Coffee 10 - Ounce Bag", 283.49523125, GRAM),
    ("Soda 16 FZ", 16 * 29.5735295625, MILLILITRE),
    ("Flour 24/8 oz", 8 * 28.349523125, GRAM),
    ("Bar 20g Protein, 60 g", 60, GRAM),
    ("Mix 5g per serving, 5kg", 5000, GRAM),
    ("Powder 500 g Whey Protein", 500, GRAM),
    ("Honey (500g/17.6oz)", 500, GRAM),
]


@pytest.mark.parametrize(("title", "amount", "base"), SIZES)
def test_sizes(title, amount, base):
    size = first_size(title)
    assert size is not None and size.base == base
    assert size.amount == pytest.approx(amount)


@pytest.mark.parametrize(
    "title",
    ["Table 42x42 Inch", "Shoe 8 UK", "5G Phone", "Vitamin B12 oz", "130mg Caffeine", "0 oz"]
    + ["ZIN8oz", "No 12oxen", "Model 7.8.9 oz", "#10 oz", "16g of Plant Protein"],
)  # fmt: skip
def test_what_is_no_size(title):
    assert first_size(title) is None


def test_base_amounts_row_by_row():
    table = base_amounts(np.array([2.0, np.nan, 3.0]), ["Ounce", "Count", None])
    assert table.base_amount[0] == pytest.approx(56.69904625)
    assert table.base_amount[1:].isna().all()
    assert table.base_unit.tolist()[:2] == [GRAM, COUNT] and pd.isna(table.base_unit[2])

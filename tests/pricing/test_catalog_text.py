"""Catalogue texts against forty cases worked out by hand, and against anything at all."""

import math
import time

import numpy as np
import pandas as pd
import pytest
from catalog_cases import CASES, text_of
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.pricing.catalog_text import parse_catalog, split_fields


def same(found, wanted):
    if wanted is None:
        return pd.isna(found)
    return found == wanted if isinstance(wanted, str) else math.isclose(found, wanted, rel_tol=1e-9)


@pytest.fixture(scope="module")
def parsed():
    return parse_catalog([text_of(case) for case in CASES])


@pytest.mark.parametrize("row", range(len(CASES)), ids=[case.title for case in CASES])
def test_by_hand(parsed, row):
    case, found = CASES[row], parsed.iloc[row]
    assert found.item_name == case.title
    assert same(found.value, None if case.value == "nan" else float(case.value))
    assert same(found.unit, case.unit if case.unit not in ("", "None") else None)
    assert same(found.pack_size, case.pack_size), found.pack_size
    assert same(found.unit_count, case.unit_count), found.unit_count
    assert same(found.total_unit, case.total_unit), found.total_unit
    assert same(found.total_amount, case.total), found.total_amount


def test_forty_cases():
    assert len(CASES) == len({case.title for case in CASES}) == 40


def test_columns_and_types(parsed):
    assert (parsed.bullet_count == 2).all()
    assert parsed.bullets[0] == "Good to have.\nSIZE: as stated"
    assert parsed.description[0] == "It is what it says."
    texts = parsed.columns[parsed.dtypes == "str"]
    assert {"item_name", "bullets", "description", "unit", "total_unit", "brand"} <= set(texts)
    assert parsed.select_dtypes("number").shape[1] == parsed.shape[1] - len(texts)
    assert parsed.numbers[0] == "16.9 12"


def test_a_table_without_rows_has_the_same_types(parsed):
    nothing = parse_catalog([])
    assert nothing.dtypes.to_dict() == parsed.dtypes.to_dict()


def test_rows_do_not_know_of_each_other(parsed):
    alone = pd.concat([parse_catalog([text_of(case)]) for case in CASES], ignore_index=True)
    pd.testing.assert_frame_equal(alone, parsed)


def test_keeps_the_index_of_a_series():
    texts = pd.Series(["Item Name: A\n", None], index=[7, 3])
    assert parse_catalog(texts).index.tolist() == [7, 3]


def test_title_and_description_alone():
    text = "Item Name: Solvo Bath Towels | Set of 2, (Teal)\nProduct Description: home > Linen"
    found = parse_catalog([text]).iloc[0]
    assert (found.item_name, found.pack_size) == ("Solvo Bath Towels | Set of 2, (Teal)", 2)
    assert (found.description, found.bullet_count) == ("home > Linen", 0)
    assert pd.isna(found.value) and found.value_fault == "missing" and pd.isna(found.unit)


LAYOUTS = [
    ("no labels at all", ("no labels at all", (), "", None, None)),
    ("", ("", (), "", None, None)),
    (None, ("", (), "", None, None)),
    (3.5, ("", (), "", None, None)),
    ("before Item Name\nItem Name: after", ("before Item Name after", (), "", None, None)),
    ("Item Name: A\r\nBullet Point: b\r\nValue: 2.0\r\nUnit: oz\r\n",
     ("A", ("b",), "", "2.0", "oz")),
    ("item name:A\nBULLET POINTS 2 : b\nunit: oz", ("A", ("b",), "", None, "oz")),
    ("Item Name: A\nBullet Point 1:\nBullet Point 2: b", ("A", ("b",), "", None, None)),
    ("Product Description: one\ntwo\nValue: 1", ("", (), "one two", "1", None)),
    # Only the last line with a label counts.
    ("Item Name: A\nProduct Description: x\nValue: great!\nmore\nValue: 3.0\nUnit: oz\n",
     ("A", (), "x Value: great! more", "3.0", "oz")),
    ("Product Description: <p><b>Old &amp; new</b></p> 3 < 4 & 5",
     ("", (), "Old & new 3 < 4 & 5", None, None)),
    ("Item Name: \ud800A", ("\ufffdA", (), "", None, None)),
    ("Item Name: A\nUnit: oz\nValue: 4\nnot the value", ("A", (), "", "4", "oz")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "fields"), LAYOUTS)
def test_fields(text, fields):
    assert tuple(split_fields(text)) == fields


pieces = st.sampled_from(
    ["Item Name:", "Value:", "Unit:", "Bullet Point 3:", "Product Description:", "\n", " ", "nan"]
    + ["of", "1/0", "1/2", "½", "oz", "fl oz", "case", "per", "x", "12", "0", "-1", "1e999", "٣"]
    + ["9" * 5000, "(", "--", "dozen", "İ", "\x00", "\ud800", "<p", "&#x110000;", "²", ",", "pack"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.text(), st.none(), st.lists(pieces, max_size=30).map(" ".join))))
def test_never_raises_and_never_makes_a_number_that_is_none(texts):
    table = parse_catalog(texts)
    assert len(table) == len(texts)
    for name in ("value", "base_amount", "item_amount", "pack_size", "unit_count", "total_amount"):
        numbers = table[name].dropna()
        assert np.isfinite(numbers).all() and (numbers > 0).all(), name
    assert table.bullet_count.ge(0).all() and table.item_name.notna().all()


@pytest.mark.parametrize(
    "unit", ["9", "9,", "1/", "pack of ", "1 oz x ", "<a", "a ", "1 a a ", "-- "]
)
def test_long_texts_take_no_time(unit):
    text = "Item Name: " + unit * (500_000 // len(unit))
    started = time.process_time()  # whatever else the machine does
    parse_catalog([text])
    assert time.process_time() - started < 10

"""Price texts, one by one."""

import numpy as np
import pandas as pd
import pytest

from podium.pricing.prices import read_prices

PLAIN = [
    ("12.5", 12.5),
    ("12", 12),
    ("5.", 5),
    (".5", 0.5),
    ("+5", 5),
    ("1e3", 1000),
    ("1.234", 1.234),
]
REPAIRED = [
    ("  12.5 ", 12.5),
    ("$12.50", 12.5),
    ("12.50 USD", 12.5),
    ("us$ 3", 3),
    ("$1,299.00", 1299),
    ("1,234", 1234),
    ("1,23,456.50", 123456.5),
    ("1 234.5", 1234.5),
    ("1'234", 1234),
    ("12,99", 12.99),
    ("1.234,50", 1234.5),
    ("１２", 12),
    ("12.5\u00a0$", 12.5),
]
FAULTY = [
    *[(text, "missing") for text in ("", "  ", "nan", "None", "N/A", "--", None, float("nan"))],
    *[(text, "unreadable") for text in ("free", "(5)", "1,2345", "1,,2", "1.2.3", "0x10", "1_000")],
    *[(text, "unreadable") for text in ("$", "2 for 5", "5-7", "٣", "1,23,45", "12.99 each")],
    *[(text, "other currency") for text in ("€12", "12 EUR", "Rs. 500", "₹1,500", "C$5")],
    *[(text, "infinite") for text in ("inf", "-Infinity", "1e999", np.inf)],
    *[(text, "negative") for text in ("-5", "$-5", "-$5", "-1e12", -3.5)],
    *[(text, "zero") for text in ("0", "0.00", "$0", 0, "1e-400")],
    *[(text, "too small") for text in ("0.001", "1e-300")],
    *[(text, "too large") for text in ("1e12", "1,000,000.01", "1000000000000", 1000001)],
]


@pytest.mark.parametrize(("text", "price"), PLAIN)
def test_plain_numbers_stand(text, price):
    read = read_prices([text])
    assert (read.value[0], read.fault[0], read.repaired[0]) == (price, None, False)


@pytest.mark.parametrize(("text", "price"), REPAIRED)
def test_what_means_one_thing_is_repaired(text, price):
    read = read_prices([text], most=1e6)
    assert (read.value[0], read.fault[0], read.repaired[0]) == (price, None, True)


@pytest.mark.parametrize(("text", "fault"), FAULTY)
def test_everything_else_has_a_fault_and_no_value(text, fault):
    read = read_prices([text], most=1e6)
    assert (read.fault[0], read.repaired[0]) == (fault, False)
    assert np.isnan(read.value[0])


def test_a_column_is_read_as_its_rows_are():
    cases = [text for text, _ in [*PLAIN, *REPAIRED, *FAULTY]]
    column = pd.Series(cases, dtype=object, index=range(7, 7 + len(cases)))
    read = read_prices(column)
    alone = [read_prices([text]) for text in cases]
    np.testing.assert_array_equal(read.value, [each.value[0] for each in alone])
    assert read.fault.tolist() == [each.fault[0] for each in alone]
    assert read.repaired.tolist() == [each.repaired[0] for each in alone]


def test_limits_and_currency_are_parameters():
    assert read_prices(["1000000", "1000000.01"]).fault.tolist() == [None, "too large"]
    assert read_prices(["0.01", "0.009"]).fault.tolist() == [None, "too small"]
    rupees = read_prices(["Rs. 500", "$5", "₹ 1,500"], signs=("₹", "Rs", "Rs."))
    assert rupees.fault.tolist() == [None, "other currency", None]
    assert rupees.value[[0, 2]].tolist() == [500, 1500]
    assert len(read_prices([]).value) == 0
    assert read_prices(pd.Series([1.5, 2.0])).value.tolist() == [1.5, 2.0]
    with pytest.raises(ValueError, match="rising"):
        read_prices(["1"], least=0)

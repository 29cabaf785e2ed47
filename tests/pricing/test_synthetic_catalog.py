"""The generated catalogue: its layout, its distribution, its planted prices, its bytes."""

import re

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from podium.pricing.catalog_text import parse_catalog
from podium.pricing.metrics import smape
from podium.pricing.smape_objective import start_score
from podium.pricing.synthetic import SyntheticCatalog, generate_rows

LAYOUT = re.compile(
    r"Item Name: [^\n]+\n(?:Bullet Point(?: \d+)?: [^\n]+\n)*(?:Product Description: [^\n]+\n)?"
    r"Value: (?:\d+\.\d+|nan)\nUnit: [^\n]+\n"
)


@pytest.fixture(scope="module")
def rows():
    return generate_rows(SyntheticCatalog(4000, 2000), 5)


@pytest.fixture(scope="module")
def parsed(rows):
    return parse_catalog(rows[0].table.catalog_content)


def test_the_same_seed_gives_the_same_rows_on_any_number_of_threads():
    made = []
    for threads, seed in ((1, 3), (2, 3), (1, 4)):
        with threadpool_limits(threads):
            parts = generate_rows(SyntheticCatalog(300, 200), seed)
        made.append(pd.concat([part.table for part in parts], ignore_index=True))
    pd.testing.assert_frame_equal(made[0], made[1])
    assert (made[0]["price"] != made[2]["price"]).mean() > 0.9
    assert list(made[0]) == ["sample_id", "catalog_content", "image_link", "price"]
    assert len(made[0]) == 500 and made[0]["sample_id"].is_unique


def test_layout(rows):
    for part in rows:
        for text in part.table.catalog_content:
            assert LAYOUT.fullmatch(text), text
    texts = rows[0].table.catalog_content
    assert texts.str.contains("\nBullet Point: ").mean() == pytest.approx(0.1, abs=0.02)
    assert texts.str.contains("\nBullet Point 1: ").mean() == pytest.approx(0.66, abs=0.03)
    assert texts.str.contains("\nProduct Description: ").mean() == pytest.approx(0.45, abs=0.03)
    assert texts.str.len().mean() == pytest.approx(880, rel=0.1)
    links = rows[0].table.image_link
    assert links.str.fullmatch(r"https://m\.media-amazon\.com/images/I/71[0-9A-F]{10}L\.jpg").all()


def test_prices_are_distributed_as_the_competitions(rows):
    prices = pd.concat([part.table.price for part in rows])
    found = prices.quantile([0.01, 0.25, 0.5, 0.75, 0.99]).to_numpy()
    # Of 6,000 prices 60 lie above the last one.
    assert (
        abs(found / [1.33, 6.79, 13.99, 28.36, 145.2] - 1) < [0.12, 0.06, 0.06, 0.06, 0.2]
    ).all()
    assert prices.mean() == pytest.approx(23.5, rel=0.08)
    assert prices.between(0.13, 2796).all()
    np.testing.assert_allclose(prices * 100, (prices * 100).round(), atol=1e-6)
    assert ((prices * 100).round() % 100 == 99).mean() == pytest.approx(0.2, abs=0.04)


def test_a_constant_is_poor_and_the_plan_is_good(rows):
    train, test = rows
    constant = np.expm1(start_score(np.log1p(train.table.price)))
    assert smape(test.table.price, np.full(2000, constant)) == pytest.approx(72, abs=2.5)
    assert 34 < smape(test.table.price, np.exp(test.expected)) < 40


def test_brand_category_and_quantity_carry_the_price(rows, parsed):
    """What a reader of the text can know: each part on its own lowers what is left to explain."""
    train = rows[0]
    left = np.log(train.table.price.to_numpy())
    spread = [left.std()]
    amount = np.log(parsed.total_amount.fillna(1.0).to_numpy())
    for name in ("category", "brand"):
        key = train.category if name == "category" else parsed.brand.fillna("").to_numpy()
        left = left - pd.Series(left).groupby(key).transform("mean").to_numpy()
        spread.append(left.std())
        if name == "category":
            amount = amount - pd.Series(amount).groupby(key).transform("mean").to_numpy()
            left = left - amount * (amount @ left) / (amount @ amount)
            spread.append(left.std())
    assert (np.diff(spread) < -0.05).all()
    assert 0.3 < (amount @ np.log(train.table.price)) / (amount @ amount) < 0.8


def test_units_in_a_pack_are_cheaper():
    quiet = SyntheticCatalog(6000, 10, product_noise=0.0, listing_noise=0.0)
    made = generate_rows(quiet, 2)[0]
    price = made.table.price / made.pack_size
    mean = np.log(price).groupby(made.pack_size).mean()
    assert mean[12] < mean[6] < mean[2] < mean[1]
    slope = np.polyfit(np.log(made.pack_size), np.log(made.table.price), 1)[0]
    assert slope == pytest.approx(0.53, abs=0.06)


def test_near_duplicates_have_close_prices_and_lie_on_both_sides(rows):
    train, test = rows
    log_price = np.log(train.table.price.to_numpy()) - train.expected
    table = pd.DataFrame({"product": train.product, "left": log_price})
    within = table.groupby("product").left.transform("std").dropna()
    assert 0.3 < len(within) / len(table) < 0.6
    assert within.mean() < 0.2 and log_price.std() > 0.4
    first = train.table.catalog_content.groupby(train.product).first()
    assert first.is_unique
    assert 0.02 < train.table.catalog_content.duplicated().mean() < 0.06
    # The test is drawn from the same catalogue.
    assert 0.03 < test.table.catalog_content.isin(train.table.catalog_content).mean() < 0.09
    assert 0.25 < np.isin(test.product, train.product).mean() < 0.5
    both = pd.concat([train.table, test.table])
    same = both.groupby("catalog_content").image_link.nunique()
    assert (same == 1).all()


def test_the_parser_reads_what_was_planted(rows, parsed):
    packs = rows[0].pack_size
    several = packs > 1
    assert (parsed.pack_size.to_numpy()[several] == packs[several]).mean() > 0.99
    stated = ~rows[0].table.catalog_content.str.contains("\nValue: nan")
    assert parsed.value[stated].notna().all() and parsed.base_amount[stated].notna().all()
    assert parsed.value_fault[~stated].eq("missing").all()


@pytest.mark.parametrize(
    "changes",
    [{"rows_test": 0}, {"rows_train": 0}, {"repeated": 1.0}, {"product_noise": 1.2}],
)
def test_impossible_catalogues_are_refused(changes):
    with pytest.raises(ValueError):
        SyntheticCatalog(**{"rows_train": 5, "rows_test": 5, **changes})


@pytest.mark.parametrize("size", [(1, 1), (3, 2)])
def test_tiny_catalogues(size):
    train, test = generate_rows(SyntheticCatalog(*size), 0)
    assert (len(train.table), len(test.table)) == size

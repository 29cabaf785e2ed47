"""Packs and pieces as a reader counts them."""

import pytest

from podium.pricing.pack_size import pack_size_of, title_pack_sizes

TITLES = [
    # title, packs, pieces, pack size
    ("Tea (Pack of 6)", 6, None, 6),
    ("Tea (12 Count)", None, 12, 12),
    ("Tea 6-Pack", 6, None, 6),
    ("Soda 6 x 330ml", 6, None, 6),
    ("Soup Case of 24", 24, None, 24),
    ("Wipes 2 pk", 2, None, 2),
    ("Towels Set of 3", 3, None, 3),
    ("Bars Twin pack", 2, None, 2),
    ("Beer six pack", 6, None, 6),
    ("Beer pack of twelve", 12, None, 12),
    ("Bagels, 2 dozen", None, 24, None),
    ("Buns, half dozen", None, None, None),
    ("Cans 12/case 8oz", 12, None, 12),
    ("Cups, 100 / Carton", 100, None, 100),
    ("Sweets 21.5 OZ (3)", 3, None, 3),
    ("Jelly, 12/1 OZ, Pack of 4", 4, 12, 4),
    ("Bars, 2-Bar Pouches, 49 Count", None, 49, 49),
    ("Box of 15 rolls, 24 boxes per case", 24, 15, 24),
    ("Drink, 6-pack of 12 oz cans", 6, None, 6),
    ("One pack of 24 bars", 24, None, 24),
    ("Pods 20 Pack (20-Pack)", 20, None, 20),
    ("12 Count (Pack of 12)", 12, 12, 12),
    ("Pack of 12 (12 Count)", 12, None, 12),
    ("1 Case (12 Pack)", 12, None, 12),
    ("Towels, 30 Packs per Case, 150 M-Fold towels per Pack", 30, 150, 30),
    ("Gum 2,000 pcs", None, 2000, 2000),
    ("Cake, 5 Pound -- 1 each.", 1, None, 1),
    ("Water, pallet of 60, 24 bottles per case", 60, 24, 60),
    ("Bread – 6 Pack", 6, None, 6),
]
NOTHING = [
    "Tea", "Family Pack", "Variety Pack 4.4 Lbs", "Pack of 12 oz bags", "Shrimp 26-30 Count",
    "Case for iPhone 12 Case", "#10 Can", "Model B12 Pack", "100% Pack", "99999 Count",
    "Pie 1/2 lb", "Set of 1.5 oz",
]  # fmt: skip


@pytest.mark.parametrize(("title", "packs", "pieces", "pack_size"), TITLES)
def test_by_hand(title, packs, pieces, pack_size):
    found = pack_size_of(title)
    assert (found.packs, found.pieces, found.pack_size) == (packs, pieces, pack_size)


@pytest.mark.parametrize("title", NOTHING)
def test_nothing_is_said(title):
    found = pack_size_of(title)
    assert (found.packs, found.pieces, found.pack_size) == (None, None, None)


def test_table():
    table = title_pack_sizes(["Tea (Pack of 6)", "Tea", "Tea 20 ct (Pack of 2)"])
    assert table.dtypes.eq("float64").all()
    assert table.pack_size.tolist()[::2] == [6, 2]
    assert table.unit_count.isna().tolist() == [True, True, False]
    assert table.packs.isna().tolist() == [False, True, False]

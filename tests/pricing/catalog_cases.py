"""Forty texts worked out by hand: invented products in the forms that real sellers use.

Below each title stand the texts of `Value:` and `Unit:`, and what a reader takes from them: the
pack size, the pieces of each pack, and the whole content; "-" for what is not said.
"""

from typing import NamedTuple

#: International avoirdupois ounce in gram, US fluid ounce in millilitre.
TOTALS = {
    "oz": ("gram", 28.349523125),
    "fl oz": ("millilitre", 29.5735295625),
    "count": ("count", 1),
}

TABLE = """
# The value is the whole content.
Brindo Citrus Water, Zero Sugar, 16.9oz (Pack of 12)
    202.8 Fl Oz | 12 | - | 202.8 fl oz
Kelmar Tamarind Sauce 5 Fl Oz (Pack of 4)
    20.0 Fl Oz | 4 | - | 20 fl oz
Ostra Sour Drops, 2-Ounce Bags (Pack of 48)
    96.0 oz | 48 | - | 96 oz
Moss Lane Apricot Leather 4 oz. - 3 Pack
    12.0 ounce | 3 | - | 12 oz
Tarvel Sesame Sticks - 4.4 oz - 12 pk
    52.8 Ounce | 12 | - | 52.8 oz
GLENORA PASTE RED, 4 OZ, PK- 12
    48.0 Ounce | 12 | - | 48 oz
Fenwick Berry Enhancer, 2.0 fl oz x 5 Bottles for Kids
    10.0 Fl Oz | 5 | - | 10 fl oz
Orlo Vinegar Gift Set - 10 x 8.45 fl oz (10 x 250 ml)
    84.5 Fl Oz | 10 | - | 84.5 fl oz
Hadley Barley Flour, 25 lbs Bulk, Non-GMO
    400.0 Ounce | - | - | 400 oz
Vintra Rosemary Oil - 1 Gallon Jug
    128.0 Fl Oz | - | - | 128 fl oz
Corvane Fig Vinegar 12.7 Ounce (6 Bottles)
    76.2 Ounce | 6 | - | 76.2 oz
Pellam Garlic, Sweet, 2-14 Ounce Jars
    28.0 Ounce | 2 | - | 28 oz
Sunder Nib Bar, 1/2 oz, 24-Count
    12.0 Ounce | 24 | 24 | 12 oz
Ruvo Ginger Shots, .6 fl oz (4 Packs of 50)
    120.0 Fl Oz | 4 | 50 | 120 fl oz
Palmera Spring Water Pallet of 60 Cases, 24 16.9oz bottles per Case
    24336.0 Fl Oz | 60 | 24 | 24336 fl oz
# The value is the content of one unit.
Dorrin Energy Shots | Berry - 1.93 fl oz - Pack Of 48
    1.93 Fl Oz | 48 | - | 92.64 fl oz
Haverly Mixed Nut, 2.25 Ounce -- 72 per case.
    2.25 Ounce | 72 | - | 162 oz
Lintel Bitter Malt Drink, Case of 6, Dry, 23.7 Fl Oz x 6
    23.7 Fl Oz | 6 | - | 142.2 fl oz
Wrenfield Puree Powder | For Drinks - 2.2 Pounds (Pack of 20).
    35.2 Ounce | 20 | - | 704 oz
Quill Herb Tea Bags (80) - Pack of 6
    80.0 Count | 6 | 80 | 480 count
# The value is the number of units.
Norbeck Cider (6/25.4 oz)
    6.0 Count | 6 | - | 152.4 oz
Elmsted Green Chiles - 26 oz. can, 12 cans per case
    12.0 Count | 12 | - | 312 oz
Salvo Salsa, Medium, 1 Gallon -- 4 Case
    4.0 Count | 4 | - | 512 fl oz
Marnock Sauce Base ( 6x106 OZ) ( Bulk Multi-pack)18
    6.0 Count | 6 | - | 636 oz
Trellis Clean Tail Shrimp 16/20 Count, 3 Pound - 4 per case.
    4.0 Count | 4 | - | 192 oz
Icebrook Slush Mix - One Case (Six 1/2 Gal Bottles)
    1.0 Count | 6 | - | 384 fl oz
Grovel Juice Concord,32-ounces (Pack of4)
    4.0 Count | 4 | - | 128 oz
Piper Guacamole Mix, 4.5 Ounce Packet (Pack of 8) Pack of 2
    16.0 Count | 16 | - | 72 oz
Cosette - Lupin Beans, (1)- 32 oz. Jar
    1.0 Count | 1 | - | 32 oz
# Counts on two levels.
Plum Haze Oolong Tea (50 tea bags, ZIN: 100617) - 2 Pack
    100.0 Count | 2 | 50 | 100 count
Mentara Pure Gum - 10 count box, 12 boxes per case
    120.0 Count | 12 | 10 | 120 count
Rolland Hoagie, 5 inch - 6 per pack -- 9 packs per case.
    54.0 Count | 9 | 6 | 54 count
Verity K-Cups, 24 CT Pods Per Box (Pack of 3 Boxes)
    72.0 Count | 3 | 24 | 72 count
Bonvale Discs (5 Boxes of 8 T-Discs) {Imported}
    40.0 Count | 5 | 8 | 40 count
# What is no size, no pack, or no value.
Whey Lift | Orange | 10g of Protein, 130mg Caffeine, B12 | 12 Count
    12.0 Count | 12 | 12 | 12 count
Ironmill Shed 6' x 12' x 8' All Season, 5G Hub
    nan None | - | - | -
Painted Roses 50 cm - 100 Stems
    nan None | - | 100 | -
Alder Beef Sticks, 24 Pack, 1 oz, Gluten Free
    nan None | 24 | - | 24 oz
Tarragon Leaves by Its Meadow, 20 lbs
    20.0 Ounce | - | - | 20 oz
Coffee Pods, Dark Roast, Single Cup, 14/Box
    1.0 - | 14 | - | -
"""


class Case(NamedTuple):
    title: str
    value: str
    unit: str
    pack_size: float | None
    unit_count: float | None
    total: float | None
    total_unit: str | None


def _case(title: str, line: str) -> Case:
    value, packs, pieces, total = (part.strip() for part in line.split("|"))
    number, _, unit = value.partition(" ")
    amount, _, total_unit = total.partition(" ")
    counts = [None if each == "-" else float(each) for each in (packs, pieces)]
    base, factor = TOTALS.get(total_unit, (None, 1))
    whole = None if base is None else float(amount) * factor
    return Case(title, number, "" if unit == "-" else unit, *counts, whole, base)


_LINES = [line for line in TABLE.strip().splitlines() if not line.startswith("# ")]
CASES = [_case(title, line) for title, line in zip(_LINES[::2], _LINES[1::2], strict=True)]


def text_of(case: Case) -> str:
    """The case in the layout of the competition."""
    return (
        f"Item Name: {case.title}\nBullet Point 1: Good to have.\n"
        f"Bullet Point 2: SIZE: as stated\nProduct Description: It is what it says.\n"
        f"Value: {case.value}\nUnit: {case.unit}\n"
    )

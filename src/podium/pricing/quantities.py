"""Units of measure, and the sizes that a product title states.

Factors are exact by definition: the international avoirdupois pound is 0.45359237 kg, the inch
25.4 mm, and the US gallon 231 cubic inches (NIST Handbook 44, appendix C). Sizes of packaged food
in the US are avoirdupois and US customary; imperial pints and gallons are not told apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

GRAM, MILLILITRE, COUNT = "gram", "millilitre", "count"
METRE, SQUARE_METRE = "metre", "square metre"
#: Bases that say how much of a product there is; a length in a title is a dimension.
CONTENT_BASES = (GRAM, MILLILITRE)

OUNCE = 28.349523125
FLUID_OUNCE = 29.5735295625
#: A number of ounces read as fluid ounces instead; both in their base.
FLUID_PER_OUNCE = FLUID_OUNCE / OUNCE

#: A Value of more units than this is a slip: the largest pallets hold some ten thousand ounces.
MOST_UNITS = 1e6


#: Titles are looked at so far; a longer one would only cost time.
MOST_CHARACTERS = 1000


class Unit(NamedTuple):
    """What one unit is.

    Attributes:
        base: The base that it is counted in.
        factor: How much of the base it is.
    """

    base: str
    factor: float


#: Each unit with the ways in which catalogues spell it, without plural s, dots and capitals.
_SPELLINGS: dict[Unit, tuple[str, ...]] = {
    Unit(GRAM, 1e-3): ("mg", "milligram"),
    # Sellers write gr for gram; as grain it would be 0.0648 g.
    Unit(GRAM, 1.0): ("g", "gr", "gm", "gram", "gramm", "gramme"),
    Unit(GRAM, 1000.0): ("kg", "kgm", "kilo", "kilogram", "kilogramm", "kilogramme"),
    Unit(GRAM, OUNCE): ("oz", "ounce", "onz", "onza", "ozs"),
    Unit(GRAM, 16 * OUNCE): ("lb", "lbs", "pound"),
    Unit(MILLILITRE, 1.0): ("ml", "mililiter", "milliliter", "millilitre", "cc"),
    Unit(MILLILITRE, 10.0): ("cl", "centiliter", "centilitre"),
    Unit(MILLILITRE, 100.0): ("dl", "deciliter", "decilitre"),
    Unit(MILLILITRE, 1000.0): ("l", "lt", "ltr", "liter", "litre"),
    Unit(MILLILITRE, FLUID_OUNCE): (
        "fl oz",
        "fl ozs",
        "floz",
        "fl ounce",
        "fluid oz",
        "fluid ounce",
        "foz",
        "fz",
    ),
    Unit(MILLILITRE, 16 * FLUID_OUNCE): ("pt", "pint"),
    Unit(MILLILITRE, 32 * FLUID_OUNCE): ("qt", "quart"),
    Unit(MILLILITRE, 128 * FLUID_OUNCE): ("gal", "gallon"),
    Unit(METRE, 1e-3): ("mm", "millimeter", "millimetre"),
    Unit(METRE, 1e-2): ("cm", "centimeter", "centimetre"),
    Unit(METRE, 1.0): ("m", "meter", "metre"),
    Unit(METRE, 0.0254): ("in", "inch", "inche"),
    Unit(METRE, 0.3048): ("ft", "foot", "feet"),
    Unit(METRE, 0.9144): ("yd", "yard"),
    Unit(SQUARE_METRE, 1.0): ("sq m", "square meter", "square metre"),
    Unit(SQUARE_METRE, 0.0254**2): ("sq in", "square inch", "square inche"),
    Unit(SQUARE_METRE, 0.3048**2): ("sq ft", "square foot", "square feet"),
    Unit(COUNT, 12.0): ("dozen", "dz"),
    # What is counted is not told apart: four jars are four.
    Unit(COUNT, 1.0): (
        *("count", "ct", "cnt", "each", "ea", "unit", "piece", "pc", "item", "set", "kit"),
        *("pack", "pk", "pkg", "packet", "package", "sachet", "stick", "bar", "roll", "sheet"),
        *("bag", "tea bag", "teabag", "box", "boxe", "carton", "case", "can", "tin", "jar"),
        *("bottle", "pouch", "pouche", "bucket", "tub", "jug", "k-cup", "pod", "capsule"),
        *("tablet", "gummy", "gummie", "stem", "serving", "loaf", "tray", "canister"),
    ),
}

#: A number with decimals or thousands, a decimal comma, or a fraction.
NUMBER = (
    r"\d+[ -]\d{1,2}/\d{1,2}|\d+/\d{1,3}(?![\d.])|\d*[½¼¾⅓⅔]"
    r"|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+,\d{1,2}|\d*\.\d+|\d+"
)
_FRACTIONS = {"½": 1 / 2, "¼": 1 / 4, "¾": 3 / 4, "⅓": 1 / 3, "⅔": 2 / 3}
#: Other denominators are no part of a unit: "4/5 lb" is four of five pounds.
_DENOMINATORS = (2, 3, 4, 8, 16)


def _tidy_unit(text: str) -> str:
    """A spelling without capitals, dots and the marks of a plural."""
    tidy = " ".join(text.casefold().replace(".", " ").replace("(s)", "").split())
    return tidy.removeprefix("us ")


def _by_spelling() -> dict[str, Unit]:
    made = {}
    for unit, spellings in _SPELLINGS.items():
        for spelling in spellings:
            made[spelling] = unit
            made[spelling + "s"] = unit
    return made


_UNITS = _by_spelling()


def unit_named(text: str | None) -> Unit | None:
    """The unit of a `Unit:` line, or none if the text names no unit that is known for sure."""
    return None if not isinstance(text, str) else _UNITS.get(_tidy_unit(text))


def is_fraction(upper: int, lower: int) -> bool:
    """Whether "upper/lower" in front of a unit is a fraction, and not a number of sizes."""
    return upper < lower and lower in _DENOMINATORS


def number_of(text: str) -> float:
    """The number that a text matching `NUMBER` stands for.

    A fraction with another denominator than 2, 3, 4, 8 or 16, or above one, counts as its lower
    number: "24/8 oz" are boxes of eight ounces.
    """
    if text[-1] in _FRACTIONS:
        return float(text[:-1] or 0) + _FRACTIONS[text[-1]]
    if "/" in text:
        whole, _, fraction = text.replace("-", " ").rpartition(" ")
        upper, lower = (int(part) for part in fraction.split("/"))
        return float(whole or 0) + upper / lower if is_fraction(upper, lower) else float(lower)
    if re.fullmatch(r"\d+,\d{1,2}", text):
        return float(text.replace(",", "."))
    return float(text.replace(",", ""))


def _alternatives(spellings: Sequence[str]) -> str:
    ordered = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
    parts = (r"\.?[ -]?".join(map(re.escape, spelling.split())) for spelling in ordered)
    return "|".join(parts)


#: Units of content as they stand in running text; milligrams there are doses, not sizes.
SIZE_UNIT = (
    "(?:"
    + _alternatives(
        [name for name, unit in _UNITS.items() if unit.base in CONTENT_BASES and unit.factor >= 1]
    )
    + r")(?![\w])"
)
#: A size may follow "6x", "6/" and "6-" but no letter, and no other part of a number.
SIZE = (
    r"(?:(?<![\w.,/#$])|(?<=\dx)|(?<=\d×)|(?<=\d/)|(?<=[a-z][,/]))"
    rf"({NUMBER})\s?[-–]?\s?({SIZE_UNIT})"
)
_SIZE = re.compile(SIZE)
_DOSE = re.compile(
    r"\.?\s*(?:per (?:serving|scoop|bar)\b|(?:of\s+)?(?:[\w-]+\s+){0,2}?"
    r"(?:protein|(?:net\s+)?carbs?|carbohydrates?|sugars?|fib(?:er|re)|fat|collagen|caffeine|sodium"
    r"|bcaas?|eaas?|l-\w+|creatine|leucine|omega|cbd|electrolytes)\b)"
)
#: More is a pack of the powder itself.
_MOST_DOSE = 40.0
_GENERATION = re.compile(r"[2-6]G\b")


class Size(NamedTuple):
    """A size as a title states it.

    Attributes:
        amount: In the base.
        base: `GRAM` or `MILLILITRE`.
        ounces: Whether it says ounces, which for a liquid are fluid ounces.
    """

    amount: float
    base: str
    ounces: bool


def first_size(title: str) -> Size | None:
    """The first mass or volume in a title; none without one.

    What is a dose ("20 g protein") or a mobile network ("5G") is passed over.
    """
    title = title[:MOST_CHARACTERS]
    lower = _lowered(title)
    for found in _SIZE.finditer(lower):
        unit = _UNITS[_tidy_unit(found[2].replace("-", " "))]
        number = number_of(found[1])
        if not 0 < number <= MOST_UNITS:
            continue
        if unit == Unit(GRAM, 1.0):
            dose = number <= _MOST_DOSE and _DOSE.match(lower, found.end())
            if dose or _GENERATION.match(title, found.start()):
                continue
        return Size(number * unit.factor, unit.base, unit == Unit(GRAM, OUNCE))
    return None


def _lowered(text: str) -> str:
    """Lower case with every character at its place."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(each.lower()[0] for each in text)


def title_sizes(titles: Sequence[str]) -> pd.DataFrame:
    """The first size of each title.

    Returns:
        A row per title: `item_amount` (float64, null without a size), `item_unit` (its base) and
        `in_ounces` (bool).
    """
    import pandas as pd

    found = [first_size(title) for title in titles]
    return pd.DataFrame(
        {
            "item_amount": np.array([size.amount if size else np.nan for size in found], float),
            "item_unit": pd.array([size.base if size else None for size in found], dtype="str"),
            "in_ounces": np.array([size is not None and size.ounces for size in found], bool),
        }
    )


def read_value(text: str | None) -> tuple[float, str | None]:
    """The number of a `Value:` line.

    Returns:
        The number, null where it cannot be used, and why: "missing", "unreadable", "not positive",
        "too large", or none.
    """
    plain = (text or "").strip().casefold()
    if plain in {"", "nan", "none", "null", "n/a", "-", "--", "---"}:
        return math.nan, "missing"
    if not re.fullmatch(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:e[+-]?\d{1,3})?", plain):
        return math.nan, "unreadable"
    try:
        number = float(plain.replace(",", ""))
    except ValueError:
        return math.nan, "unreadable"
    if not number > 0:
        return math.nan, "not positive"
    return (math.nan, "too large") if number > MOST_UNITS else (number, None)


def base_amounts(values: Floats, units: Sequence[str | None]) -> pd.DataFrame:
    """Values in the base of their unit.

    Args:
        values: Shape (n,); null where there is none.
        units: Texts of the `Unit:` lines, length n.

    Returns:
        A row each: `base_amount` (float64, null where value or unit is not known) and `base_unit`
        (null where the unit is not known).
    """
    import pandas as pd

    known = {text: unit_named(text) for text in set(units)}
    factors = [unit.factor if (unit := known[text]) else np.nan for text in units]
    bases = [unit.base if (unit := known[text]) else None for text in units]
    return pd.DataFrame(
        {
            "base_amount": np.asarray(values, float) * np.array(factors, float),
            "base_unit": pd.array(bases, dtype="str"),
        }
    )

"""Catalogue texts of generated products, in the layout and with the habits of the competition's.

Shares (how many bullet points, how often a description, which spelling of a unit, what the value
means) are those of a small sample of real texts; the words are not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.pricing.synthetic_products import Products, World
from podium.pricing.synthetic_vocabulary import (
    BULLETS,
    CATEGORIES,
    COUNT,
    DESCRIPTIONS,
    FLAVOURS,
    FLUID_OUNCE,
    MARKETING,
    OUNCE,
    QUALITIES,
    Category,
)

Ints = NDArray[np.int64]

_BULLET_SHARES = np.array([23.5, 10, 1.5, 5, 4.5, 48, 4.5, 2, 0.5, 0.5]) / 100
_LONG_TITLE_SHARE, _DESCRIPTION_SHARE, _TAGGED_SHARE = 0.3, 0.45, 0.05
_MOST_SENTENCES = 12
#: One bullet point in so many goes on with a sentence of the description.
_LONGER = 2
_UNIT_NAMES = {
    OUNCE: ("Ounce", "Ounce", "Ounce", "Ounce", "Ounce", "Ounce", "Ounce", "Ounce", "ounce", "oz"),
    FLUID_OUNCE: ("Fl Oz",) * 8 + ("Fluid Ounce", "fl oz"),
    COUNT: ("Count",) * 8 + ("count", "ct"),
}
_SIZE_NAMES = {
    OUNCE: ("{} Ounce", "{} oz", "{}oz", "{} OZ", "{}-Ounce"),
    FLUID_OUNCE: ("{} Fl Oz", "{} fl oz", "{}oz", "{} Fluid Ounce", "{} FL OZ"),
    COUNT: ("{} Count", "{} ct", "{} Count", "{} Ct", "{}-Count"),
}
_PACK_NAMES = (
    *(" (Pack of {})", " (Pack of {})", " (Pack of {})", " ({} Pack)", ", Pack of {}"),
    *(" - {} Pack", " -- {} per case.", " ({}-Pack)", " (Case of {})", " - {} Pk"),
)
#: What the value says: the whole content, that of one unit, the number of units, or nothing.
_VALUE_SHARES = (0.78, 0.08, 0.12, 0.02)
_WHOLE, _ONE, _PACKS, _NOTHING = range(4)


def catalog_texts(world: World, products: Products, rng: np.random.Generator) -> list[str]:
    """A text per listing; listings of the same variant of a product share theirs.

    Args:
        world: Names of the brands.
        products: n listings.
        rng: Draws.

    Returns:
        n texts: `Item Name:`, `Bullet Point 1:` and so on, `Product Description:`, `Value:` and
        `Unit:`, each on a line of its own that ends with a line feed.
    """
    rows = len(products.product)
    # What a text does not tell is drawn per row, and taken from the first row with that text.
    draws = rng.integers(0, 1 << 30, (rows, 16))
    bullets = rng.choice(len(_BULLET_SHARES), size=rows, p=_BULLET_SHARES)
    values = rng.choice(len(_VALUE_SHARES), size=rows, p=_VALUE_SHARES)
    described = rng.random(rows) < _DESCRIPTION_SHARE
    made: dict[tuple[int, int], str] = {}
    texts = []
    columns = zip(products.product.tolist(), products.variant.tolist(), strict=True)
    for row, key in enumerate(columns):
        if key not in made:
            listing = _Listing(world, products, row, draws[row].tolist())
            made[key] = "".join(
                (
                    f"Item Name: {listing.title()}\n",
                    *listing.bullet_lines(int(bullets[row])),
                    listing.description_line() if described[row] else "",
                    listing.value_lines(int(values[row])),
                )
            )
        texts.append(made[key])
    return texts


class _Listing:
    """One listing and the draws that shape its text."""

    def __init__(self, world: World, products: Products, row: int, draws: list[int]) -> None:
        self.category: Category = CATEGORIES[products.category[row]]
        self.brand = world.brands[products.brand[row]]
        self.noun = self.category.nouns[products.noun[row]]
        self.flavour = FLAVOURS[self.category.flavours][products.flavour[row]]
        names = [*QUALITIES, ""]
        self.qualities = [names[place] for place in products.quality[row] if names[place]]
        self.size, self.pack = float(products.size[row]), int(products.pack[row])
        self.draws = draws

    def title(self) -> str:
        """Brand, what it is, its size and pack, and sometimes more."""
        what = " ".join([*self.qualities, self.flavour, self.noun])
        form = self.draws[0] % 10
        if form == 0:
            what = f"{self.noun}, {self.flavour}" + "".join(f", {each}" for each in self.qualities)
        size = self._pick(_SIZE_NAMES[self.category.unit], 1).format(_short(self.size))
        pack = self._pick(_PACK_NAMES, 2).format(self.pack) if self.pack > 1 else ""
        if self.pack == 1 and self.draws[3] % 8 == 0:
            pack = " (Pack of 1)"
        joined = (", ", " - ", ", ", " | ", " ")[self.draws[4] % 5]
        title = f"{self.brand} {what}{joined}{size}{pack}"
        if self.draws[5] % 100 < 100 * _LONG_TITLE_SHARE:
            count = 1 + self.draws[6] % 4
            more = [MARKETING[(self.draws[7] + 3 * at) % len(MARKETING)] for at in range(count)]
            title += (" | " if self.draws[4] % 2 else ", ") + ", ".join(more)
        return title

    def bullet_lines(self, count: int) -> list[str]:
        """The bullet points; a single one has no number."""
        chosen = [BULLETS[(self.draws[8] + 5 * at) % len(BULLETS)] for at in range(count)]
        for at in range(self.draws[13] % _LONGER, count, _LONGER):
            chosen[at] += f". {DESCRIPTIONS[(self.draws[14] + at) % len(DESCRIPTIONS)]}"
        if count == 1:
            return [f"Bullet Point: {self._filled(chosen[0])}\n"]
        return [f"Bullet Point {at}: {self._filled(text)}\n" for at, text in enumerate(chosen, 1)]

    def description_line(self) -> str:
        """The description, in a few cases with tags."""
        count = 1 + self.draws[9] % _MOST_SENTENCES
        start = self.draws[10]
        chosen = [DESCRIPTIONS[(start + 4 * at) % len(DESCRIPTIONS)] for at in range(count)]
        text = self._filled(" ".join(chosen))
        if self.draws[11] % 100 < 100 * _TAGGED_SHARE:
            text = f"<p><b>{self.brand}</b></p><p>{text}</p>"
        return f"Product Description: {text}\n"

    def value_lines(self, meaning: int) -> str:
        """The last two lines, with what this seller takes a value to mean."""
        if meaning == _NOTHING:
            return "Value: nan\nUnit: None\n"
        if meaning == _PACKS and self.pack > 1:
            return f"Value: {float(self.pack)}\nUnit: {self._pick(_UNIT_NAMES[COUNT], 12)}\n"
        value = self.size if meaning == _ONE else self.size * self.pack
        unit = self._pick(_UNIT_NAMES[self.category.unit], 12)
        return f"Value: {round(value, 2)}\nUnit: {unit}\n"

    def _filled(self, text: str) -> str:
        return text.format(
            noun=self.noun,
            flavour=self.flavour,
            brand=self.brand,
            container=self.category.container.lower(),
        )

    def _pick(self, choices: tuple[str, ...], draw: int) -> str:
        return choices[self.draws[draw] % len(choices)]


def _short(size: float) -> str:
    return f"{size:g}"

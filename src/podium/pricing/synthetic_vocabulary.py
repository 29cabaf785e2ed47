"""What a generated catalogue speaks of: categories, flavours, phrases, invented brands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

OUNCE, FLUID_OUNCE, COUNT = "ounce", "fluid", "count"


class Category(NamedTuple):
    """A kind of product.

    Attributes:
        nouns: Names of the thing; each has its own price level.
        unit: `OUNCE`, `FLUID_OUNCE` or `COUNT`.
        sizes: Usual sizes of one unit.
        level: Log of the price of one unit of middling size, before the catalogue is scaled.
        elasticity: By how much the log price grows with the log of the size.
        flavours: Which of `FLAVOURS` it comes in.
        container: What one unit is.
    """

    nouns: tuple[str, ...]
    unit: str
    sizes: tuple[float, ...]
    level: float
    elasticity: float
    flavours: str
    container: str


#: Nouns, unit, sizes, level and elasticity, flavours, container: groceries above all, as in the
#: competition, with some dear and some odd things.
_CATEGORIES = """
    Black Tea, Green Tea, Herbal Tea | count | 16 20 25 50 100 | 2 0.6 | tea | Box
    Loose Leaf Tea, Oolong Tea | ounce | 2 4 8 16 | 2.7 0.7 | tea | Pouch
    Ground Coffee, Whole Bean Coffee | ounce | 8 10 12 16 32 80 | 2.6 0.7 | coffee | Bag
    Coffee Pods, Espresso Capsules | count | 10 12 24 40 72 100 | 2.6 0.6 | coffee | Box
    Chocolate Bar, Dark Chocolate | ounce | 0.6 1 1.75 2.25 3.5 5 | 1.3 0.7 | sweet | Bar
    Gummy Candy, Hard Candy, Lollipops | ounce | 3 5 8 16 32 80 | 1.8 0.6 | fruit | Bag
    Chewing Gum, Mints | count | 10 14 50 100 180 | 1.2 0.5 | mint | Box
    Cookies, Shortbread | ounce | 4 5.5 8 10 12 16 24 32 | 1.6 0.6 | sweet | Box
    Crackers, Pretzels | ounce | 4 5.5 8 10 12 16 24 32 | 1.4 0.6 | savoury | Box
    Potato Chips, Tortilla Chips | ounce | 1 1.5 5.5 8 13 | 1.1 0.6 | savoury | Bag
    Protein Bars, Granola Bars | count | 4 5 6 12 18 | 2.4 0.8 | sweet | Box
    Whey Protein Powder, Plant Protein Powder | ounce | 16 32 38 80 | 3.3 0.7 | sweet | Tub
    Hot Sauce, Barbecue Sauce, Pasta Sauce | fluid | 5 12 16 24 128 | 1.7 0.6 | savoury | Bottle
    Salad Dressing, Marinade | fluid | 8 12 16 128 | 1.6 0.6 | savoury | Bottle
    Olive Oil, Avocado Oil | fluid | 8.5 16.9 25.4 33.8 101 | 2.7 0.7 | plain | Bottle
    Balsamic Vinegar, Cider Vinegar | fluid | 8.5 12.7 16.9 32 | 2.1 0.6 | plain | Bottle
    Ground Cinnamon, Black Pepper, Paprika | ounce | 1.5 2.75 4 16 18 80 | 1.8 0.7 | plain | Jar
    Seasoning, Spice Rub | ounce | 2 2.75 5 9 22 | 1.7 0.6 | savoury | Jar
    Sea Salt, Pink Salt | ounce | 8 16 26 80 400 | 1.6 0.5 | plain | Bag
    Raw Honey, Manuka Honey | ounce | 8 12 17.6 32 80 | 2.6 0.8 | plain | Jar
    Maple Syrup, Agave Nectar | fluid | 8 12 16.9 32 | 2.4 0.7 | plain | Bottle
    Coffee Syrup, Cocktail Mixer | fluid | 12 12.7 25.4 33.8 | 2.3 0.6 | fruit | Bottle
    Energy Drink, Sports Drink | fluid | 8 11.5 12 16 16.9 33.8 64 | 1.2 0.5 | fruit | Can
    Sparkling Water, Coconut Water | fluid | 8 11.5 12 16 16.9 33.8 64 | 0.9 0.5 | fruit | Bottle
    Fruit Juice, Lemonade | fluid | 8 11.5 12 16 16.9 33.8 64 | 1.3 0.5 | fruit | Bottle
    Drink Mix, Electrolyte Powder | ounce | 0.5 1.4 5 19 63 | 1.9 0.5 | fruit | Pouch
    Almonds, Cashews, Pistachios, Mixed Nuts | ounce | 1.75 8 16 32 80 400 | 2.4 0.8 | savoury | Bag
    Dried Mango, Raisins, Dried Apricots | ounce | 4 6 8 16 80 | 1.9 0.7 | plain | Bag
    Chia Seeds, Flax Seeds | ounce | 8 12 16 32 160 | 1.9 0.7 | plain | Pouch
    Basmati Rice, Quinoa, Wild Rice | ounce | 12 16 32 80 400 | 1.7 0.7 | plain | Bag
    Penne Pasta, Spaghetti, Orzo | ounce | 8 8.8 12 16 32 | 1.2 0.6 | plain | Box
    Black Beans, Chickpeas, Red Lentils | ounce | 15 15.5 16 32 80 400 | 1.2 0.7 | plain | Can
    Chicken Soup, Tomato Soup | ounce | 10.5 14.5 18.6 64 | 1.3 0.5 | savoury | Can
    Almond Flour, Wheat Flour, Cake Mix | ounce | 12 16 32 48 400 | 1.8 0.7 | plain | Bag
    Stevia Sweetener, Coconut Sugar | ounce | 3.5 8 16 80 880 | 2.1 0.7 | plain | Pouch
    Breakfast Cereal, Granola | ounce | 8.4 10 12 18 32 | 1.6 0.6 | sweet | Box
    Beef Jerky, Snack Sticks | ounce | 0.6 1 1.75 2.25 3.5 5 | 1.8 0.8 | savoury | Bag
    Albacore Tuna, Sardines | ounce | 3.75 4.4 5 12 64 | 1.7 0.7 | savoury | Can
    Osetra Caviar, Saffron Threads | ounce | 0.07 0.5 1 2 4 16 | 4 0.7 | plain | Tin
    Vanilla Extract, Almond Extract | fluid | 1 2 4 8 128 | 2.4 0.7 | plain | Bottle
    Food Coloring, Icing Gel | fluid | 0.7 1 3.4 13.5 | 1.9 0.5 | plain | Bottle
    Popcorn, Popcorn Kernels | ounce | 3 5 8 30 80 | 1.5 0.5 | savoury | Bag
    Dog Treats, Cat Treats | ounce | 3 6 12 16 40 | 2 0.6 | savoury | Bag
    Gift Basket, Sampler Box | count | 1 | 3.6 0.5 | sweet | Basket
    Fresh Cut Roses, Silk Orchids | count | 12 25 50 100 | 3.8 0.5 | colour | Bunch
    Emergency Food Kit, Freeze Dried Meals | count | 1 4 12 60 | 4 0.4 | savoury | Bucket
"""

#: A line each; one that is indented further goes on with the line above.
_FLAVOURS = """
    tea: Jasmine, Earl Grey, Peach, Mint, Lemon Ginger, Chamomile, Hibiscus, Spiced Apple,
      Plum, Vanilla Rooibos
    coffee: Dark Roast, Medium Roast, French Vanilla, Hazelnut, Decaf, Breakfast Blend,
      Caramel, Mocha
    sweet: Chocolate Chip, Peanut Butter, Vanilla, Salted Caramel, Mint Chocolate, Double
      Chocolate, Cookies and Cream, Almond Coconut, Lemon
    fruit: Strawberry, Mango, Blue Raspberry, Watermelon, Tropical Punch, Lemon Lime, Cherry,
      Orange, Peach, Grape
    mint: Spearmint, Wintergreen, Peppermint, Cinnamon
    savoury: Original, Sea Salt, Jalapeno, Hickory Smoked, Garlic Herb, Honey Mustard,
      Teriyaki, Sweet Chili, Cheddar, Ranch
    plain: Classic, Premium, Traditional, Fine, Coarse, Extra, Natural, Select
    colour: Red, White, Pink, Lavender, Assorted, Peach
"""


def _categories() -> Iterator[Category]:
    for line in _CATEGORIES.strip().splitlines():
        nouns, unit, sizes, levels, flavours, container = line.strip().split(" | ")
        level, elasticity = levels.split()
        yield Category(
            tuple(nouns.split(", ")),
            unit,
            tuple(float(size) for size in sizes.split()),
            float(level),
            float(elasticity),
            flavours,
            container,
        )


def _flavours() -> Iterator[tuple[str, tuple[str, ...]]]:
    for line in _FLAVOURS.replace("\n      ", " ").strip().splitlines():
        kind, names = line.strip().split(": ")
        yield kind, tuple(names.split(", "))


CATEGORIES = tuple(_categories())
FLAVOURS = dict(_flavours())

#: Words before the noun and by how much they raise the log price.
QUALITIES = {
    **{"Organic": 0.22, "Gluten Free": 0.12, "Sugar Free": 0.1, "Keto": 0.18, "Vegan": 0.08},
    **{"Gourmet": 0.2, "Bulk": -0.12, "Small Batch": 0.25, "Imported": 0.18, "Kosher": 0.03},
    **{"Value": -0.25, "Non-GMO": 0.07},
}

#: Heads and tails of bullet points; {noun}, {flavour}, {brand} and {container} are filled in.
BULLETS = (
    (
        "RICH TASTE: Every {container} of {noun} is made in small runs, so that {flavour} comes "
        "through from first to last"
    ),
    "QUALITY YOU CAN SEE: We look at each lot of {noun} by hand before it leaves our kitchen",
    (
        "EASY TO STORE: The resealable {container} keeps {noun} fresh in any cupboard, at home or"
        " at work"
    ),
    "Made without artificial colors or preservatives",
    "GREAT FOR SHARING: {noun} for parties, lunch boxes, offices, road trips and quiet evenings",
    (
        "SIMPLE INGREDIENTS: Nothing but what belongs into {flavour} {noun}, and you can read "
        "every name on the {container}"
    ),
    "From the family kitchen of {brand}, where {noun} has been made for three generations",
    (
        "DIETARY NEEDS: Suitable for many diets; please read the label if you avoid nuts, milk, "
        "wheat or soy"
    ),
    "Try {flavour} first, and then the other flavors of {brand}",
    (
        "GIFT IDEA: A {container} of {noun} fits birthdays, holidays, thank-you notes and new "
        "neighbours"
    ),
    "SATISFACTION: If {noun} is not what you hoped for, write to us and we make it right",
    "Packed in a facility that also handles tree nuts, milk and soy",
    (
        "VERSATILE: Use it in recipes, for baking, in smoothies, or on its own straight from the "
        "{container}"
    ),
    "Packaging may vary from the picture",
)

DESCRIPTIONS = (
    "{brand} started with one pot and one recipe for {noun}.",
    (
        "Today we still choose what goes into each {container} ourselves, and we still taste "
        "every batch before it is sold."
    ),
    "{flavour} is the flavor that our customers ask for most, and it is easy to taste why.",
    (
        "Serve it with breakfast, pack it for lunch, or keep it for the evening when everybody is"
        " home."
    ),
    "We buy from growers whom we know by name and pay them on time.",
    "Store in a cool and dry place, and close the {container} well after opening.",
    "The {container} is made of material that most towns recycle.",
    "Good {noun} needs time, and we give it as much as it takes.",
    "Please allow a few days in summer, when parcels with food travel by night.",
    (
        "Weights on the label are weights when packed, and the {container} may look larger than "
        "its contents."
    ),
    "Look for our other flavors, and for the larger pack if your household is fond of {noun}.",
    (
        "Our recipes stay the same from year to year unless a customer shows us something better,"
        " which has happened twice."
    ),
    "If a {container} arrives open or dented, send us a picture and we send another one.",
)

MARKETING = (
    *("Great for Baking and Snacking", "No Artificial Flavors", "Resealable", "Perfect Gift Idea"),
    *("Product of USA", "Low Sodium", "Caffeine Free", "High Protein Snack", "Easy Open"),
    *("Packaging May Vary", "Family Size", "Pantry Staple", "For Home and Office", "All Natural"),
)

_ONSETS = tuple("b br c d dr f g h k l m n p r s t v z".split())
_VOWELS = ("a", "e", "i", "o", "u", "ae", "io", "ou")
_CODAS = ("", "", "l", "n", "r", "s", "th", "x", "nd", "rk", "mm")
_SECOND = tuple("Farms Pantry Kitchen Valley Mills House Co. Orchards Trading".split())
_SECOND_SHARE = 0.4


def invent_brands(count: int, rng: np.random.Generator) -> list[str]:
    """Names of brands that do not exist, no two alike: made of syllables, some with a second word.

    Args:
        count: How many.
        rng: Draws.
    """
    made: dict[str, None] = {}
    while len(made) < count:
        syllables = [
            str(rng.choice(_ONSETS)) + str(rng.choice(_VOWELS)) + str(rng.choice(_CODAS))
            for _ in range(int(rng.integers(2, 4)))
        ]
        name = "".join(syllables).capitalize()
        if rng.random() < _SECOND_SHARE:
            name += f" {rng.choice(_SECOND)}"
        made[name] = None
    return list(made)

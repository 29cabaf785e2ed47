"""The products of a generated catalogue: who makes what, how much of it, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.pricing.synthetic_vocabulary import (
    CATEGORIES,
    FLAVOURS,
    QUALITIES,
    invent_brands,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_PACKS = np.array([1, 2, 3, 4, 6, 8, 12, 24, 48, 72])
_PACK_SHARES = np.array([56, 8, 5, 5, 9, 2, 10, 3, 1, 1]) / 100
#: Log price per log unit of the pack: less than one, so that units in a pack are cheaper.
_PACK_ELASTICITY = 0.72
_BRAND_SPREAD = 0.45
_NOUN_SPREAD = 0.2
_FLAVOUR_SPREAD = 0.06
_SAME_PACK, _SAME_TEXT = 0.7, 0.15
_MOST_CATEGORIES = 3


@dataclass(frozen=True)
class World:
    """What all products share.

    Attributes:
        brands: Names.
        brand_level: Log multiplier of each brand.
        brand_weight: Share of the products that each brand has.
        brand_categories: Categories that each brand sells in, shape (brands, 3), some twice.
        noun_level: Log multiplier of each noun, shape (categories, most nouns).
        flavour_level: The same of each flavour, shape (categories, most flavours).
    """

    brands: list[str]
    brand_level: Floats
    brand_weight: Floats
    brand_categories: Ints
    noun_level: Floats
    flavour_level: Floats


@dataclass(frozen=True)
class Products:
    """Listings, each array of shape (n,).

    Attributes:
        product: Number of the product; listings that share it are near-duplicates.
        variant: Number of the text among those of the product.
        brand: Place in the world's brands.
        category: Place in `CATEGORIES`.
        noun: Place in the category's nouns.
        flavour: Place in the category's flavours.
        quality: Places in `QUALITIES`, shape (n, 2); their number for none.
        size: Amount of one unit, in the category's unit.
        pack: Units.
        signal: Log price on a scale of its own.
    """

    product: Ints
    variant: Ints
    brand: Ints
    category: Ints
    noun: Ints
    flavour: Ints
    quality: Ints
    size: Floats
    pack: Ints
    signal: Floats


def make_world(brands: int, rng: np.random.Generator) -> World:
    """Draw brands and the levels of nouns and flavours."""
    categories = len(CATEGORIES)
    most_flavours = max(map(len, FLAVOURS.values()))
    most_nouns = max(len(category.nouns) for category in CATEGORIES)
    # Zipf's law, flattened at the top.
    weight = 1.0 / (np.arange(brands) + 5.0)
    return World(
        invent_brands(brands, rng),
        rng.normal(0.0, _BRAND_SPREAD, brands),
        weight / weight.sum(),
        rng.integers(0, categories, (brands, _MOST_CATEGORIES)),
        rng.normal(0.0, _NOUN_SPREAD, (categories, most_nouns)),
        rng.normal(0.0, _FLAVOUR_SPREAD, (categories, most_flavours)),
    )


def draw_products(world: World, rows: int, repeated: float, rng: np.random.Generator) -> Products:
    """Draw listings in random order.

    Args:
        world: What is sold.
        rows: How many.
        repeated: Share of further listings of a product that already has one. They differ in
            flavour, some in the pack, and some not at all.
        rng: Draws.
    """
    count = max(1, rows - round(repeated * rows))
    product = np.concatenate([np.arange(count), rng.integers(0, count, rows - count)])
    brand = rng.choice(len(world.brands), size=count, p=world.brand_weight)
    category = world.brand_categories[brand, rng.integers(0, _MOST_CATEGORIES, count)]
    noun = _one_of([len(each.nouns) for each in CATEGORIES], category, rng)
    size = _sizes(category, rng)
    quality = _qualities(count, rng)
    pack = rng.choice(_PACKS, size=count, p=_PACK_SHARES)[product]
    flavours = [len(FLAVOURS[each.flavours]) for each in CATEGORIES]
    flavour = _one_of(flavours, category, rng)[product]
    further = np.arange(rows) >= count
    new_text = further & (rng.random(rows) >= _SAME_TEXT)
    flavour = np.where(new_text, _one_of(flavours, category[product], rng), flavour)
    new_pack = new_text & (rng.random(rows) >= _SAME_PACK)
    pack = np.where(new_pack, rng.choice(_PACKS, size=rows, p=_PACK_SHARES), pack)
    variant = np.where(new_text, np.arange(rows), 0)
    order = rng.permutation(rows)
    at = product[order]
    parts = (brand[at], category[at], noun[at], flavour[order], quality[at], size[at], pack[order])
    return Products(at, variant[order], *parts, _signal(world, *parts))


def _one_of(counts: list[int], category: Ints, rng: np.random.Generator) -> Ints:
    """A number below the count of each entry's category."""
    return (rng.random(len(category)) * np.array(counts)[category]).astype(np.int64)


def _sizes(category: Ints, rng: np.random.Generator) -> Floats:
    at = _one_of([len(each.sizes) for each in CATEGORIES], category, rng)
    most = max(len(each.sizes) for each in CATEGORIES)
    table = np.array([[*each.sizes, *[0.0] * (most - len(each.sizes))] for each in CATEGORIES])
    return table[category, at]


def _qualities(count: int, rng: np.random.Generator) -> Ints:
    """Two different qualities, or their number where there is none."""
    first = rng.integers(0, len(QUALITIES), count)
    second = (first + rng.integers(1, len(QUALITIES), count)) % len(QUALITIES)
    drawn = np.column_stack([first, second])
    return np.where(rng.random((count, 2)) < (0.5, 0.2), drawn, len(QUALITIES))


def _signal(
    world: World,
    brand: Ints,
    category: Ints,
    noun: Ints,
    flavour: Ints,
    quality: Ints,
    size: Floats,
    pack: Ints,
) -> Floats:
    level = np.array([each.level for each in CATEGORIES])
    elasticity = np.array([each.elasticity for each in CATEGORIES])
    middling = np.array([np.log(each.sizes).mean() for each in CATEGORIES])
    raised = np.array([*QUALITIES.values(), 0.0])
    return (
        level[category]
        + world.brand_level[brand]
        + world.noun_level[category, noun]
        + world.flavour_level[category, flavour]
        + raised[quality].sum(axis=1)
        + elasticity[category] * (np.log(size) - middling[category])
        + _PACK_ELASTICITY * np.log(pack)
    )

"""A generated catalogue with prices, in the layout of the Amazon ML Challenge.

A price is planted as brand x category x quantity: each noun has a level, each brand a multiplier,
some words raise the price, a larger amount costs less per unit, and units in a pack less again.
What no text tells is added in two parts, one shared by the listings of a product and one of the
listing. So near-duplicates have close prices, and a model that sees one of them in training knows
more about the other than it will about a new product. Prices follow the distribution of the
competition's: log-normal with its median and spread, rounded the way shops round.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from podium.pricing.synthetic_products import Products, World, draw_products, make_world
from podium.pricing.synthetic_texts import catalog_texts

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

#: Mean and standard deviation of the log prices, and their range, of the competition.
LOG_PRICE_MEAN, LOG_PRICE_SPREAD = 2.626, 1.038
LEAST_PRICE, MOST_PRICE = 0.13, 2796.0
#: Sample numbers are drawn without repetition from this many per row, as in the competition.
_NUMBERS_PER_ROW = 2
_CENTS = np.array([99, 49, 98, 95, 0, 50, 79, 29, 97, 89])
_CENT_SHARES = np.array([21, 4.5, 3.9, 3.2, 3.2, 1.7, 1.6, 1.5, 1.5, 1.4])
_LEAST_CHARM = 2.0


@dataclass(frozen=True)
class SyntheticCatalog:
    """What to generate.

    Attributes:
        rows_train: Training rows.
        rows_test: Test rows, drawn at random from the same catalogue as in the competition: some
            are further listings, or copies, of products among the training rows.
        brands: How many; none for one per forty rows, between 40 and 3,000.
        product_noise: Standard deviation of the log price that the listings of a product share
            and no text tells.
        listing_noise: The same of a single listing.
        repeated: Share of the rows that are further listings of another row's product.
        image_prefix: What image links begin with.
    """

    rows_train: int
    rows_test: int
    brands: int | None = None
    product_noise: float = 0.45
    listing_noise: float = 0.15
    repeated: float = 0.25
    image_prefix: str = "https://m.media-amazon.com/images/I/"

    def __post_init__(self) -> None:
        if self.rows_train < 1 or self.rows_test < 1:
            raise ValueError("needs training and test rows")
        if not 0 <= self.repeated < 1:
            raise ValueError(f"repeated must lie between 0 and 1: {self.repeated}")
        if not 0 <= np.hypot(self.product_noise, self.listing_noise) < LOG_PRICE_SPREAD:
            raise ValueError(f"all noise together must stay below {LOG_PRICE_SPREAD}")


@dataclass(frozen=True)
class SyntheticRows:
    """Generated rows and what was planted.

    Attributes:
        table: Columns sample_id, catalog_content, image_link, price.
        product: Number of each row's product; rows that share it are near-duplicates. Shape (n,).
        category: Place in `podium.pricing.synthetic_vocabulary.CATEGORIES`, shape (n,).
        expected: Log price without both kinds of noise, shape (n,).
        pack_size: Units in the pack, shape (n,).
    """

    table: pd.DataFrame
    product: NDArray[np.int64]
    category: NDArray[np.int64]
    expected: Floats
    pack_size: NDArray[np.int64]

    def part(self, rows: slice) -> SyntheticRows:
        """Some rows."""
        table = self.table.iloc[rows].reset_index(drop=True)
        return SyntheticRows(
            table,
            self.product[rows],
            self.category[rows],
            self.expected[rows],
            self.pack_size[rows],
        )


def generate_rows(catalog: SyntheticCatalog, seed: int) -> tuple[SyntheticRows, SyntheticRows]:
    """The training rows and the test rows, each in random order."""
    rows = catalog.rows_train + catalog.rows_test
    brands = catalog.brands or min(max(rows // 40, 40), 3000)
    world = make_world(brands, np.random.default_rng([seed, 1]))
    products = draw_products(world, rows, catalog.repeated, np.random.default_rng([seed, 2]))
    made = _rows(catalog, world, products, seed)
    cut = catalog.rows_train
    return made.part(slice(cut)), made.part(slice(cut, None))


def _scaled(signal: Floats, catalog: SyntheticCatalog) -> Floats:
    """Normal scores of the signal, with the spread that noise leaves of the competition's."""
    from scipy.special import ndtri

    places = np.empty(len(signal))
    places[np.argsort(signal, kind="stable")] = (np.arange(len(signal)) + 0.5) / len(signal)
    noise = catalog.product_noise**2 + catalog.listing_noise**2
    return LOG_PRICE_MEAN + np.sqrt(LOG_PRICE_SPREAD**2 - noise) * ndtri(places)


def _rows(catalog: SyntheticCatalog, world: World, products: Products, seed: int) -> SyntheticRows:
    import pandas as pd

    rows = len(products.product)
    numbers = np.random.default_rng([seed, 3]).permutation(_NUMBERS_PER_ROW * rows)[:rows]
    expected = _scaled(products.signal, catalog)
    rng = np.random.default_rng([seed, 4])
    shared = rng.normal(size=int(products.product.max()) + 1)[products.product]
    noise = catalog.product_noise * shared + catalog.listing_noise * rng.normal(size=rows)
    table = pd.DataFrame(
        {
            "sample_id": numbers,
            "catalog_content": catalog_texts(world, products, rng),
            "image_link": _image_links(products, seed, catalog.image_prefix),
            "price": _shop_prices(np.exp(expected + noise), rng),
        }
    )
    return SyntheticRows(table, products.product, products.category, expected, products.pack)


def _image_links(products: Products, seed: int, prefix: str) -> list[str]:
    """A link per listing; listings with the same text share it."""
    links = []
    for product, variant in zip(products.product, products.variant, strict=True):
        key = f"{seed}/{product}/{variant}".encode()
        links.append(f"{prefix}71{blake2b(key, digest_size=5).hexdigest().upper()}L.jpg")
    return links


def _shop_prices(prices: Floats, rng: np.random.Generator) -> Floats:
    """Prices in whole cents, many of them just below a round number, none out of range."""
    cents = np.round(prices * 100)
    shares = _CENT_SHARES / 100
    drawn = rng.choice(len(_CENTS) + 1, size=len(prices), p=[*shares, 1 - shares.sum()])
    charm = (drawn < len(_CENTS)) & (prices >= _LEAST_CHARM)
    endings = np.append(_CENTS, 0)[drawn]
    # To the nearest amount with that ending.
    nearest = np.round((cents - endings) / 100) * 100 + endings
    cents = np.where(charm, nearest, cents)
    return np.clip(cents / 100, LEAST_PRICE, MOST_PRICE)

"""Features of generated products for tests of the models: small, without a leak, with gaps."""

from functools import cache
from io import BytesIO
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from podium.pricing.catalog_text import parse_catalog
from podium.pricing.feature_set import FeatureSet
from podium.pricing.synthetic import SyntheticCatalog, generate_rows
from podium.vision.pictures import Pictures


class Priced(NamedTuple):
    """Rows with prices and the products that they are listings of."""

    features: FeatureSet
    prices: np.ndarray
    groups: np.ndarray

    def take(self, rows):
        return Priced(self.features.take(rows), self.prices[rows], self.groups[rows])


@cache
def priced_rows(rows=1200, components=32, seed=0):
    """Generated products; a third has no image, and an image tells a little of the price."""
    drawn = generate_rows(SyntheticCatalog(rows, 1), seed)[0]
    texts = drawn.table["catalog_content"].tolist()
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32)
    terms = words.fit_transform(texts)
    text = TruncatedSVD(components, random_state=0).fit_transform(terms).astype(np.float32)
    parsed = parse_catalog(texts)
    rng = np.random.default_rng([seed, 5])
    image = drawn.expected[:, None] * rng.normal(size=6) + rng.normal(size=(rows, 6))
    image[rng.random(rows) < 1 / 3] = np.nan
    table = pd.DataFrame(
        {
            "log_total": np.log1p(parsed["total_amount"]),
            "log_value": np.log1p(parsed["value"]),
            "log_pack": np.log1p(parsed["pack_size"].astype(float)),
            "bullets": parsed["bullet_count"].astype(float),
            "length": [float(len(each)) for each in texts],
        }
    ).astype(np.float32)
    categories = parsed[["brand", "total_unit", "language"]].astype(object)
    categories = categories.where(categories.notna(), None)
    features = FeatureSet(
        terms,
        text,
        image.astype(np.float32),
        table,
        categories,
        texts=np.array(texts, object),
        pictures=painted(drawn.expected, np.isfinite(image).all(axis=1)),
    )
    return Priced(features, drawn.table["price"].to_numpy(), drawn.product)


def painted(expected, pictured):
    """An image of each pictured row, the brighter the dearer, with a dark corner."""
    shades = np.clip(60 + 40 * expected, 30, 250).astype(np.uint8)
    sources = np.empty(len(expected), object)
    for row in np.flatnonzero(pictured):
        pixels = np.full((20, 24, 3), shades[row], np.uint8)
        pixels[:6, :6] = 10
        file = BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        sources[row] = file.getvalue()
    return Pictures(sources)


def divided(priced, share=0.75):
    """Rows of some products to learn from, and those of the others."""
    products = np.random.default_rng(1).permutation(np.unique(priced.groups))
    known = np.isin(priced.groups, products[: int(share * len(products))])
    return priced.take(np.flatnonzero(known)), priced.take(np.flatnonzero(~known))

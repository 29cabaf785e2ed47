"""Features of generated products, made by the parts that the pipeline uses."""

from functools import cache
from typing import NamedTuple

import numpy as np

from podium.pricing.catalog_text import parse_catalog
from podium.pricing.feature_set import FeatureSet
from podium.pricing.synthetic import SyntheticCatalog, generate_rows
from podium.pricing.table_features import table_categories, table_numbers
from podium.pricing.text_vectors import TextVectors


class Catalogue(NamedTuple):
    texts: list
    features: FeatureSet
    prices: np.ndarray
    products: np.ndarray


@cache
def catalogue(rows=1200, components=48):
    drawn = generate_rows(SyntheticCatalog(rows, 1), 0)[0]
    texts = drawn.table["catalog_content"].tolist()
    terms, text = TextVectors(components=components).fit_transform(texts)
    parsed = parse_catalog(texts)
    image = np.full((rows, 2), np.nan, np.float32)
    features = FeatureSet(terms, text, image, table_numbers(parsed), table_categories(parsed))
    return Catalogue(texts, features, drawn.table["price"].to_numpy(), drawn.product)

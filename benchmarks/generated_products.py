"""Features of generated products, fitted on what is learned from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from podium.pricing.catalog_text import parse_catalog
from podium.pricing.feature_set import FeatureSet
from podium.pricing.table_features import table_categories, table_numbers
from podium.pricing.text_vectors import TextVectors


def feature_sets(contents: Sequence[list[str]]) -> list[FeatureSet]:
    """Terms, text vectors, table and texts of each part, without images.

    Args:
        contents: Catalogue texts to learn from, then those asked.
    """
    vectors = TextVectors().fit([*contents[0], *contents[1]])
    found = []
    for texts in contents:
        parsed = parse_catalog(texts)
        found.append(
            FeatureSet(
                *vectors.transform(texts),
                np.full((len(texts), 1), np.nan, np.float32),
                table_numbers(parsed),
                table_categories(parsed),
                texts=np.array(texts, object),
            )
        )
    return found

"""The features of products as one fitted object: text vectors, table, image, prices of others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from podium.pricing.feature_set import FeatureSet
from podium.pricing.supervised_features import SupervisedFeatures
from podium.pricing.table_features import table_categories, table_numbers
from podium.pricing.text_vectors import TextCounts, TextVectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from scipy.sparse import csr_matrix

    from podium.vision.pictures import Pictures

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Products:
    """What is known of n products before anything is fitted.

    Attributes:
        texts: Catalogue texts as they stand.
        table: See `podium.pricing.table_features.table_numbers`.
        categories: See `podium.pricing.table_features.table_categories`.
        image: Numbers of the image, (n, numbers) float32; NaN in rows without a real one.
        counts: Terms of the texts, counted; None where that is not done yet.
        encoded: Vectors by a pretrained text model, (n, numbers) float32; None likewise.
        pictures: The images themselves; None where no model looks at them.
    """

    texts: Sequence[str]
    table: pd.DataFrame
    categories: pd.DataFrame
    image: Floats
    counts: TextCounts | None = None
    encoded: Floats | None = None
    pictures: Pictures | None = None

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        parsed: pd.DataFrame,
        image: Floats,
        pictures: Pictures | None = None,
    ) -> Self:
        """From texts and what `podium.pricing.catalog_text.parse_catalog` made of them.

        Raises:
            ValueError: the parts differ in length.
        """
        if not len(texts) == len(parsed) == len(image):
            raise ValueError(f"{len(texts)} texts, {len(parsed)} parsed, {len(image)} of images")
        if pictures is not None and len(pictures) != len(texts):
            raise ValueError(f"{len(texts)} texts, {len(pictures)} pictures")
        table, categories = table_numbers(parsed), table_categories(parsed)
        return cls(list(texts), table, categories, image, pictures=pictures)

    def __len__(self) -> int:
        """Number of products."""
        return len(self.texts)

    def take(self, rows: NDArray[np.integer]) -> Products:
        """The given rows, in that order."""
        return Products(
            [self.texts[row] for row in rows],
            self.table.iloc[rows].reset_index(drop=True),
            self.categories.iloc[rows].reset_index(drop=True),
            self.image[rows],
            None if self.counts is None else self.counts.take(rows),
            None if self.encoded is None else self.encoded[rows],
            None if self.pictures is None else self.pictures.take(rows),
        )


class TextEncoding(Protocol):
    """A pretrained text model that learns nothing here."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """Vectors of n texts, (n, numbers) float32."""


class ProductFeatures:
    """Text vectors and features made from the prices of others, fitted on the same products.

    It belongs into every fold anew.
    """

    def __init__(
        self,
        vectors: TextVectors,
        prices: SupervisedFeatures,
        encoder: TextEncoding | None = None,
        *,
        keep_texts: bool = False,
        keep_pictures: bool = False,
    ) -> None:
        """Declare the parts; none is fitted.

        Args:
            vectors: TF-IDF terms and their components.
            prices: Features made from the prices of other rows.
            encoder: Gives further vectors of the texts.
            keep_texts: Hand the texts on, for models that read them.
            keep_pictures: Hand the images on, for models that look at them.
        """
        self.vectors, self.prices = vectors, prices
        self.encoder = encoder
        self.keep_texts, self.keep_pictures = keep_texts, keep_pictures

    def prepared(self, products: Products) -> Products:
        """The same products with all that needs no fit, so that folds can share it."""
        return replace(
            products,
            counts=products.counts or self.vectors.count(products.texts),
            encoded=self._encoded(products),
        )

    def fit_transform(
        self, products: Products, prices: NDArray[np.floating], groups: NDArray[np.integer]
    ) -> FeatureSet:
        """Learn from n products, and give their features.

        No row's features hold its own price, nor that of a row of its group.

        Args:
            products: Training products.
            prices: Positive and finite, shape (n,).
            groups: Duplicates, shape (n,).

        Raises:
            ValueError: too few texts or groups, or lengths that differ.
        """
        known = self.prepared(products)
        terms, text = self.vectors.fit_transform_counts(_counts_of(known))
        return self.prices.fit_transform(self._feature_set(known, terms, text), prices, groups)

    def transform(self, products: Products) -> FeatureSet:
        """Features of other products."""
        known = self.prepared(products)
        terms, text = self.vectors.transform_counts(_counts_of(known))
        return self.prices.transform(self._feature_set(known, terms, text))

    def _encoded(self, products: Products) -> Floats | None:
        if self.encoder is None or products.encoded is not None:
            return products.encoded
        return self.encoder.encode(products.texts)

    def _feature_set(self, products: Products, terms: csr_matrix, text: Floats) -> FeatureSet:
        texts = np.array(products.texts, dtype=object) if self.keep_texts else None
        return FeatureSet(
            terms=terms,
            text=text,
            image=products.image,
            table=products.table,
            categories=products.categories,
            encoded=products.encoded,
            texts=texts,
            pictures=products.pictures if self.keep_pictures else None,
        )


def _counts_of(products: Products) -> TextCounts:
    if products.counts is None:
        raise ValueError("the terms of the texts are not counted")
    return products.counts

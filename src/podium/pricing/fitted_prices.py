"""What makes the prices of new products: fitted features, models and their stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.pricing.feature_set import FeatureSet
from podium.pricing.price_models import PriceModel
from podium.pricing.price_stack import PriceStack
from podium.pricing.product_features import ProductFeatures, Products
from podium.pricing.same_text_prices import SameTextPrices

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FittedPrices:
    """One object that prices products.

    Attributes:
        constant: The price without any model.
        features: Makes the models' features; None where there is no model.
        models: By name, in the order of the stack.
        stack: Weighs the models; None where there is a single one, or none.
        image_columns: Numbers of an image that the models know.
        same_text: Looks up products that are known already; None where there is no model.
    """

    constant: float
    features: ProductFeatures | None
    models: Mapping[str, PriceModel]
    stack: PriceStack | None
    image_columns: tuple[str, ...] = ()
    same_text: SameTextPrices | None = None

    @property
    def looks_at_pictures(self) -> bool:
        """Whether the features hold the images themselves, for a model that looks at them."""
        return self.features is not None and self.features.keep_pictures

    def features_of(self, products: Products) -> FeatureSet:
        """Features of n products; without columns where no model needs them."""
        return _bare(len(products)) if self.features is None else self.features.transform(products)

    def member_prices(self, features: FeatureSet) -> dict[str, Floats]:
        """What each model says, shape (rows,)."""
        return {name: model.predict(features) for name, model in self.models.items()}

    def combined(self, members: Mapping[str, Floats], texts: Sequence[object]) -> Floats:
        """The price of each text from those of the models, shape (texts,), positive and finite."""
        if not members:
            return np.full(len(texts), self.constant)
        answers = np.stack([members[name] for name in self.models], axis=1)
        prices = answers[:, 0] if self.stack is None else self.stack.predict(answers)
        return prices if self.same_text is None else self.same_text.draw(texts, prices)


def _bare(rows: int) -> FeatureSet:
    import pandas as pd
    from scipy.sparse import csr_matrix

    numbers, table = np.empty((rows, 0), np.float32), pd.DataFrame(index=range(rows))
    return FeatureSet(csr_matrix((rows, 0), dtype=np.float32), numbers, numbers, table, table)

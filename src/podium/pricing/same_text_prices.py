"""Products whose very text has a price already: looked up."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from podium.pricing.metrics import smape
from podium.pricing.normalised_text import normalised_titles_and_texts

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

_WEIGHTS = np.linspace(0, 1, 11)


class SameTextPrices:
    """Draws a price towards the mean price of training products with the same text.

    Means are those of log prices, and texts are the same where their words and numbers are, see
    `podium.pricing.normalised_text`. How far prices are drawn is chosen for SMAPE on the training
    rows that have such a copy: each by the prices of its copies, without its own.

    Attributes:
        weight_: Of the looked-up log price, 0 to 1; 0 where too few rows have a copy.
        judged_rows_: Training rows that have one.
    """

    def __init__(self, least_rows: int = 30) -> None:
        """Declare the look-up.

        Args:
            least_rows: With fewer training rows that have a copy nothing is looked up.

        Raises:
            ValueError: `least_rows` is not positive.
        """
        if least_rows < 1:
            raise ValueError(f"least_rows must be positive, got {least_rows}")
        self.least_rows = least_rows

    def fit(self, texts: Iterable[object], prices: ArrayLike, predicted: ArrayLike) -> Self:
        """Keep the prices of n texts, and choose the weight.

        Args:
            texts: Catalogue texts.
            prices: Their prices, positive and finite, shape (n,).
            predicted: Prices by models that saw neither a row nor its copies, shape (n,).
        """
        import pandas as pd

        truth, keys = np.asarray(prices, np.float64), _keys(texts)
        said, known = np.log(np.asarray(predicted, np.float64)), np.log(truth)
        groups = pd.Series(known).groupby(keys)
        count, total = (groups.transform(name).to_numpy(np.float64) for name in ("size", "sum"))
        copied = count > 1  # NaN for a row without words
        self.judged_rows_, self.weight_ = int(copied.sum()), 0.0
        if self.judged_rows_ >= self.least_rows:
            others = (total - known)[copied] / (count - 1)[copied]
            scores = [
                smape(truth[copied], np.exp(_drawn(said[copied], others, weight)))
                for weight in _WEIGHTS
            ]
            self.weight_ = float(_WEIGHTS[int(np.argmin(scores))])
        self._means: pd.Series = groups.mean()
        return self

    def draw(self, texts: Iterable[object], prices: Floats) -> Floats:
        """The prices of n texts, drawn where the text is known; shape (n,)."""
        if not self.weight_:
            return prices
        import pandas as pd

        found = pd.Series(_keys(texts), dtype=object).map(self._means).to_numpy(np.float64)
        drawn = np.exp(_drawn(np.log(prices), found, self.weight_))
        return np.where(np.isnan(found), prices, drawn)


def _drawn(said: Floats, others: Floats, weight: float) -> Floats:
    return (1 - weight) * said + weight * others


def _keys(texts: Iterable[object]) -> NDArray[np.object_]:
    """A digest of each text's words and numbers, None where there are none."""
    wholes = normalised_titles_and_texts(texts)[1]
    keys = [blake2b(text.encode(), digest_size=16).digest() if text else None for text in wholes]
    return np.array(keys, dtype=object)

"""Prices of the products whose texts are most alike, as features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.pricing.feature_set import FeatureSet
from podium.pricing.text_neighbours import TextRows, nearest_texts

Floats = NDArray[np.float64]

#: Weight of a neighbour that is not alike at all, so that weights never vanish.
_LEAST_SIMILARITY = 1e-3


@dataclass(frozen=True)
class ComparedRows:
    """What rows are compared by.

    Attributes:
        texts: Terms and text vectors.
        log_amount: Logarithm of the total amount, NaN where unknown.
        unit: What the amount is counted in; None where unknown.
    """

    texts: TextRows
    log_amount: Floats
    unit: NDArray[np.object_]

    @staticmethod
    def of(features: FeatureSet, amount: str, unit: str) -> ComparedRows:
        """Take them from features; `amount` and `unit` name columns of table and categories."""
        units = features.categories[unit].astype(object)
        return ComparedRows(
            TextRows.of(features.terms, features.text),
            features.table[amount].to_numpy(np.float64),
            units.where(units.notna(), None).to_numpy(),
        )

    def take(self, rows: NDArray[np.integer]) -> ComparedRows:
        """The given rows, in that order."""
        return ComparedRows(self.texts.take(rows), self.log_amount[rows], self.unit[rows])


class NeighbourPrices:
    """Statistics of the prices of the nearest rows by text, see `nearest_texts`.

    Of k neighbours:

    - `neighbours_log_price_k`: mean log price, weighted by the similarity;
    - `neighbours_spread_k`: weighted standard deviation, from two neighbours on;
    - `neighbours_log_rate_k`: weighted mean logarithm of the price over the total amount, of those
      with the same unit as the row; NaN where there is none;
    - `neighbours_price_by_rate_k`: log1p of the price that this rate gives the row's own amount;
    - `neighbours_similarity_k`: similarity of the last of them.

    The nearest row's own log price is `neighbours_log_price_1`.
    """

    def __init__(self, counts: Sequence[int], candidates: int, threads: int) -> None:
        """Declare the numbers of neighbours; see `nearest_texts` for the others."""
        self.counts, self.candidates, self.threads = sorted(counts), candidates, threads

    def fit(self, rows: ComparedRows, target: Floats) -> None:
        """Keep the rows that are searched.

        Args:
            rows: n rows, at least one.
            target: log1p of their prices, shape (n,).
        """
        self._rows, self._target = rows, target

    def transform(self, rows: ComparedRows) -> dict[str, Floats]:
        """The statistics by name, each of shape (rows,)."""
        similarity, nearest = nearest_texts(
            rows.texts, self._rows.texts, self.counts[-1], self.candidates, self.threads
        )
        log_rate = np.log(np.expm1(self._target)) - self._rows.log_amount
        # None equals no unit, not even another None.
        alike = (self._rows.unit[nearest] == rows.unit[:, None]) & (rows.unit != None)[:, None]  # noqa: E711
        prices, rates = self._target[nearest], np.where(alike, log_rate[nearest], np.nan)
        weights = np.maximum(similarity.astype(np.float64), _LEAST_SIMILARITY)
        columns: dict[str, Floats] = {}
        for count in self.counts:
            some = slice(None, count)
            mean = _weighted_mean(prices[:, some], weights[:, some])
            rate = _weighted_mean(rates[:, some], weights[:, some])
            columns[f"neighbours_log_price_{count}"] = mean
            if count > 1:
                squares = (prices[:, some] - mean[:, None]) ** 2
                columns[f"neighbours_spread_{count}"] = np.sqrt(
                    _weighted_mean(squares, weights[:, some])
                )
            columns[f"neighbours_log_rate_{count}"] = rate
            columns[f"neighbours_price_by_rate_{count}"] = np.log1p(np.exp(rate + rows.log_amount))
            columns[f"neighbours_similarity_{count}"] = similarity[:, some][:, -1].astype(float)
        return columns


def _weighted_mean(numbers: Floats, weights: Floats) -> Floats:
    """Row by row over what is known; NaN where nothing is."""
    known = ~np.isnan(numbers)
    weight = np.where(known, weights, 0)
    total = weight.sum(axis=1)
    totals = (np.where(known, numbers, 0) * weight).sum(axis=1)
    return np.divide(totals, total, out=np.full(len(total), np.nan), where=total > 0)

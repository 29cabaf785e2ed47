"""Levels of categories as the log prices of the rows that have them.

Means are shrunk towards that of all rows, the more the fewer rows a level has (Micci-Barreca 2001).
A row must not be encoded with statistics that its own price went into; the caller sees to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

# Of each category, in the order of its statistics.
_NAMES = ("log_price_of_{}", "log_price_median_of_{}", "log_rows_of_{}")


@dataclass(frozen=True)
class Prior:
    """What is said of a level that no row has.

    Attributes:
        mean: Log price.
        median: Log price.
    """

    mean: float
    median: float


class TargetEncoding:
    """Mean, median and number of rows of each level of some categories and pairs of them."""

    def __init__(self, pairs: Sequence[tuple[str, str]], smoothing: float) -> None:
        """Declare the encoding.

        Args:
            pairs: Categories that are also encoded together.
            smoothing: Rows that the prior counts as.
        """
        self.pairs, self.smoothing = pairs, smoothing

    def fit(self, categories: pd.DataFrame, target: NDArray[np.float64], prior: Prior) -> None:
        """Learn the statistics of each level.

        Args:
            categories: Texts, None where unknown, which is a level too; a column each.
            target: Log prices, shape (rows,).
            prior: Statistics of all rows.
        """
        import pandas as pd

        self._prior = prior
        self._levels: dict[str, pd.Index] = {}
        self._statistics: dict[str, list[NDArray[np.float64]]] = {}
        for name, levels in self._columns(categories).items():
            numbers, self._levels[name] = pd.factorize(levels)
            by_level = pd.Series(target).groupby(numbers, sort=True)
            rows = by_level.size().to_numpy()
            weight = rows / (rows + self.smoothing)
            self._statistics[name] = [
                prior.mean + weight * (by_level.mean().to_numpy() - prior.mean),
                prior.median + weight * (by_level.median().to_numpy() - prior.median),
                np.log1p(rows),
            ]

    def transform(self, categories: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
        """The statistics of each row's levels, by name, shape (rows,); the prior for new levels."""
        import pandas as pd

        missing = (self._prior.mean, self._prior.median, 0.0)
        columns = {}
        for name, levels in self._columns(categories).items():
            # Where a level is not known, -1: the last of each statistic.
            at = self._levels[name].get_indexer(pd.Index(levels))
            for label, statistic, default in zip(
                _NAMES, self._statistics[name], missing, strict=True
            ):
                columns[label.format(name)] = np.append(statistic, default)[at]
        return columns

    def _columns(self, categories: pd.DataFrame) -> dict[str, pd.Series]:
        columns = {str(name): categories[name].astype("str").fillna("") for name in categories}
        for left, right in self.pairs:
            columns[f"{left}_and_{right}"] = columns[left] + "\n" + columns[right]
        return columns

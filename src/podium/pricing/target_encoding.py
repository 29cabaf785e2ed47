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
        self._prior = prior
        self._statistics: dict[str, dict[str, pd.Series]] = {}
        for name, levels in self._columns(categories).items():
            by_level = _series(target).groupby(levels.to_numpy(), sort=True)
            rows = by_level.size()
            weight = rows / (rows + self.smoothing)
            self._statistics[name] = {
                f"log_price_of_{name}": prior.mean + weight * (by_level.mean() - prior.mean),
                f"log_price_median_of_{name}": (
                    prior.median + weight * (by_level.median() - prior.median)
                ),
                f"log_rows_of_{name}": rows.map(np.log1p),
            }

    def transform(self, categories: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
        """The statistics of each row's levels, by name, shape (rows,); the prior for new levels."""
        missing = (self._prior.mean, self._prior.median, 0.0)
        return {
            column: levels.map(statistic).fillna(default).to_numpy(np.float64)
            for name, levels in self._columns(categories).items()
            for (column, statistic), default in zip(
                self._statistics[name].items(), missing, strict=True
            )
        }

    def _columns(self, categories: pd.DataFrame) -> dict[str, pd.Series]:
        filled = categories.astype(object).where(categories.notna(), "").astype(str)
        columns = {str(name): filled[name] for name in filled}
        for left, right in self.pairs:
            columns[f"{left}_and_{right}"] = filled[left] + "\n" + filled[right]
        return columns


def _series(target: NDArray[np.float64]) -> pd.Series:
    import pandas as pd

    return pd.Series(target)

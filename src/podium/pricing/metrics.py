"""SMAPE, the score of the Amazon ML Challenge, from contributions that add up over rows.

SMAPE = 100 / N * sum |F - A| / ((|A| + |F|) / 2), between 0 and 200 percent, lower is better. The
score is the mean of the rows, so `podium.common.bootstrap` and `leaderboard` can work with it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def smape_contributions(actual: ArrayLike, predicted: ArrayLike) -> Floats:
    """Each row's part of the score, in percent; a row of two zeros is right and gives 0.

    Args:
        actual: Prices, shape (n,).
        predicted: Their predictions, shape (n,).

    Returns:
        Shape (n,), between 0 and 200.

    Raises:
        ValueError: the lengths differ, or a number is not finite.
    """
    prices, answers = (np.asarray(each, dtype=np.float64).ravel() for each in (actual, predicted))
    if len(prices) != len(answers):
        raise ValueError(f"{len(prices)} prices, {len(answers)} predictions")
    for name, numbers in (("prices", prices), ("predictions", answers)):
        if not np.isfinite(numbers).all():
            raise ValueError(f"{name} must be finite, {(~np.isfinite(numbers)).sum()} are not")
    # Halves first, so that the largest floats do not overflow.
    middle = np.abs(prices) / 2 + np.abs(answers) / 2
    distance = np.abs(answers / 2 - prices / 2)
    share = np.divide(distance, middle, out=np.zeros_like(middle), where=middle > 0)
    return 200.0 * share


def smape(actual: ArrayLike, predicted: ArrayLike) -> float:
    """The score in percent; see `smape_contributions`.

    Raises:
        ValueError: there are no rows, or as for the contributions.
    """
    rows = smape_contributions(actual, predicted)
    if not len(rows):
        raise ValueError("no rows to score")
    return float(rows.mean())


def price_band_edges(prices: ArrayLike, bands: int = 5) -> Floats:
    """Inner edges of bands that hold about the same number of prices.

    Prices pile up at values such as 9.99, so that edges may coincide; these are kept once.

    Args:
        prices: Prices, shape (n,).
        bands: How many bands to ask for.

    Returns:
        At most bands - 1 edges, rising; each belongs to the band above it.

    Raises:
        ValueError: fewer than one band, no prices, or a price that is not finite.
    """
    values = np.asarray(prices, dtype=np.float64).ravel()
    if bands < 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError("needs at least one band and finite prices")
    # Observed prices, not numbers between them, so that a label reads like a price.
    quantiles = np.quantile(values, np.arange(1, bands) / bands, method="higher")
    return np.unique(quantiles[quantiles > values.min()])


def price_bands(prices: ArrayLike, edges: ArrayLike) -> NDArray[np.int64]:
    """The band of each price, from 0 for those below the first edge; shape (n,)."""
    return np.searchsorted(np.asarray(edges), np.asarray(prices), side="right").astype(np.int64)


def price_band_labels(edges: ArrayLike) -> list[str]:
    """A name for each band, such as "below 6.79", "6.79 to 14" and "from 14"."""
    names = [f"{edge:,.2f}".removesuffix(".00") for edge in np.asarray(edges, dtype=np.float64)]
    if not names:
        return ["all"]
    middle = [f"{low} to {high}" for low, high in zip(names, names[1:], strict=False)]
    return [f"below {names[0]}", *middle, f"from {names[-1]}"]

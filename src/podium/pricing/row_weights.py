"""Weights of the training rows in a loss."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_MOST_EXPONENT = 2.0


def checked_exponent(exponent: float) -> float:
    """The exponent of `price_weights`, if it is one.

    Raises:
        ValueError: it is no number between -2 and 2.
    """
    if not -_MOST_EXPONENT <= exponent <= _MOST_EXPONENT:
        most = f"{_MOST_EXPONENT:g}"
        raise ValueError(f"price_exponent must lie between -{most} and {most}: {exponent}")
    return float(exponent)


def price_weights(target: ArrayLike, exponent: float) -> NDArray[np.float32]:
    """The price to a power, with a mean of 1.

    SMAPE itself weighs every row alike (exponent 0). Above 0 dear products count more: at 1, and
    with a loss that follows the distance of prices, the sum of all distances is what matters.
    Below 0 cheap products count more.

    Args:
        target: log1p of the prices, shape (n,), positive and finite.
        exponent: Of the price.

    Returns:
        Shape (n,); ones for an exponent of 0.
    """
    prices = np.log(np.expm1(np.asarray(target, dtype=np.float64)))
    if not exponent or not len(prices):
        return np.ones(len(prices), np.float32)
    # Relative to the largest, so that no power overflows.
    powers = prices * exponent
    weights = np.exp(powers - powers.max())
    return (weights / weights.mean()).astype(np.float32)

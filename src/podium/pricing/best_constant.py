"""The constant with the least SMAPE.

With d the difference of the logarithms of answer and price, a row's SMAPE is 200 tanh(|d| / 2). As
a function of the answer's logarithm this is concave on either side of the price, so that between
two neighbouring prices the sum is concave: its least value lies at one of the prices. And no row's
slope exceeds 1/2 in units of tanh. So a value far above the best one rules out its neighbourhood,
and not every price must be tried.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_FIRST_STRIDE = 512
_FINER = 8
_BLOCK_CELLS = 4_000_000
# Rounding must not rule out the best price.
_SLACK = 1e-9


def best_constant(prices: ArrayLike) -> float:
    """The price that has the least SMAPE as an answer to all of them; the lowest of equals.

    `best_constant(prices / predictions)` is the factor that is best for all predictions alike,
    because SMAPE depends on the ratio alone.

    Args:
        prices: Prices, shape (n,), positive and finite.

    Raises:
        ValueError: there is no price, or one is not positive and finite.
    """
    values = np.asarray(prices, dtype=np.float64).ravel()
    if not len(values) or not (np.isfinite(values) & (values > 0)).all():
        raise ValueError("prices must be positive and finite, and at least one")
    unique, counts = np.unique(values, return_counts=True)
    places, shares = np.log(unique), counts / len(values)
    costs = np.full(len(unique), np.inf)
    stride = _FIRST_STRIDE
    wanted = np.unique(np.append(np.arange(0, len(unique), stride), len(unique) - 1))
    while True:
        costs[wanted] = _costs(places, shares, wanted)
        if stride == 1:
            return float(unique[int(costs.argmin())])
        stride //= _FINER
        wanted = _still_possible(places, costs, stride)


def _costs(places: Floats, shares: Floats, wanted: NDArray[np.int64]) -> Floats:
    """Mean of tanh(|d| / 2) with each wanted place as the answer."""
    rows = max(1, _BLOCK_CELLS // len(places))
    parts = [np.empty(0)]
    for start in range(0, len(wanted), rows):
        answers = places[wanted[start : start + rows], None]
        # A sum of one axis, not a product: BLAS adds up in an order of its own.
        parts.append((np.tanh(np.abs(answers - places) / 2) * shares).sum(axis=1))
    return np.concatenate(parts)


def _still_possible(places: Floats, costs: Floats, stride: int) -> NDArray[np.int64]:
    """Places a stride apart that may be better than the best so far."""
    known = np.flatnonzero(np.isfinite(costs))
    low, high = known[:-1], known[1:]
    bound = (costs[low] + costs[high]) / 2 - (places[high] - places[low]) / 4
    open_ones = bound <= costs[known].min() + _SLACK
    parts = [np.empty(0, np.int64)]
    parts += [
        np.arange(a + stride, b, stride)
        for a, b in zip(low[open_ones], high[open_ones], strict=True)
    ]
    return np.concatenate(parts)

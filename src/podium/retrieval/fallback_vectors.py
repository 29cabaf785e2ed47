"""Vectors for images that have none: random directions, near to nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from podium.retrieval.local_features import Floats


def fill_zero_rows(vectors: Floats, names: Sequence[str], seed: int) -> tuple[Floats, int]:
    """Give every zero row a random unit vector that depends on its name and the seed.

    Random directions of many dimensions are nearly orthogonal to everything: such an image is
    rarely among the first of any query.

    Returns:
        The vectors, the same array where no row is zero, and the number of rows filled.
    """
    empty = np.flatnonzero(~vectors.any(axis=1)).tolist()
    if not empty:
        return vectors, 0
    filled = vectors.copy()
    for row in empty:
        key = hashlib.sha256(names[row].encode()).digest()[:8]
        draw = np.random.default_rng([seed, int.from_bytes(key, "little")])
        random = draw.normal(size=vectors.shape[1])
        filled[row] = random / np.linalg.norm(random)
    return filled, len(empty)

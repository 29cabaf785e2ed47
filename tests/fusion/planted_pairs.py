"""Small pairs with a known answer."""

import numpy as np

from podium.fusion.pairs import EmbeddingPairs

DIRECTIONS = 6
WIDTH = 32


def planted_pairs(rows, task, seed=0, noise=0.1, world=0):
    """Two narrow cones of vectors, and labels that depend on their hidden directions.

    `image` and `text`: the sign of one direction of that side. `cross`: the sign of the product of
    hidden directions, which no linear function of either side, or of both, can tell.
    """
    fixed, drawn = np.random.default_rng(world), np.random.default_rng([seed, 1])
    hidden = drawn.normal(size=(2, rows, DIRECTIONS))
    mixing = fixed.normal(size=(2, DIRECTIONS, WIDTH))
    cone = 2 * fixed.normal(size=(2, 1, WIDTH))
    image, text = hidden @ mixing + cone + noise * drawn.normal(size=(2, rows, WIDTH))
    if task == "cross":
        score = hidden[0, :, 0] * hidden[1, :, 0] + hidden[0, :, 1] * hidden[1, :, 1]
    else:
        score = hidden[("image", "text").index(task), :, 0]
    labels = (score > 0).astype(np.int64)
    lengths = drawn.uniform(0.5, 2, (rows, 1))
    return EmbeddingPairs((image * lengths).astype(np.float32), text.astype(np.float32)), labels

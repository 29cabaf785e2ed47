"""Images that lie on their side: the turn under which an image finds its neighbour.

An encoder of images may give a vector for each of several turns of an image. The first, upright,
counts, unless another brings the image nearer to some other image by a margin. The margin is there
because the best of several looks always seems a little nearer, whatever the image shows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.retrieval.local_features import Floats
from podium.retrieval.nearest import exact_top_k, inner_products

Indices = NDArray[np.int64]


def turns_of_images(views: Floats, margin: float) -> Indices:
    """The turn of each image that brings it nearest to another image, all of them upright.

    Of two images that would each have to turn towards the other one does: the surest first, of
    equals the one with the smaller number. The other then stays upright, and so do all images that
    one has turned towards.

    Args:
        views: Unit vectors of each image under each turn, (images, turns, dimensions).
        margin: Cosine by which a turned view must be nearer to its neighbour than the upright one
            is to its own.

    Returns:
        Number of the turn, 0 for upright, (images,).
    """
    near, gain = _gains(views, views[:, 0], np.arange(len(views)))
    turns = np.zeros(len(views), dtype="int64")
    upright = np.zeros(len(views), dtype=bool)
    best = gain.argmax(axis=1)
    most = gain[np.arange(len(views)), best]
    for image in np.argsort(-most, kind="stable"):
        if most[image] <= margin:
            break
        neighbour = near[image, best[image]]
        if not upright[image] and not turns[neighbour]:
            turns[image] = best[image]
            upright[neighbour] = True
    return turns


def turns_of_queries(views: Floats, images: Floats, margin: float) -> Indices:
    """The turn of each query that brings it nearest to an image; see `turns_of_images`.

    Args:
        views: Unit vectors of each query under each turn, (queries, turns, dimensions).
        images: Unit vectors, each under its own turn, (images, dimensions).
        margin: As for images.
    """
    _, gain = _gains(views, images, np.full(len(views), -1))
    best = gain.argmax(axis=1)
    return np.where(gain[np.arange(len(views)), best] > margin, best, 0)


def take_turns(views: Floats, turns: Indices) -> Floats:
    """The vector of each image under its turn, (images, dimensions)."""
    return np.ascontiguousarray(views[np.arange(len(views)), turns])


def _gains(views: Floats, images: Floats, exclude: Indices) -> tuple[Indices, Floats]:
    """The nearest image under each turn, and how much nearer it is than upright, (rows, turns)."""
    turned = [views[:, turn] for turn in range(views.shape[1])]
    found = [exact_top_k(view, images, 1, exclude=exclude) for view in turned]
    near = np.concatenate(found, axis=1)
    cosine = np.concatenate(
        [inner_products(view, images, near) for view, near in zip(turned, found, strict=True)],
        axis=1,
    )
    return near, cosine - cosine[:, :1]

"""Vectors of images from their keypoints, a block of images at a time, on several threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from podium.common.ordered_work import work_ahead
from podium.common.threads import one_thread
from podium.retrieval.local_features import Floats, LocalFeatureTable

Aggregate = Callable[[Floats, NDArray[np.int64], int], Floats]


def encode_blocks(
    table: LocalFeatureTable,
    dimensions: int,
    aggregate: Aggregate,
    blocks: Iterable[tuple[int, int]],
    *,
    threads: int = 1,
) -> Floats:
    """One vector for each image of a table.

    Args:
        table: Local features.
        dimensions: Length of a vector.
        aggregate: From unit RootSIFT vectors, (points, 128), the image of each, counted from 0, and
            the number of images to their vectors, (images, dimensions). No image may depend on the
            others.
        blocks: Ranges of images, see `LocalFeatureTable.blocks`.
        threads: Blocks at a time; the result does not depend on it.

    Returns:
        (images, dimensions) float32; zero for an image without a keypoint.
    """
    vectors = np.zeros((len(table), dimensions), dtype=np.float32)

    def encode(block: tuple[int, int]) -> None:
        start, stop = block
        points = table.roots(start, stop)
        if len(points):
            images = table.images(start, stop)
            vectors[start:stop] = aggregate(points, images, stop - start)

    with one_thread():
        for _ in work_ahead(encode, blocks, threads, threads):
            pass
    return vectors

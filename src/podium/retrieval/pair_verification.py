"""Counting inliers of many pairs of images, on several threads."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from podium.common.ordered_work import work_ahead
from podium.common.shards import Arrays, LazyShards, shard_ranges
from podium.common.threads import one_thread
from podium.retrieval.local_features import LocalFeatureTable
from podium.retrieval.matching import MatchingRules, count_inliers

PAIRS_PER_SHARD = 4096


def inliers_of_pairs(
    first: LocalFeatureTable,
    second: LocalFeatureTable,
    pairs: Iterable[tuple[int, int]],
    rules: MatchingRules | None = None,
    *,
    threads: int = 1,
) -> NDArray[np.int32]:
    """Inliers of each pair; the image with fewer keypoints asks the other.

    Args:
        first: Images that the first number of a pair means.
        second: Images that the second number means.
        pairs: Numbers of two images.
        rules: How inliers are found.
        threads: Pairs at a time; the result does not depend on it.
    """

    def inliers(pair: tuple[int, int]) -> int:
        one, other = first[int(pair[0])], second[int(pair[1])]
        if len(other) < len(one):
            one, other = other, one
        return count_inliers(one, other, rules)

    with one_thread():
        return np.fromiter(work_ahead(inliers, pairs, threads, 8 * threads), dtype="int32")


def pair_shards(
    first: LocalFeatureTable,
    second: LocalFeatureTable,
    pairs: NDArray[np.int64],
    rules: MatchingRules,
    fingerprint: str,
    *,
    threads: int = 1,
    description: str = "Pairs verified",
) -> LazyShards:
    """`inliers_of_pairs` in shards: `first`, `second` and `inliers` of each pair.

    Args:
        first: See `inliers_of_pairs`.
        second: See `inliers_of_pairs`.
        pairs: (pairs, 2).
        rules: See `inliers_of_pairs`.
        fingerprint: Of everything that the result depends on.
        threads: See `inliers_of_pairs`.
        description: For progress.
    """
    ranges = shard_ranges(len(pairs), PAIRS_PER_SHARD)

    def compute(number: int) -> Arrays:
        chosen = pairs[ranges[number].start : ranges[number].stop]
        counts = inliers_of_pairs(first, second, map(tuple, chosen), rules, threads=threads)
        return {"first": chosen[:, 0], "second": chosen[:, 1], "inliers": counts}

    return LazyShards(fingerprint, len(ranges), compute, description)

"""Neighbours that local features verify, and which of them are believed.

All images are treated alike. A pair counts where many matches fit one homography, and far more than
with any image of something else: at least `fewest_inliers`, and `margin` times the runner-up. The
margin must hold seen from one of the two, for a painting may have several photos, none of them far
ahead, while each photo has one painting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from podium.retrieval.local_features import LocalFeatureTable
from podium.retrieval.matching import MatchingRules
from podium.retrieval.pair_verification import inliers_of_pairs

Pair = tuple[int, int]


@dataclass(frozen=True)
class AcceptanceRules:
    """Which pairs are believed.

    Attributes:
        fewest_inliers: Of an accepted pair.
        margin: Times the inliers of the runner-up, another painting.
        matching: How inliers are found.
    """

    fewest_inliers: int = 30
    margin: float = 2.0
    matching: MatchingRules = field(default_factory=MatchingRules)


def shortlisted_pairs(shortlists: NDArray[np.int64]) -> list[Pair]:
    """Each pair once, smaller number first, from the shortlist of every image (-1 is no image)."""
    images = np.repeat(np.arange(len(shortlists)), shortlists.shape[1])
    others = shortlists.ravel()
    kept = (others >= 0) & (others != images)
    ends = np.stack([images[kept], others[kept]], axis=1)
    ends.sort(axis=1)
    return [(int(a), int(b)) for a, b in np.unique(ends, axis=0)]


def verify_pairs(
    table: LocalFeatureTable,
    pairs: list[Pair],
    rules: MatchingRules | None = None,
    *,
    threads: int = 1,
) -> dict[Pair, int]:
    """Inliers of each pair that has any; the image with fewer keypoints asks the other."""
    counts = inliers_of_pairs(table, table, pairs, rules, threads=threads)
    return {pair: int(count) for pair, count in zip(pairs, counts, strict=True) if count}


def accept_pairs(inliers: Mapping[Pair, int], rules: AcceptanceRules) -> dict[Pair, int]:
    """The pairs that are believed, with their inliers.

    A runner-up that itself shows the best neighbour's painting is no rival: several photos of one
    painting all verify with it, and with each other.
    """
    neighbours: dict[int, dict[int, int]] = defaultdict(dict)
    for (first, second), count in inliers.items():
        neighbours[first][second] = count
        neighbours[second][first] = count
    accepted = {}
    for image, counts in neighbours.items():
        best = min(counts, key=lambda other: (-counts[other], other))
        same = {
            other
            for other, count in neighbours[best].items()
            if count >= rules.fewest_inliers and other != image
        }
        rivals = [count for other, count in counts.items() if other != best and other not in same]
        enough = counts[best] >= max(rules.fewest_inliers, rules.margin * max(rivals, default=0))
        if enough:
            accepted[min(image, best), max(image, best)] = counts[best]
    return accepted

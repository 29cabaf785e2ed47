"""Neighbours that local features verify, and the vectors of such neighbours drawn together.

All images are treated alike. A pair counts where many matches fit one homography, and far more than
with any image of something else: at least `fewest_inliers`, and `margin` times the runner-up. The
margin must hold seen from one of the two, for a painting may have several photos, none of them far
ahead, while each photo has one painting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from podium.common.progress import track
from podium.retrieval.local_features import Floats, LocalFeatureTable
from podium.retrieval.matching import MatchingRules, count_inliers

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

    def inliers(pair: Pair) -> int:
        first, second = (table[image] for image in pair)
        if len(second) < len(first):
            first, second = second, first
        return count_inliers(first, second, rules)

    with ThreadPoolExecutor(threads) as pool:
        counts = track(pool.map(inliers, pairs), "Pairs verified", len(pairs), unit="pairs")
        return {pair: count for pair, count in zip(pairs, counts, strict=True) if count}


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


def draw_together(vectors: Floats, pairs: Mapping[Pair, int], strength: float = 0.5) -> Floats:
    """Move accepted neighbours towards the middle of their group.

    Args:
        vectors: Unit rows, (images, dimensions).
        pairs: Accepted pairs; linked pairs make a group.
        strength: 0 leaves the vectors, 1 gives a whole group one vector.

    Returns:
        Unit rows; those of images without an accepted neighbour are the same bytes.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    drawn = vectors.copy()
    if not pairs:
        return drawn
    ends = np.array(sorted(pairs), dtype="int64")
    size = len(vectors)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
    group = connected_components(graph, directed=False)[1]
    for number in np.unique(group[ends[:, 0]]):
        members = np.flatnonzero(group == number)
        middle = vectors[members].astype("float64").mean(axis=0)
        moved = (1 - strength) * vectors[members] + strength * middle
        norms = np.linalg.norm(moved, axis=1, keepdims=True)
        drawn[members] = moved / np.maximum(norms, 1e-12)
    return drawn

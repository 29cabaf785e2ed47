"""Neighbours that local features verify, and which of them are believed.

All images are treated alike. A pair counts where many matches fit one homography, and far more than
with any image of something else: at least `fewest_inliers`, and `margin` times the runner-up. The
margin must hold seen from one of the two, for a painting may have several photos, none of them far
ahead, while each photo has one painting.

How many inliers are many: of 1,500 pairs of images drawn at random from a collection none had more
than 6. Pairs that share most visual words may have more by chance; the margin is for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pair = tuple[int, int]


@dataclass(frozen=True)
class AcceptanceRules:
    """Which pairs are believed.

    Attributes:
        fewest_inliers: Of an accepted pair.
        margin: Times the inliers of the runner-up, another painting.
    """

    fewest_inliers: int = 12
    margin: float = 2.0


def shortlisted_pairs(shortlists: NDArray[np.int64]) -> list[Pair]:
    """Each pair once, smaller number first, from the shortlist of every image (-1 is no image)."""
    images = np.repeat(np.arange(len(shortlists)), shortlists.shape[1])
    others = shortlists.ravel()
    kept = (others >= 0) & (others != images)
    ends = np.stack([images[kept], others[kept]], axis=1)
    ends.sort(axis=1)
    return [(int(a), int(b)) for a, b in np.unique(ends, axis=0)]


def accept_pairs(inliers: Mapping[Pair, int], rules: AcceptanceRules) -> dict[Pair, int]:
    """The pairs that are believed, with their inliers.

    Several photos of one painting all verify with it, and with each other. So what the best
    neighbour of an image verifies too is no rival but believed with it, on the same terms.
    """
    neighbours: dict[int, dict[int, int]] = defaultdict(dict)
    for (first, second), count in inliers.items():
        neighbours[first][second] = count
        neighbours[second][first] = count
    accepted = {}
    for image, counts in neighbours.items():
        best = min(counts, key=lambda other: (-counts[other], other))
        same = {best} | {
            other for other, count in neighbours[best].items() if count >= rules.fewest_inliers
        }
        rivals = [count for other, count in counts.items() if other not in same]
        enough = max(rules.fewest_inliers, rules.margin * max(rivals, default=0))
        for other in same & counts.keys():
            if counts[other] >= enough:
                accepted[min(image, other), max(image, other)] = counts[other]
    return accepted

"""Vectors of verified neighbours drawn together, and what that does to the rank of a query.

A pair's weight says how far it is believed, and by how much evidence. With W the symmetric matrix
of weights, every vector becomes v + strength * W v, at unit length again: two images with a pair of
weight 1 and strength 1 get one vector, a doubtful pair comes a little closer. Weights below 1 keep
photos of one painting apart: were they one vector, a query would find them in no order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from podium.retrieval.local_features import Floats
from podium.retrieval.query_ranking import (
    Indices,
    Ranking,
    join_rankings,
    rank_similarities,
)
from podium.retrieval.verified_neighbours import AcceptanceRules, Pair, accept_pairs

_QUERIES_AT_ONCE = 256

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class DrawingRules:
    """How far a pair is believed, and how far that moves its vectors.

    Attributes:
        acceptance: Pairs that keep it are believed.
        strength: 0 leaves the vectors; with 1 a pair of weight 1 gets one vector.
        doubtful: Share of its weight that a pair keeps at most that is not believed.
        fewest_inliers: A pair with no more has weight 0.
        half_weight_inliers: A believed pair of so many inliers has weight 1/2; with 0 all have 1.
    """

    acceptance: AcceptanceRules = field(default_factory=AcceptanceRules)
    strength: float = 1.0
    doubtful: float = 1.0
    fewest_inliers: int = 6
    half_weight_inliers: float = 10.0


def weigh_pairs(inliers: Mapping[Pair, int], rules: DrawingRules) -> dict[Pair, float]:
    """How far each pair is believed, 0 to 1; those of weight 0 are left out.

    A pair of n inliers has weight n / (n + half_weight_inliers) if it is accepted. That of another
    is less: it grows with its inliers up to those that acceptance asks for, and with its share of
    the best partner's inliers, seen from the image to which it means more.
    """
    accepted = accept_pairs(inliers, rules.acceptance)
    best: dict[int, int] = defaultdict(int)
    for (first, second), count in inliers.items():
        best[first] = max(best[first], count)
        best[second] = max(best[second], count)
    least, enough = rules.fewest_inliers, rules.acceptance.fewest_inliers
    weights = {}
    for pair, count in inliers.items():
        evidence = count / (count + rules.half_weight_inliers)
        if pair in accepted:
            weights[pair] = evidence
        elif count > least:
            sure = min(1.0, (count - least) / max(enough - least, 1))
            share = count / min(best[pair[0]], best[pair[1]])
            weights[pair] = rules.doubtful * evidence * sure * share
    return {pair: weight for pair, weight in weights.items() if weight > 0}


def draw_together(vectors: Floats, weights: Mapping[Pair, float], strength: float) -> Floats:
    """Move neighbours towards each other.

    Args:
        vectors: Unit rows, (images, dimensions).
        weights: Of pairs.
        strength: See `DrawingRules`.

    Returns:
        Unit rows; those of images without a neighbour are the same bytes.
    """
    moved = _moved(vectors, weights, strength)
    drawn = vectors.copy()
    touched = np.unique(np.array(list(weights), dtype="int64").ravel())
    norms = np.linalg.norm(moved[touched], axis=1, keepdims=True)
    drawn[touched] = moved[touched] / np.maximum(norms, 1e-12)
    return drawn


def _moved(vectors: Floats, weights: Mapping[Pair, float], strength: float) -> Floats:
    from scipy.sparse import coo_array

    moved = vectors.copy()
    if not weights:
        return moved
    ends = np.array(list(weights), dtype="int64")
    values = np.array(list(weights.values()), dtype="float32")
    rows, columns = np.concatenate([ends, ends[:, ::-1]]).T
    size = len(vectors)
    matrix = coo_array((np.tile(values, 2), (rows, columns)), shape=(size, size)).tocsr()
    moved += np.float32(strength) * (matrix @ vectors)
    return moved


class DrawnImages:
    """Images whose verified neighbours are drawn together, ready to be asked.

    A query is treated as the images are: it and its own verified neighbours are drawn together,
    and these only. Queries do not see each other, for each stands for one visitor.
    """

    def __init__(self, images: Floats, inliers: Mapping[Pair, int], rules: DrawingRules) -> None:
        """Draw the images together.

        Args:
            images: Unit rows, (images, dimensions).
            inliers: Of the verified pairs among the images, smaller number first.
            rules: How far a pair is believed.
        """
        self._rules, self._images = rules, images
        weights = weigh_pairs(inliers, rules)
        self._moved = _moved(images, weights, rules.strength)
        self.vectors = draw_together(images, weights, rules.strength)
        self._pairs_of: dict[int, dict[Pair, int]] = defaultdict(dict)
        for pair, count in inliers.items():
            for end in pair:
                self._pairs_of[end][pair] = count

    def rank(
        self, queries: Floats, found: list[dict[int, int]], truth: Indices, *, top: int = 3
    ) -> Ranking:
        """Rank all images for each query.

        Args:
            queries: Unit rows, (queries, dimensions).
            found: For each query the inliers of each image that it was verified with.
            truth: The true image of each query, (queries,).
            top: Images that are reported.
        """
        parts = []
        for start in range(0, len(queries), _QUERIES_AT_ONCE):
            part = slice(start, start + _QUERIES_AT_ONCE)
            similarities = self._similarities(queries[part], found[part])
            parts.append(rank_similarities(similarities, truth[part], top))
        return join_rankings(parts)

    def _similarities(self, queries: Floats, found: list[dict[int, int]]) -> Floats:
        weights = [self._weights(partners) for partners in found]
        drawn = queries.copy()
        for row, partners in enumerate(weights):
            for image, weight in partners.items():
                drawn[row] += np.float32(self._rules.strength * weight) * self._images[image]
        drawn /= np.maximum(np.linalg.norm(drawn, axis=1, keepdims=True), 1e-12)
        similarities = drawn @ self.vectors.T
        for row, partners in enumerate(weights):
            for image, weight in partners.items():
                pull = np.float32(self._rules.strength * weight)
                moved = self._moved[image] + pull * queries[row]
                moved /= max(float(np.linalg.norm(moved)), 1e-12)
                similarities[row, image] = drawn[row] @ moved
        return similarities

    def _weights(self, partners: Mapping[int, int]) -> dict[int, float]:
        """How far each partner of a query is believed, beside the partner's own partners."""
        query = len(self._images)
        inliers = {(image, query): count for image, count in partners.items()}
        for image in partners:
            inliers |= self._pairs_of.get(image, {})
        weights = weigh_pairs(inliers, self._rules)
        return {first: weight for (first, second), weight in weights.items() if second == query}


def pairs_from(first: Indices, second: Indices, inliers: NDArray[np.integer]) -> dict[Pair, int]:
    """Verified pairs of a table as a mapping; those without an inlier are left out."""
    return {
        (int(a), int(b)): int(count)
        for a, b, count in zip(first, second, inliers, strict=True)
        if count
    }

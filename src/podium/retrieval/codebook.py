"""Visual words: k-means centres of local descriptors, found and looked up with faiss."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.common.errors import PodiumError
from podium.retrieval.local_features import Floats, LocalFeatureTable, unit_descriptors

FEWEST_POINTS_PER_WORD = 20


class TooFewKeypointsError(PodiumError):
    """Images with so little texture that nothing can be learned from their keypoints."""


def sample_roots(table: LocalFeatureTable, most: int, seed: int) -> Floats:
    """Unit RootSIFT vectors of keypoints drawn at random without repetition, (most, 128)."""
    total = len(table.descriptors)
    if total <= most:
        return unit_descriptors(np.asarray(table.descriptors))
    chosen = np.random.default_rng(seed).choice(total, size=most, replace=False)
    # In the order of the file, which may be mapped from a disk.
    return unit_descriptors(table.descriptors[np.sort(chosen)])


def learn_words(points: Floats, words: int, *, iterations: int = 15, seed: int = 0) -> Floats:
    """k-means centres.

    Args:
        points: (points, dimensions); at least `FEWEST_POINTS_PER_WORD` for each word, or there are
            fewer words.
        words: Number of centres.
        iterations: Of Lloyd's algorithm.
        seed: Of the first centres.

    Returns:
        (words, dimensions) float32.

    Raises:
        TooFewKeypointsError: fewer points than one word needs.
    """
    import faiss

    words = min(words, len(points) // FEWEST_POINTS_PER_WORD)
    if words < 1:
        raise TooFewKeypointsError(f"{len(points)} keypoints are too few for a visual word")
    kmeans = faiss.Kmeans(
        points.shape[1],
        words,
        niter=iterations,
        seed=seed,
        min_points_per_centroid=1,
        max_points_per_centroid=1 << 30,
    )
    kmeans.train(np.ascontiguousarray(points))
    return np.asarray(kmeans.centroids, dtype="float32")


def nearest_words(points: Floats, words: Floats, count: int = 1) -> NDArray[np.int64]:
    """The nearest words of each point among few, nearest first, (points, count)."""
    import faiss

    _, found = faiss.knn(np.ascontiguousarray(points), words, min(count, len(words)))
    return found


class VocabularyTree:
    """Many words, as branches of about as many words each: learned and looked up in two steps.

    Two levels of the tree of Nistér and Stewénius, "Scalable recognition with a vocabulary tree",
    CVPR 2006. Several branches are searched, so that a point near a border finds its word.

    Attributes:
        words: (words, dimensions) float32.
    """

    def __init__(self, branches: Floats, words: Floats, *, searched: int = 6) -> None:
        """Put words below their nearest branch.

        Args:
            branches: (branches, dimensions).
            words: (words, dimensions).
            searched: Branches that are looked into for each point.
        """
        self._branches = branches
        self._searched = searched
        self.words = words
        branch = nearest_words(words, branches)[:, 0]
        self._members = [np.flatnonzero(branch == number) for number in range(len(branches))]

    @classmethod
    def learn(
        cls, points: Floats, words: int, *, iterations: int = 10, seed: int = 0
    ) -> VocabularyTree:
        """Learn the branches, then the words of each.

        Args:
            points: (points, dimensions).
            words: About so many; fewer where there are few points.
            iterations: Of Lloyd's algorithm at each level.
            seed: Of the first centres.

        Raises:
            TooFewKeypointsError: fewer points than one word needs.
        """
        words = min(words, len(points) // FEWEST_POINTS_PER_WORD)
        branches = learn_words(points, int(np.sqrt(words)) or 1, iterations=iterations, seed=seed)
        nearest = nearest_words(points, branches)[:, 0]
        order = np.argsort(nearest, kind="stable")
        bounds = np.searchsorted(nearest[order], np.arange(len(branches) + 1))
        leaves = []
        for branch, (start, stop) in enumerate(zip(bounds[:-1], bounds[1:], strict=True)):
            share = round(words * (stop - start) / len(points))
            if share > 1:
                members = points[order[start:stop]]
                leaves.append(learn_words(members, share, iterations=iterations, seed=seed))
            else:
                leaves.append(branches[branch : branch + 1])
        return cls(branches, np.concatenate(leaves))

    def nearest(self, points: Floats, count: int = 1) -> NDArray[np.int64]:
        """The nearest words of each point, nearest first, (points, count).

        All points of a branch are compared with its words at once.
        """
        import faiss

        count = min(count, len(self.words))
        branches = nearest_words(points, self._branches, self._searched)
        slots = branches.shape[1]
        order = np.argsort(branches.ravel(), kind="stable")
        bounds = np.searchsorted(branches.ravel()[order], np.arange(len(self._branches) + 1))
        near = np.full((len(points) * slots, count), np.inf, dtype="float32")
        words = np.zeros((len(points) * slots, count), dtype="int64")
        for branch, members in enumerate(self._members):
            entries = order[bounds[branch] : bounds[branch + 1]]
            width = min(count, len(members))
            if len(entries) and width:
                near[entries, :width], found = faiss.knn(
                    points[entries // slots], self.words[members], width
                )
                words[entries, :width] = members[found]
        near = near.reshape(len(points), slots * count)
        best = np.argsort(near, axis=1, kind="stable")[:, :count]
        return np.take_along_axis(words.reshape(len(points), slots * count), best, axis=1)

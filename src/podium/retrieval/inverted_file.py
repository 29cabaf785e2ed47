"""An inverted file over visual words with Hamming embedding: which images share local features.

Hamming embedding, Gaussian weights and multiple assignment: Jégou, Douze and Schmid, "Improving
bag-of-features for large scale image search", IJCV 2010. Weights against bursts of alike features:
the same, "On the burstiness of visual elements", CVPR 2009. faiss holds the lists and compares the
signatures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from podium.common.ordered_work import work_ahead
from podium.common.threads import one_thread
from podium.retrieval.codebook import VocabularyTree, sample_roots
from podium.retrieval.local_features import Floats, LocalFeatureTable

if TYPE_CHECKING:
    import faiss

BITS = 64
# If all of them matched, a part would take one to two gigabytes.
_PAIRS_AT_ONCE = 20_000_000

Indices = NDArray[np.int64]
Signatures = NDArray[np.uint64]


@dataclass(frozen=True)
class HammingEmbedding:
    """Visual words, and a short binary signature of where in its cell a descriptor lies.

    Attributes:
        tree: The words.
        projection: Random orthogonal, (128, 64).
        thresholds: Median projection of the descriptors of each word, (words, 64).
    """

    tree: VocabularyTree
    projection: Floats
    thresholds: Floats

    def signatures(self, roots: Floats, words: Indices) -> Signatures:
        """One bit per projection: above the word's median or not, (points,)."""
        bits = roots @ self.projection > self.thresholds[words]
        return np.packbits(bits, axis=1, bitorder="little").view("<u8")[:, 0]


def learn_hamming_embedding(
    table: LocalFeatureTable,
    *,
    words: int = 65_536,
    points_per_word: int = 30,
    iterations: int = 10,
    seed: int = 0,
) -> HammingEmbedding:
    """Learn words and thresholds from descriptors drawn at random.

    Raises:
        TooFewKeypointsError: fewer descriptors than one word needs.
    """
    points = sample_roots(table, words * points_per_word, seed)
    tree = VocabularyTree.learn(points, words, iterations=iterations, seed=seed)
    square = np.random.default_rng(seed).normal(size=(points.shape[1], points.shape[1]))
    projection = np.linalg.qr(square)[0][:, :BITS].astype("float32")
    assigned = tree.nearest(points)[:, 0]
    thresholds = _medians(points @ projection, assigned, len(tree.words))
    return HammingEmbedding(tree, projection, thresholds)


def _medians(projected: Floats, words: Indices, count: int) -> Floats:
    order = np.argsort(words, kind="stable")
    bounds = np.searchsorted(words[order], np.arange(count + 1))
    everywhere = np.median(projected, axis=0)
    medians = np.tile(everywhere, (count, 1)).astype("float32")
    for word in np.flatnonzero(np.diff(bounds)):
        medians[word] = np.median(projected[order[bounds[word] : bounds[word + 1]]], axis=0)
    return medians


@dataclass(frozen=True)
class Matching:
    """How descriptors vote.

    Attributes:
        assignments: Words that each descriptor of a query is looked up in.
        most_different_bits: Signatures further apart do not match.
        bandwidth: Of the Gaussian weight of a match, in bits.
    """

    assignments: int = 3
    most_different_bits: int = 22
    bandwidth: float = 16.0

    def weights(self) -> Floats:
        """Weight of a match by the number of bits that differ, (65,)."""
        bits = np.arange(BITS + 1)
        weights = np.exp(-((bits / self.bandwidth) ** 2))
        return np.where(bits <= self.most_different_bits, weights, 0.0).astype("float32")


class InvertedFile:
    """For each word the images, and signatures, of the descriptors that it holds."""

    def __init__(
        self,
        table: LocalFeatureTable,
        embedding: HammingEmbedding,
        matching: Matching | None = None,
    ) -> None:
        """Index all images of a table."""
        self.embedding = embedding
        self.matching = matching or Matching()
        self.images = len(table)
        words, signatures, images = [], [], []
        for start, stop in table.blocks():
            roots = table.roots(start, stop)
            nearest = embedding.tree.nearest(roots)[:, 0]
            words.append(nearest)
            signatures.append(embedding.signatures(roots, nearest))
            images.append(table.images(start, stop) + start)
        assigned, image = np.concatenate(words), np.concatenate(images)
        self._lengths = np.bincount(assigned, minlength=len(embedding.tree.words))
        self._lists = _fill_lists(np.concatenate(signatures), image, assigned, len(self._lengths))
        held = np.unique(assigned * self.images + image) // self.images
        images_of = np.bincount(held, minlength=len(self._lengths))
        # Counted over all images that are searched, those held out for a local score included: it
        # is where they are looked for, not what is fitted, and the painting of a real photo is
        # counted alike. Left out, words that only they have would weigh more than those of any
        # other image, and their photos would find them too easily.
        self._idf = np.log((1 + self.images) / (1 + images_of)).astype("float32")

    def search(
        self,
        queries: LocalFeatureTable,
        count: int,
        *,
        exclude: Indices | None = None,
        threads: int = 1,
    ) -> tuple[Indices, Floats]:
        """The images that share most with each query.

        Args:
            queries: Their local features.
            count: Images per query.
            exclude: For each query an image that is not looked for, such as itself, (queries,).
            threads: Blocks of queries at a time; the result does not depend on it.

        Returns:
            Images, best first, and their scores, both (queries, count); -1 and 0 where fewer
            images share a feature.
        """
        found = np.full((len(queries), count), -1, dtype="int64")
        scores = np.zeros((len(queries), count), dtype="float32")

        def search_block(block: tuple[int, int]) -> None:
            start, stop = block
            votes = self._votes(queries, start, stop)
            if exclude is not None:
                votes[np.arange(stop - start), exclude[start:stop]] = 0
            best = np.argsort(-votes, axis=1, kind="stable")[:, :count]
            kept = np.take_along_axis(votes, best, axis=1)
            found[start:stop, : best.shape[1]] = np.where(kept > 0, best, -1)
            scores[start:stop, : best.shape[1]] = kept

        with one_thread():
            for _ in work_ahead(search_block, list(queries.blocks()), threads, threads):
                pass
        return found, scores

    def _votes(self, queries: LocalFeatureTable, start: int, stop: int) -> NDArray[np.float64]:
        """Scores of all images for a range of queries, (stop - start, images)."""
        roots = queries.roots(start, stop)
        owner = queries.images(start, stop)
        votes = np.zeros((stop - start) * self.images)
        if not len(roots):
            return votes.reshape(stop - start, self.images)
        words = self.embedding.tree.nearest(roots, self.matching.assignments)
        count = words.shape[1]
        signatures = np.stack(
            [self.embedding.signatures(roots, words[:, i]) for i in range(count)], axis=1
        )
        for part in self._parts(words):
            keypoint, image, weight = self._matches(words[part], signatures[part])
            if len(keypoint):
                bins = owner[part][keypoint] * self.images + image
                votes += np.bincount(bins, weight, minlength=len(votes))
        return votes.reshape(stop - start, self.images)

    def _parts(self, words: Indices) -> Iterator[slice]:
        """Runs of keypoints with about `_PAIRS_AT_ONCE` entries to compare."""
        total = np.cumsum(self._lengths[words].sum(axis=1))
        cuts = np.searchsorted(total, np.arange(_PAIRS_AT_ONCE, total[-1], _PAIRS_AT_ONCE))
        edges = np.unique(np.concatenate([[0], cuts + 1, [len(words)]]))
        for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            yield slice(first, last)

    def _matches(self, words: Indices, signatures: Signatures) -> tuple[Indices, Indices, Floats]:
        """Keypoint, image and weight of each match; one per keypoint and image."""
        flat = words.ravel()
        # Each in the list of its own word; faiss wants a bound that is not reached.
        ends, differ, image = self._lists.range_search_preassigned(
            _as_bytes(signatures.ravel()),
            self.matching.most_different_bits + 1,
            flat[:, None],
            None,
        )
        source = np.repeat(np.arange(len(flat)), np.diff(ends.astype("int64")))
        weight = self.matching.weights()[differ.astype("int64")] * self._idf[flat[source]] ** 2
        keypoint = source // words.shape[1]
        return _without_bursts(keypoint, image, weight, len(words), self.images)


def _fill_lists(
    signatures: Signatures, images: Indices, words: Indices, count: int
) -> faiss.IndexBinaryIVF:
    """A list for each word, with the signature and the image of each descriptor."""
    import faiss

    # The words are known, so that nothing is learned and the quantiser is never asked.
    lists = faiss.IndexBinaryIVF(faiss.IndexBinaryFlat(BITS), BITS, count)
    lists.is_trained = True
    lists.add_core(  # type: ignore[attr-defined]  # faiss's stubs leave it out
        len(words),
        faiss.swig_ptr(_as_bytes(signatures)),
        faiss.swig_ptr(images),
        faiss.swig_ptr(words),
    )
    return lists


def _as_bytes(signatures: Signatures) -> NDArray[np.uint8]:
    """Signatures as faiss takes them, (points, 8)."""
    return np.ascontiguousarray(signatures).view("uint8").reshape(len(signatures), BITS // 8)


def _without_bursts(
    keypoint: Indices, image: Indices, weight: Floats, keypoints: int, images: int
) -> tuple[Indices, Indices, Floats]:
    """Within an image only the best match of a keypoint counts; among images they share a vote."""
    if not len(keypoint):
        return keypoint, image, weight
    key = keypoint * images + image
    order = np.lexsort((-weight, key))
    first = np.concatenate([[True], np.diff(key[order]) > 0])
    best = order[first]
    keypoint, image, weight = keypoint[best], image[best], weight[best]
    shared = np.bincount(keypoint, weight, minlength=keypoints)
    return keypoint, image, weight / np.sqrt(np.maximum(shared, 1e-6))[keypoint].astype("float32")

"""Shortlists of images by shared local features, shard by shard."""

from __future__ import annotations

import hashlib
import logging

import numpy as np

from podium.common.shards import Arrays, LazyShards, shard_ranges
from podium.retrieval.codebook import TooFewKeypointsError
from podium.retrieval.encoders import part_of
from podium.retrieval.inverted_file import InvertedFile, learn_hamming_embedding
from podium.retrieval.local_features import LocalFeatureTable

logger = logging.getLogger(__name__)

QUERIES_PER_SHARD = 500


def learn_index(
    table: LocalFeatureTable,
    learned_from: LocalFeatureTable,
    words: int,
    points_per_word: int,
    seed: int,
) -> InvertedFile | None:
    """An inverted file over words that were learned from some images.

    Args:
        table: Local features of the images that are searched.
        learned_from: Local features that the words are learned from.
        words: See `learn_hamming_embedding`.
        points_per_word: See `learn_hamming_embedding`.
        seed: See `learn_hamming_embedding`.

    Returns:
        None where there are too few keypoints for a word: nothing can be searched by them.
    """
    try:
        embedding = learn_hamming_embedding(
            learned_from, words=words, points_per_word=points_per_word, seed=seed
        )
    except TooFewKeypointsError as error:
        logger.warning("all shortlists are empty: %s", error)
        return None
    return InvertedFile(table, embedding)


def shortlist_shards(
    index: InvertedFile | None,
    queries: LocalFeatureTable,
    count: int,
    fingerprint: str,
    *,
    among_themselves: bool,
    threads: int = 1,
    description: str = "Shortlists",
) -> LazyShards:
    """The images that share most local features with each query.

    Args:
        index: Of the images; None for empty shortlists.
        queries: Local features of the queries.
        count: Images per query.
        fingerprint: Of everything that the result depends on.
        among_themselves: Whether query i is image i, which is then not looked for.
        threads: Blocks of queries at a time; the result does not depend on it.
        description: For progress.

    Returns:
        Shards of `images`, (queries, count) int64, -1 where there are fewer, and `scores`.
    """
    ranges = shard_ranges(len(queries), QUERIES_PER_SHARD)

    def compute(number: int) -> Arrays:
        part = ranges[number]
        if index is None:
            shape = len(part), count
            return {"images": np.full(shape, -1, "int64"), "scores": np.zeros(shape, "float32")}
        own = np.arange(part.start, part.stop) if among_themselves else None
        images, scores = index.search(part_of(queries, part), count, exclude=own, threads=threads)
        return {"images": images, "scores": scores}

    key = hashlib.sha256(f"{fingerprint} {count} {QUERIES_PER_SHARD}".encode()).hexdigest()
    return LazyShards(key, len(ranges), compute, description)

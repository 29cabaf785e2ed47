"""Shortlists of images by shared local features, shard by shard."""

from __future__ import annotations

import hashlib

import numpy as np

from podium.common.shards import Arrays, LazyShards, shard_ranges
from podium.retrieval.encoders import part_of
from podium.retrieval.inverted_file import InvertedFile
from podium.retrieval.local_features import LocalFeatureTable

QUERIES_PER_SHARD = 500


def shortlist_shards(
    index: InvertedFile,
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
        index: Of the images.
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
        own = np.arange(part.start, part.stop) if among_themselves else None
        images, scores = index.search(part_of(queries, part), count, exclude=own, threads=threads)
        return {"images": images, "scores": scores}

    key = hashlib.sha256(f"{fingerprint} {count} {QUERIES_PER_SHARD}".encode()).hexdigest()
    return LazyShards(key, len(ranges), compute, description)

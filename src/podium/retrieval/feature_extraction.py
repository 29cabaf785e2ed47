"""Local features of a folder of images, shard by shard."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

from podium.common.ordered_work import work_ahead
from podium.common.shards import Arrays, LazyShards, fingerprint_of, shard_ranges
from podium.retrieval.local_features import (
    LocalFeatures,
    LocalFeatureTable,
    extract_features,
    no_features,
    pack_features,
)
from podium.vision.image_folder import ImageFolder
from podium.vision.reading import ImageFault

_ALGORITHM = 1
"""Raised whenever the same parameters give other features."""


@dataclass(frozen=True)
class ExtractionRules:
    """How keypoints are found.

    Attributes:
        longest_side: Larger images are shrunk to it, in pixels.
        most_keypoints: Of an image.
        contrast_threshold: Least contrast of a keypoint.
    """

    longest_side: int = 480
    most_keypoints: int = 1000
    contrast_threshold: float = 0.02


def local_feature_shards(
    folder: ImageFolder,
    rules: ExtractionRules,
    *,
    shard_size: int = 256,
    threads: int = 1,
    description: str = "Local features",
) -> LazyShards:
    """RootSIFT of every image; an image that cannot be read has no keypoint.

    Returns:
        Shards of `descriptors`, `geometry` and `counts` (keypoints of each image), see
        `LocalFeatureTable`; `feature_table` puts them together.
    """
    ranges = shard_ranges(len(folder), shard_size)

    def features(index: int) -> LocalFeatures:
        try:
            image = folder.read(index, rules.longest_side)
        except ImageFault:
            return no_features()
        return extract_features(
            image,
            most_keypoints=rules.most_keypoints,
            contrast_threshold=rules.contrast_threshold,
        )

    def compute(number: int) -> Arrays:
        table = pack_features(work_ahead(features, ranges[number], threads, 2 * threads))
        return {
            "descriptors": table.descriptors,
            "geometry": table.geometry,
            "counts": table.counts,
        }

    facts = f"{_ALGORITHM} {asdict(rules)} {shard_size} {folder_fingerprint(folder)}"
    key = hashlib.sha256(facts.encode()).hexdigest()
    return LazyShards(key, len(ranges), compute, description)


def feature_table(arrays: Arrays) -> LocalFeatureTable:
    """The table of arrays as `local_feature_shards` makes them."""
    import numpy as np

    offsets = np.concatenate([[0], np.cumsum(arrays["counts"], dtype="int64")]).astype("int64")
    return LocalFeatureTable(arrays["descriptors"], arrays["geometry"], offsets)


def features_fingerprint(arrays: Arrays) -> str:
    """A key to know other local features by, from their counts and about a thousand of them."""
    descriptors = arrays["descriptors"]
    some = descriptors[:: len(descriptors) // 997 + 1]
    return fingerprint_of(arrays["counts"], repr(descriptors.shape), some)


def folder_fingerprint(folder: ImageFolder) -> str:
    """A key that changes with the name, size or time of any image."""
    facts = hashlib.sha256()
    for index in range(len(folder)):
        facts.update(repr(tuple(folder.signature(index))).encode())
    return facts.hexdigest()

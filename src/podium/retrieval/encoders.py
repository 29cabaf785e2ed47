"""Encoders of two kinds under one roof: of images, and of their local features."""

from __future__ import annotations

import hashlib
import pickle
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.common.ordered_work import RangesAhead
from podium.common.shards import Arrays, LazyShards, shard_ranges
from podium.retrieval.local_features import Floats, LocalFeatureTable, sample_images
from podium.vision.encoder_options import longest_side
from podium.vision.image_folder import ImageFolder
from podium.vision.reading import ImageFault

MOST_FITTED_IMAGES = 3000


def fit_encoder(
    encoder: Any,
    folder: ImageFolder,
    features: LocalFeatureTable,
    usable: NDArray[np.int64],
    seed: int,
    seconds: float = float("inf"),
) -> Any:
    """Fit an encoder on some images; one that learns nothing comes back as it is.

    Of one that can compute in several ways the way is settled, so that work that is taken up again
    with the fitted encoder goes on in the same way.

    Args:
        encoder: Of images (`encode(images)`), or of local features: then it has
            `takes_local_features`.
        folder: The images.
        features: Their local features.
        usable: Numbers of the images to fit on; all of them can be read. Words and projections of
            local features are learned from at most `MOST_FITTED_IMAGES` of them.
        seed: Of that draw.
        seconds: That fitting may take. It holds for an encoder with a time limit of its own
            (`seconds`); the others are quick, and are not stopped.
    """
    if hasattr(encoder, "seconds") and seconds < (encoder.seconds or float("inf")):
        encoder.seconds = seconds
    if hasattr(encoder, "settle"):
        return encoder.settle()
    if not hasattr(encoder, "fit"):
        return encoder
    if takes_local_features(encoder):
        return encoder.fit(sample_images(features, usable, MOST_FITTED_IMAGES, seed))
    side = longest_side(encoder)
    return encoder.fit(lambda place: folder.read(int(usable[place]), side), len(usable))


def encoder_shards(
    name: str,
    encoder: Any,
    folder: ImageFolder,
    features: LocalFeatureTable,
    source: str,
    *,
    shard_size: int = 512,
    threads: int = 1,
) -> LazyShards:
    """Vectors of all images of a folder by one fitted encoder.

    Images are read ahead of their use, over the ends of shards. Where an encoder says how it wants
    its images prepared (`views`), the same threads do that.

    Args:
        name: Of the encoder, for progress.
        encoder: See `fit_encoder`.
        folder: The images; one that cannot be read gets a row of zeros.
        features: Their local features.
        source: Fingerprint of images and features.
        shard_size: Images in a shard.
        threads: Images read, or blocks of keypoints aggregated, at a time.

    Returns:
        Shards of `vectors`, (images, dimensions) or (images, turns, dimensions) float32, and
        `seconds`, (1,).
    """
    ranges = shard_ranges(len(folder), shard_size)
    readers: list[RangesAhead[Any]] = []  # one, as soon as it is needed

    def compute(number: int) -> Arrays:
        began = time.perf_counter()
        if takes_local_features(encoder):
            vectors = encoder.encode(part_of(features, ranges[number]), threads=threads)
        else:
            readers[:] = readers or [image_reader(encoder, folder, ranges, threads)]
            with closing(readers[0].take(number)) as images:
                vectors = encode_images(encoder, images, len(ranges[number]))
        return {"vectors": vectors, "seconds": np.array([time.perf_counter() - began])}

    key = hashlib.sha256(f"{fingerprint(encoder)} {source} {shard_size}".encode()).hexdigest()
    return LazyShards(key, len(ranges), compute, f"Images encoded by {name}")


def image_reader(
    encoder: Any, folder: ImageFolder, ranges: Sequence[range], threads: int
) -> RangesAhead[Any]:
    """The images of a folder as `encode_images` takes them, read ahead range by range.

    Args:
        encoder: Of images. Where it has `views`, at most its `images_ahead` squares wait, else at
            most two images for each thread.
        folder: The images.
        ranges: Of their numbers.
        threads: Images read at a time.
    """
    side, views = longest_side(encoder), getattr(encoder, "views", None)
    ahead = 2 * threads if views is None else encoder.images_ahead

    def read(index: int) -> Any:
        try:
            image = folder.read(index, side)
        except ImageFault:
            return None
        return image if views is None else views.squares(image)

    return RangesAhead(read, ranges, threads, ahead)


def encode_images(encoder: Any, images: Iterable[Any], count: int) -> Floats:
    """Vectors of so many images from `image_reader`; zeros for those that cannot be read."""
    readable: list[int] = []

    def found() -> Iterator[Any]:
        for place, image in enumerate(images):
            if image is not None:
                readable.append(place)
                yield image

    encode = encoder.encode_prepared if hasattr(encoder, "views") else encoder.encode
    rows = np.asarray(encode(found()), dtype="float32")
    vectors = np.zeros((count, *rows.shape[1:]), dtype="float32")
    vectors[readable] = rows
    return vectors


def takes_local_features(encoder: Any) -> bool:
    """Whether an encoder is one of local features."""
    return bool(getattr(encoder, "takes_local_features", False))


def fingerprint(encoder: Any) -> str:
    """A key that changes with whatever moves a vector."""
    if hasattr(encoder, "fingerprint"):
        return str(encoder.fingerprint())
    return hashlib.sha256(pickle.dumps(encoder)).hexdigest()


def part_of(features: LocalFeatureTable, images: range) -> LocalFeatureTable:
    """The local features of a range of images, without a copy."""
    offsets = features.offsets[images.start : images.stop + 1]
    part = slice(int(offsets[0]), int(offsets[-1]))
    return LocalFeatureTable(
        features.descriptors[part], features.geometry[part], offsets - offsets[0]
    )

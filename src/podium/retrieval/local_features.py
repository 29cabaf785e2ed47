"""Local features of images: SIFT keypoints with RootSIFT descriptors, packed in few large arrays.

SIFT: Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", 2004, by OpenCV. RootSIFT:
Arandjelovic and Zisserman, "Three things everyone should know to improve object retrieval", 2012.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DESCRIPTOR_LENGTH = 128
DESCRIPTOR_SCALE = 512.0
"""RootSIFT values lie in 0 to 1, nearly all below one half: this maps them to bytes."""

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class LocalFeatures:
    """The keypoints of one image, strongest first.

    Attributes:
        descriptors: RootSIFT times `DESCRIPTOR_SCALE`, rounded, (keypoints, 128) uint8.
        geometry: x and y in pixels, diameter in pixels and angle in degrees, (keypoints, 4).
    """

    descriptors: Bytes
    geometry: Floats

    def __len__(self) -> int:
        """Number of keypoints."""
        return len(self.descriptors)


@dataclass(frozen=True)
class LocalFeatureTable:
    """The keypoints of many images, one image after the other.

    Attributes:
        descriptors: Of all images, (keypoints, 128) uint8; may be mapped from a file.
        geometry: Of all images, (keypoints, 4) float32.
        offsets: Image i has the keypoints offsets[i] to offsets[i + 1], (images + 1,).
    """

    descriptors: Bytes
    geometry: Floats
    offsets: Counts

    def __len__(self) -> int:
        """Number of images."""
        return len(self.offsets) - 1

    def __getitem__(self, image: int) -> LocalFeatures:
        """The keypoints of one image."""
        part = slice(self.offsets[image], self.offsets[image + 1])
        return LocalFeatures(self.descriptors[part], self.geometry[part])

    @property
    def counts(self) -> Counts:
        """Keypoints of each image."""
        return np.diff(self.offsets)

    def blocks(self, keypoints: int = 200_000) -> Iterator[tuple[int, int]]:
        """Ranges of images that hold about so many keypoints each, at least one image."""
        start = 0
        while start < len(self):
            limit = self.offsets[start] + keypoints
            stop = int(np.searchsorted(self.offsets, limit, side="right")) - 1
            stop = min(max(stop, start + 1), len(self))
            yield start, stop
            start = stop

    def roots(self, start: int, stop: int) -> Floats:
        """Unit RootSIFT vectors of a range of images, (keypoints, 128) float32."""
        part = slice(self.offsets[start], self.offsets[stop])
        return unit_descriptors(self.descriptors[part])

    def images(self, start: int, stop: int) -> Counts:
        """The image, counted from `start`, that each keypoint of a range of images lies in."""
        return np.repeat(np.arange(stop - start), self.counts[start:stop])

    def take(self, images: Sequence[int] | Counts) -> LocalFeatureTable:
        """The given images, in that order."""
        return pack_features([self[int(image)] for image in images])


def pack_features(features: Iterable[LocalFeatures]) -> LocalFeatureTable:
    """Put the keypoints of several images together."""
    parts = list(features)
    counts = [len(part) for part in parts]
    parts.append(no_features())
    return LocalFeatureTable(
        np.concatenate([part.descriptors for part in parts]),
        np.concatenate([part.geometry for part in parts]),
        np.concatenate([[0], np.cumsum(counts, dtype="int64")]).astype("int64"),
    )


def sample_images(
    table: LocalFeatureTable, images: Counts, most: int, seed: int
) -> LocalFeatureTable:
    """The local features of at most so many of the given images, in memory, to learn from."""
    if len(images) > most:
        images = np.sort(np.random.default_rng(seed).choice(images, most, replace=False))
    return table.take(images)


def unit_descriptors(descriptors: Bytes) -> Floats:
    """Bytes back to unit vectors, (keypoints, 128) float32."""
    roots = descriptors.astype("float32")
    norms = np.sqrt(np.einsum("ij,ij->i", roots, roots))
    roots /= np.maximum(norms, 1e-6)[:, None]
    return roots


def extract_features(
    image: NDArray[np.uint8], *, most_keypoints: int = 1000, contrast_threshold: float = 0.02
) -> LocalFeatures:
    """Find the strongest SIFT keypoints of one image.

    Args:
        image: RGB, (height, width, 3) uint8.
        most_keypoints: So many of the highest contrast are kept.
        contrast_threshold: Least contrast of a keypoint; OpenCV's default is 0.04, dark and blurred
            photos need less.
    """
    import cv2

    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    detector = cv2.SIFT.create(nfeatures=most_keypoints, contrastThreshold=contrast_threshold)
    keypoints, sift = detector.detectAndCompute(grey, None)
    if not keypoints:
        return no_features()
    geometry = np.array([(*k.pt, k.size, k.angle) for k in keypoints], dtype="float32")
    # OpenCV may give one or two more than asked; equal responses keep their order.
    order = np.argsort([-k.response for k in keypoints], kind="stable")[:most_keypoints]
    return LocalFeatures(quantise_roots(sift[order].astype("float32")), geometry[order])


def quantise_roots(sift: Floats) -> Bytes:
    """SIFT to RootSIFT in bytes: L1-normalised, square root, scaled, (keypoints, 128)."""
    totals = np.maximum(sift.sum(axis=1, keepdims=True), 1e-6)
    return np.minimum(np.rint(np.sqrt(sift / totals) * DESCRIPTOR_SCALE), 255).astype("uint8")


def no_features() -> LocalFeatures:
    """Of an image without a keypoint, or one that cannot be read."""
    return LocalFeatures(np.empty((0, DESCRIPTOR_LENGTH), "uint8"), np.empty((0, 4), "float32"))

"""What a network learns instances from: each image beside a simulated visitor photo of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from podium.vision.encoder_options import Framing
from podium.vision.preprocessing import to_square
from podium.vision.visitor_photos import STRENGTHS, simulate

ReadImage = Callable[[int], np.ndarray]
"""Gives the image of an index, uint8 (h, w, 3); called from several threads."""

_EFFECT = "mixed"
# The least that a photo can be simulated of.
_LEAST_SIDE = 8
_KEPT_BYTES = 2 << 30


class TrainingPairs:
    """Draws pairs of squares; what is drawn depends on seed, epoch and index alone.

    Images are read once and kept small, as long as they fit into 2 GiB; what does not fit is read
    again in every epoch.
    """

    def __init__(
        self,
        read: ReadImage,
        seed: int,
        size: int,
        photo_size: int,
        framing: Framing,
        resample: int,
        turned: float,
    ) -> None:
        """Declare the pairs.

        Args:
            read: Gives the images.
            seed: Of the photos.
            size: Side of a square, px.
            photo_size: Longest side of the image that a photo is simulated of, and of the photo,
                px.
            framing: How both are brought to a square, see `to_square`.
            resample: Pillow's number of the interpolation.
            turned: Probability that a photo is turned by 90, 180 or 270 degrees, beside the turns
                that the simulation makes.
        """
        self._read = read
        self._seed = seed
        self._size = size
        self._photo_size = photo_size
        self._framing = framing
        self._resample = resample
        self._turned = turned
        self._kept: dict[int, np.ndarray] = {}
        self._room = _KEPT_BYTES
        self._lock = threading.Lock()

    def draw(self, epoch: int, index: int) -> np.ndarray:
        """The image and a photo of it, uint8 (2, size, size, 3).

        Raises:
            ValueError: for an image that is not uint8 (h, w, 3).
        """
        image = self._small(index)
        rng = np.random.default_rng([self._seed, epoch, index])
        strength = int(rng.choice(STRENGTHS))
        photo = simulate(image, _EFFECT, strength, rng, self._photo_size)
        if rng.random() < self._turned:
            photo = np.ascontiguousarray(np.rot90(photo, int(rng.integers(1, 4))))
        return np.stack([self.square(image), self.square(photo)])

    def square(self, image: np.ndarray) -> np.ndarray:
        """An image as the network sees it, uint8 (size, size, 3).

        Raises:
            ValueError: for an image that is not uint8 (h, w, 3).
        """
        return to_square(image, self._size, self._resample, self._framing)

    def _small(self, index: int) -> np.ndarray:
        image = self._kept.get(index)
        if image is not None:
            return image
        image = shrink(self._read(index), self._photo_size)
        with self._lock:
            if image.nbytes <= self._room and index not in self._kept:
                self._kept[index] = image
                self._room -= image.nbytes
        return image


def shrink(image: np.ndarray, longest_side: int) -> np.ndarray:
    """Bring an image to a longest side, if it is larger; no side gets shorter than 8 px.

    Raises:
        ValueError: for an image that is not uint8 (h, w, 3).
    """
    import cv2

    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:  # noqa: PLR2004
        raise ValueError(f"an image must be uint8 (h, w, 3), got {image.dtype} {image.shape}")
    height, width = image.shape[:2]
    ratio = min(1.0, longest_side / max(height, width))
    sides = [max(_LEAST_SIDE, round(side * ratio)) for side in (width, height)]
    if sides == [width, height]:
        return image
    return cv2.resize(image, sides, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)

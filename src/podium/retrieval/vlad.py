"""VLAD: one vector for an image, from where its local descriptors lie around few visual words.

Jégou et al., "Aggregating local image descriptors into compact codes", PAMI 2012, with its power
normalisation; intra-normalisation: Arandjelovic and Zisserman, "All about VLAD", CVPR 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from podium.common.threads import one_thread
from podium.retrieval.codebook import (
    TooFewKeypointsError,
    learn_words,
    nearest_words,
    sample_roots,
)
from podium.retrieval.keypoint_blocks import encode_blocks
from podium.retrieval.local_features import DESCRIPTOR_LENGTH, Floats, LocalFeatureTable
from podium.retrieval.whitening import unit_rows

SAMPLED_PER_WORD = 2000


class VladEncoder:
    """Residuals of RootSIFT to the nearest word, summed for each word.

    The sum of each word is brought to unit length, every number is raised to a power (its sign
    kept), and the whole is brought to unit length.

    Attributes:
        words: Wanted visual words.
        centres: The words there are, after `fit`, (words, components) float32; fewer than wanted
            where the keypoints are few.
    """

    takes_local_features = True
    centres: Floats
    _projection: RootProjection | None

    def __init__(
        self, words: int = 64, components: int | None = None, power: float = 0.5, seed: int = 0
    ) -> None:
        """Declare the encoder.

        Args:
            words: Visual words.
            components: Principal components that RootSIFT is reduced to, None for none.
            power: Of each number; 1 leaves it.
            seed: Of the sampled keypoints and the first centres.

        Raises:
            ValueError: for a number of words or components, or a power, outside its range.
        """
        require_settings(words, components, power)
        self.words = words
        self.components = components
        self.power = power
        self.seed = seed

    @property
    def dimensions(self) -> int:
        """Length of an image's vector, after `fit`."""
        return self.centres.size

    def fit(self, table: LocalFeatureTable) -> Self:
        """Learn projection and words from keypoints drawn at random.

        Raises:
            TooFewKeypointsError: fewer keypoints than one word needs, or no more than components.
        """
        points = sample_roots(table, self.words * SAMPLED_PER_WORD, self.seed)
        with one_thread():
            self._projection = None
            if self.components is not None:
                self._projection = RootProjection.learn(points, self.components)
                points = self._projection.apply(points)
            self.centres = learn_words(points, self.words, seed=self.seed)
        return self

    def encode(self, table: LocalFeatureTable, *, threads: int = 1) -> Floats:
        """One vector for each image.

        Args:
            table: Local features of the images.
            threads: Blocks of images at a time; the result does not depend on it.

        Returns:
            Unit rows, or zero for an image without a keypoint, (images, words * components).
        """
        return encode_blocks(
            table, self.dimensions, self._aggregate, table.blocks(), threads=threads
        )

    def _aggregate(self, points: Floats, images: NDArray[np.int64], count: int) -> Floats:
        if self._projection is not None:
            points = self._projection.apply(points)
        nearest = nearest_words(points, self.centres)[:, 0]
        cells = images * len(self.centres) + nearest
        sums = sum_by_cell(points - self.centres[nearest], cells, count * len(self.centres))
        vectors = unit_rows(sums).reshape(count, -1)
        return unit_rows(raise_to_power(vectors, self.power))


@dataclass(frozen=True)
class RootProjection:
    """Principal components of RootSIFT, not whitened.

    Attributes:
        mean: (128,) float32.
        axes: As columns, (128, components) float32.
    """

    mean: Floats
    axes: Floats

    @classmethod
    def learn(cls, points: Floats, components: int) -> RootProjection:
        """Learn from RootSIFT vectors, (points, 128).

        Raises:
            TooFewKeypointsError: no more points than components.
        """
        from sklearn.decomposition import PCA

        if len(points) <= components:
            problem = f"{len(points)} keypoints are too few for {components} components"
            raise TooFewKeypointsError(problem)
        pca = PCA(components, svd_solver="covariance_eigh").fit(points.astype(np.float64))
        mean: Floats = pca.mean_.astype(np.float32)
        axes: Floats = np.ascontiguousarray(pca.components_.T, dtype=np.float32)
        return cls(mean, axes)

    def apply(self, points: Floats) -> Floats:
        """(points, 128) to (points, components)."""
        return np.asarray((points - self.mean) @ self.axes, dtype=np.float32)


def sum_by_cell(values: Floats, cells: NDArray[np.int64], count: int) -> Floats:
    """Sum the rows of each cell.

    Args:
        values: (rows, dimensions).
        cells: The cell of each row, (rows,), each below `count`.
        count: Number of cells.

    Returns:
        (count, dimensions); zero for a cell without a row.
    """
    sums = np.zeros((count, values.shape[1]), dtype=np.float32)
    if len(cells):
        order = np.argsort(cells, kind="stable")
        found = cells[order]
        starts = np.flatnonzero(np.diff(found, prepend=-1))
        sums[found[starts]] = np.add.reduceat(values[order], starts, axis=0)
    return sums


def raise_to_power(values: Floats, power: float) -> Floats:
    """Magnitudes raised to a power, signs kept."""
    return np.copysign(np.abs(values) ** np.float32(power), values)


def require_settings(words: int, components: int | None, power: float) -> None:
    """Refuse numbers that no encoder can have.

    Raises:
        ValueError: for a number of words or components, or a power, outside its range.
    """
    if words < 1:
        raise ValueError(f"words must be positive, got {words}")
    if components is not None and not 1 <= components <= DESCRIPTOR_LENGTH:
        raise ValueError(f"components must lie between 1 and {DESCRIPTOR_LENGTH}, got {components}")
    if not 0 < power <= 1:
        raise ValueError(f"power must lie above 0 and at most be 1, got {power}")

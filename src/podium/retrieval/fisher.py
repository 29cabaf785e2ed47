"""Fisher vectors: one vector for an image, from how its descriptors pull at a Gaussian mixture.

Improved Fisher vector: Perronnin, Sánchez and Mensink, "Improving the Fisher kernel for large-scale
image classification", ECCV 2010. Small posteriors are dropped as in Sánchez et al., "Image
classification with the Fisher vector", IJCV 2013.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from podium.common.threads import one_thread
from podium.retrieval.codebook import learn_words, nearest_words, sample_roots
from podium.retrieval.keypoint_blocks import encode_blocks
from podium.retrieval.local_features import Floats, LocalFeatureTable
from podium.retrieval.vlad import RootProjection, raise_to_power, require_settings, sum_by_cell
from podium.retrieval.whitening import unit_rows

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

SAMPLED_PER_WORD = 1000
# Of a keypoint: what is below changes no image's vector visibly, and most words are below.
_LEAST_POSTERIOR = 1e-3
_LEAST_VARIANCE = 1e-5
_KEYPOINTS_AT_ONCE = 50_000


class FisherEncoder:
    """Gradients to the means, then to the variances, of Gaussians with diagonal covariance.

    Every number is raised to a power (its sign kept), and the whole is brought to unit length.

    Attributes:
        words: Wanted Gaussians.
        mixture: What was learned, after `fit`; fewer Gaussians where the keypoints are few.
    """

    takes_local_features = True
    mixture: GaussianMixture
    _projection: RootProjection | None

    def __init__(
        self,
        words: int = 64,
        components: int | None = 64,
        power: float = 0.5,
        iterations: int = 30,
        seed: int = 0,
    ) -> None:
        """Declare the encoder.

        Args:
            words: Gaussians.
            components: Principal components that RootSIFT is reduced to, None for none. They are
                uncorrelated, as a diagonal covariance asks for.
            power: Of each number; 1 leaves it.
            iterations: Most steps of expectation maximisation, after k-means.
            seed: Of the sampled keypoints and the first centres.

        Raises:
            ValueError: for a number of words, components or iterations, or a power, outside its
                range.
        """
        require_settings(words, components, power)
        if iterations < 1:
            raise ValueError(f"iterations must be positive, got {iterations}")
        self.words = words
        self.components = components
        self.power = power
        self.iterations = iterations
        self.seed = seed

    @property
    def dimensions(self) -> int:
        """Length of an image's vector, after `fit`."""
        return 2 * int(self.mixture.means_.size)

    def fit(self, table: LocalFeatureTable) -> Self:
        """Learn projection and mixture from keypoints drawn at random.

        Raises:
            TooFewKeypointsError: fewer keypoints than one word needs, or no more than components.
        """
        points = sample_roots(table, self.words * SAMPLED_PER_WORD, self.seed)
        with one_thread():
            self._projection = None
            if self.components is not None:
                self._projection = RootProjection.learn(points, self.components)
                points = self._projection.apply(points)
            centres = learn_words(points, self.words, seed=self.seed)
            self.mixture = _learn_mixture(points, centres, self.iterations)
        return self

    def encode(self, table: LocalFeatureTable, *, threads: int = 1) -> Floats:
        """One vector for each image.

        Args:
            table: Local features of the images.
            threads: Blocks of images at a time; the result does not depend on it.

        Returns:
            Unit rows, or zero for an image without a keypoint, (images, 2 * words * components).
        """
        return encode_blocks(
            table,
            self.dimensions,
            self._aggregate,
            table.blocks(_KEYPOINTS_AT_ONCE),
            threads=threads,
        )

    def _aggregate(self, points: Floats, images: NDArray[np.int64], count: int) -> Floats:
        if self._projection is not None:
            points = self._projection.apply(points)
        posteriors = _sparse_posteriors(self.mixture.predict_proba(points))
        rows, words = np.nonzero(posteriors)
        weights = posteriors[rows, words].astype(np.float32)[:, None]
        means = self.mixture.means_.astype(np.float32)
        deviations = np.sqrt(self.mixture.covariances_).astype(np.float32)
        shares = np.sqrt(self.mixture.weights_).astype(np.float32)[:, None]

        pulls = (points[rows] - means[words]) / deviations[words]
        cells = images[rows] * len(means) + words
        to_means = sum_by_cell(weights * pulls, cells, count * len(means))
        to_variances = sum_by_cell(weights * (pulls**2 - 1), cells, count * len(means))
        to_means = to_means.reshape(count, len(means), -1) / shares
        to_variances = to_variances.reshape(count, len(means), -1) / (shares * np.sqrt(2))
        # The number of keypoints, by which the theory divides, cancels out here.
        vectors = np.concatenate([to_means, to_variances], axis=1, dtype=np.float32)
        return unit_rows(raise_to_power(vectors.reshape(count, -1), self.power))


def _learn_mixture(points: Floats, centres: Floats, iterations: int) -> GaussianMixture:
    """Expectation maximisation that starts from the cells of k-means."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    nearest = nearest_words(points, centres)[:, 0]
    counts = np.maximum(np.bincount(nearest, minlength=len(centres)), 1)
    squares = (points - centres[nearest]) ** 2
    variances = sum_by_cell(squares, nearest, len(centres)) / counts[:, None] + _LEAST_VARIANCE
    mixture = GaussianMixture(
        len(centres),
        covariance_type="diag",
        reg_covar=_LEAST_VARIANCE,
        max_iter=iterations,
        weights_init=counts / counts.sum(),
        means_init=centres.astype(np.float64),
        precisions_init=1 / variances.astype(np.float64),
    )
    with warnings.catch_warnings():
        # The last steps change little; the number of them is a setting.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mixture.fit(points.astype(np.float64))


def _sparse_posteriors(posteriors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Small ones dropped, the others summing to 1 for each keypoint."""
    large = np.where(posteriors >= _LEAST_POSTERIOR, posteriors, 0)
    return large / large.sum(axis=1, keepdims=True)

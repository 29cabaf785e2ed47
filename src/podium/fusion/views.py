"""What a classifier sees of a pair: one side, both, or both with their interactions."""

from __future__ import annotations

from typing import Literal, Self, get_args

import numpy as np

from podium.fusion.pairs import EmbeddingPairs

View = Literal["image", "text", "both", "interactions"]

# Of the largest variance: below it a direction is rounding error, which whitening would blow up.
_NEGLIGIBLE = 1e-6


class PairView:
    """Features of pairs, with what they need learned from training rows only.

    Both halves are brought to unit length and centred. A zero vector then stands at the training
    mean, so that it says nothing. Image and text embeddings of one model lie in two narrow cones
    apart from each other (Liang et al. 2022, "Mind the gap"), which is why interactions are taken
    after centring: [i, t, i * t, abs(i - t), cos(i, t)]. Every block of features is scaled as a
    whole to a mean squared row norm of 1, which keeps the ratio of the variances within it.
    """

    def __init__(
        self, view: View = "both", components: int | float | None = None, whiten: bool = False
    ) -> None:
        """Declare the view.

        Args:
            view: Which features.
            components: Principal components kept: a number, a share of the variance (between 0 and
                1), or None for no reduction. Never more than the training rows have.
            whiten: Scale the components to equal variance.

        Raises:
            ValueError: for an unknown view or a number of components that is not positive.
        """
        if view not in get_args(View):
            raise ValueError(f"view must be one of {', '.join(get_args(View))}, got {view!r}")
        if components is not None and components <= 0:
            raise ValueError(f"components must be positive, got {components}")
        self.view: View = view
        self.components = components
        self.whiten = whiten

    def fit(self, pairs: EmbeddingPairs) -> Self:
        """Learn means, scales and components from training rows."""
        self.fit_transform(pairs)
        return self

    def fit_transform(self, pairs: EmbeddingPairs) -> np.ndarray:
        """Learn from training rows and give their features; float32, shape (n, p)."""
        halves = pairs.normalised()
        self._means = (_mean_of_nonzero(halves.image), _mean_of_nonzero(halves.text))
        blocks = self._blocks(halves)
        self._offsets = [block.mean(axis=0) for block in blocks]
        centred = [block - offset for block, offset in zip(blocks, self._offsets, strict=True)]
        self._scales = [_inverse_norm(block) for block in centred]
        features = np.hstack([b * s for b, s in zip(centred, self._scales, strict=True)])
        self._rotation = None
        if self.components is not None or self.whiten:
            self._rotation = self._principal_axes(features)
            features = features @ self._rotation
        return features

    def transform(self, pairs: EmbeddingPairs) -> np.ndarray:
        """Features of any rows; float32, shape (n, p)."""
        parts = zip(self._blocks(pairs.normalised()), self._offsets, self._scales, strict=True)
        features = np.hstack([(block - offset) * scale for block, offset, scale in parts])
        return features if self._rotation is None else features @ self._rotation

    def _blocks(self, halves: EmbeddingPairs) -> list[np.ndarray]:
        if self.view == "image":
            return [_centred(halves.image, self._means[0])]
        if self.view == "text":
            return [_centred(halves.text, self._means[1])]
        image = _centred(halves.image, self._means[0])
        text = _centred(halves.text, self._means[1])
        if self.view == "both":
            return [image, text]
        if image.shape[1] != text.shape[1]:
            raise ValueError(f"interactions of {image.shape[1]} with {text.shape[1]} numbers")
        unit = EmbeddingPairs(image, text).normalised()
        product = unit.image * unit.text
        cosine = product.sum(axis=1, keepdims=True)
        return [image, text, product, np.abs(unit.image - unit.text), cosine]

    def _principal_axes(self, features: np.ndarray) -> np.ndarray:
        """Axes as columns, float32, shape (p, k); scaled where whitening is wished for."""
        most = min(features.shape)
        if self.components is not None and self.components >= 1:
            axes, variance = _leading_axes(features, min(int(self.components), most))
        else:
            axes, variance = _all_axes(features, self.components or most)
        kept = variance > _NEGLIGIBLE * max(float(variance[0]), 1e-12)
        axes = axes[:, kept]
        if self.whiten and kept.any():
            axes = axes / np.sqrt(variance[kept] * kept.sum())
        return axes.astype(np.float32)


def _all_axes(features: np.ndarray, wanted: float) -> tuple[np.ndarray, np.ndarray]:
    """Principal axes as columns and the variances along them; a number, or a share of variance."""
    from sklearn.decomposition import PCA

    solver = "covariance_eigh" if len(features) > features.shape[1] else "full"
    pca = PCA(wanted, svd_solver=solver).fit(features)
    return pca.components_.T, pca.explained_variance_


def _leading_axes(features: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The same for the strongest axes alone, in a third of the time.

    Eigenvectors of the smaller of the two product matrices, of which LAPACK computes those asked
    for; scikit-learn's exact solvers compute all.
    """
    from scipy.linalg import eigh

    rows, numbers = features.shape
    centred = features - features.mean(axis=0)
    if by_rows := rows < numbers:
        # Axes are made by dividing by roots of the eigenvalues: float32 would not do.
        centred = centred.astype(np.float64)
    product = centred @ centred.T if by_rows else centred.T @ centred
    last = len(product) - 1
    found = eigh(product, subset_by_index=[last - count + 1, last], driver="evr")
    squares, vectors = np.maximum(found[0][::-1], 0), found[1][:, ::-1]
    if by_rows:
        vectors = centred.T @ (vectors / np.sqrt(np.maximum(squares, np.finfo(float).tiny)))
    # A sign that does not depend on LAPACK's way there.
    largest = np.abs(vectors).argmax(axis=0)
    return vectors * np.sign(vectors[largest, np.arange(count)]), squares / max(rows - 1, 1)


def _mean_of_nonzero(vectors: np.ndarray) -> np.ndarray:
    known = vectors[vectors.any(axis=1)]
    if not len(known):
        return np.zeros(vectors.shape[1], np.float32)
    return known.mean(axis=0, dtype=np.float64).astype(np.float32)


def _centred(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    return np.where(vectors.any(axis=1, keepdims=True), vectors - mean, np.float32(0))


def _inverse_norm(block: np.ndarray) -> np.float32:
    """What brings the mean squared row norm to 1; 0 for a block that says nothing."""
    norm = float(np.sqrt(np.square(block, dtype=np.float64).sum(axis=1).mean()))
    return np.float32(1 / norm if norm > _NEGLIGIBLE else 0)

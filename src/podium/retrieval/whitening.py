"""Blocks of descriptors put side by side, and their principal components at equal variance.

Whitening of image descriptors: Jégou and Chum, "Negative evidences and co-occurrences in image
retrieval: the benefit of PCA and whitening", ECCV 2012.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from podium.common.threads import one_thread

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

# Of the largest eigenvalue: below it a direction is rounding error.
_NEGLIGIBLE = 1e-10
_LEAST_NORM = 1e-12
_VALUES_AT_ONCE = 1 << 24


class PcaWhitening:
    """Principal components of descriptors, scaled towards equal variance, of unit length.

    Component i is divided by the root of (1 - shrinkage) * variance_i + shrinkage * mean variance,
    the mean being over the kept components. So 0 whitens fully, 1 only rotates, and what lies
    between keeps the noise of a small collection's last components small.

    A zero row says nothing: it is left out when the components are learned, and stays zero. Where
    the others do not differ there is nothing to learn: one component is kept, what they have in
    common, and no mean is taken off.

    Attributes:
        dimensions: Wanted components, None for all.
        shrinkage: Share of the mean variance.
        kept: Components there are, after `fit`: never more than the non-zero rows less one, nor
            than the rows differ in, but one at least.
        variances: Of the kept components, largest first, (kept,) float64; 1 for what equal rows
            have in common.
    """

    kept: int
    variances: Doubles
    _mean: Doubles
    _axes: Floats

    def __init__(self, dimensions: int | None = 512, shrinkage: float = 0.1) -> None:
        """Declare the whitening.

        Args:
            dimensions: Most components that are kept, None for all.
            shrinkage: Between 0 and 1, see above.

        Raises:
            ValueError: for a number of dimensions that is not positive, or a shrinkage outside 0
                to 1.
        """
        if dimensions is not None and dimensions < 1:
            raise ValueError(f"dimensions must be positive, got {dimensions}")
        if not 0 <= shrinkage <= 1:
            raise ValueError(f"shrinkage must lie between 0 and 1, got {shrinkage}")
        self.dimensions = dimensions
        self.shrinkage = shrinkage

    def fit(self, vectors: NDArray[np.floating]) -> Self:
        """Learn mean and components; no labels are needed.

        Args:
            vectors: (rows, dimensions).

        Raises:
            ValueError: for values that are not finite, or rows that are all zero or differ by less
                than rounding.
        """
        require_finite(vectors)
        filled = vectors.any(axis=1)
        rows = vectors if filled.all() else vectors[filled]
        if not len(rows):
            raise ValueError("rows that are all zero cannot be whitened")
        with one_thread():
            self._mean = rows.mean(axis=0, dtype=np.float64)
            if _are_equal(rows):
                variances = np.ones(1)
                axes = (self._mean / np.linalg.norm(self._mean))[:, None]
                self._mean = np.zeros_like(self._mean)
            else:
                variances, axes = _principal_axes(rows, self._mean, self.dimensions)
        self.kept, self.variances = len(variances), variances
        damped = (1 - self.shrinkage) * variances + self.shrinkage * variances.mean()
        self._axes = (axes / np.sqrt(damped)).astype(np.float32)
        return self

    def transform(self, vectors: NDArray[np.floating]) -> Floats:
        """Whitened components.

        Args:
            vectors: (rows, dimensions) as learned.

        Returns:
            Unit rows, or zero where the vector is zero, (rows, kept).

        Raises:
            ValueError: for values that are not finite, or another number of dimensions.
        """
        require_finite(vectors)
        if vectors.shape[1] != len(self._mean):
            raise ValueError(f"{vectors.shape[1]} dimensions, learned from {len(self._mean)}")
        whitened = np.empty((len(vectors), self.kept), dtype=np.float32)
        with one_thread():
            for part in _slices(len(vectors), vectors.shape[1]):
                centred = (vectors[part] - self._mean).astype(np.float32)
                whitened[part] = centred @ self._axes
        whitened[~vectors.any(axis=1)] = 0
        return unit_rows(whitened)


def join_blocks(blocks: Sequence[NDArray[np.floating]], weights: Sequence[float]) -> Floats:
    """Put blocks of descriptors side by side, each brought to unit length and then scaled.

    The inner product of two joined rows is the sum of the blocks' cosines, each times its weight
    squared.

    Args:
        blocks: (rows, dimensions) each; a zero row stays zero.
        weights: One for each block, not negative.

    Returns:
        (rows, sum of the dimensions).

    Raises:
        ValueError: for no block, another number of weights or rows, or values that are not finite.
    """
    if not blocks or len(blocks) != len(weights):
        raise ValueError(f"{len(blocks)} blocks and {len(weights)} weights")
    if len({len(block) for block in blocks}) > 1:
        raise ValueError(f"blocks of {', '.join(str(len(block)) for block in blocks)} rows")
    if not all(np.isfinite(weight) and weight >= 0 for weight in weights):
        raise ValueError(f"weights must be finite and not negative, got {list(weights)}")
    for block in blocks:
        require_finite(block)
    scaled = [unit_rows(b) * np.float32(w) for b, w in zip(blocks, weights, strict=True)]
    return np.concatenate(scaled, axis=1)


def unit_rows(rows: NDArray[np.floating]) -> Floats:
    """Rows of length 1, float32; a zero row stays zero."""
    # Scaled first: the squares of very small or large numbers do not fit.
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0)
    scaled = rows / np.where(largest > 0, largest, 1)
    norms = np.sqrt(np.einsum("ij,ij->i", scaled, scaled))
    return (scaled / np.maximum(norms, _LEAST_NORM)[:, None]).astype(np.float32)


def require_finite(vectors: NDArray[np.floating]) -> None:
    """Refuse what is no table of finite numbers.

    Raises:
        ValueError: for another shape than (rows, dimensions), or values that are not finite.
    """
    if vectors.ndim != 2:  # noqa: PLR2004
        raise ValueError(f"expected rows of numbers, got an array of shape {vectors.shape}")
    for part in _slices(*vectors.shape):
        bad = ~np.isfinite(vectors[part]).all(axis=1)
        if bad.any():
            row = part.start + int(np.argmax(bad))
            raise ValueError(f"row {row} has a value that is not finite")


def _principal_axes(
    rows: NDArray[np.floating], mean: Doubles, most: int | None
) -> tuple[Doubles, Doubles]:
    """Variances, largest first, and unit axes as columns; from the smaller of two matrices.

    With fewer rows than dimensions the inner products of the rows have the same eigenvalues.
    """
    from scipy.linalg import eigh

    small = len(rows) <= rows.shape[1]
    products = _row_products(rows, mean) if small else _column_products(rows, mean)
    most = min(len(rows) - 1, rows.shape[1], most or rows.shape[1])
    wanted = (len(products) - most, len(products) - 1)
    values, vectors = eigh(products, subset_by_index=wanted, overwrite_a=True)
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = values > _NEGLIGIBLE * max(values[0], 0)
    if not kept.any():
        raise ValueError("rows that differ by less than rounding have no components")
    values, vectors = values[kept], vectors[:, kept]
    axes = _led_back(rows, mean, vectors) / np.sqrt(values) if small else vectors
    return values / (len(rows) - 1), _fix_signs(axes)


def _are_equal(rows: NDArray[np.floating]) -> bool:
    return all((rows[part] == rows[0]).all() for part in _slices(*rows.shape))


def _column_products(rows: NDArray[np.floating], mean: Doubles) -> Doubles:
    products = np.zeros((len(mean), len(mean)))
    for part in _slices(len(rows), len(mean)):
        centred = rows[part] - mean
        products += centred.T @ centred
    return products


def _row_products(rows: NDArray[np.floating], mean: Doubles) -> Doubles:
    products = np.zeros((len(rows), len(rows)))
    for part in _slices(len(mean), len(rows)):
        centred = rows[:, part] - mean[part]
        products += centred @ centred.T
    return products


def _led_back(rows: NDArray[np.floating], mean: Doubles, vectors: Doubles) -> Doubles:
    """From eigenvectors of the row products to axes, not yet of unit length."""
    axes = np.empty((len(mean), vectors.shape[1]))
    for part in _slices(len(mean), len(rows)):
        axes[part] = (rows[:, part] - mean[part]).T @ vectors
    return axes


def _fix_signs(axes: Doubles) -> Doubles:
    """The largest entry of each axis is positive: an eigenvector's own sign is arbitrary."""
    largest = np.abs(axes).argmax(axis=0)
    return axes * np.where(axes[largest, np.arange(axes.shape[1])] < 0, -1.0, 1.0)


def _slices(count: int, width: int) -> Iterator[slice]:
    """Ranges of so many vectors of a width that memory holds at once."""
    step = max(1, _VALUES_AT_ONCE // max(width, 1))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))

"""Support vector machines on one view, or on the product of the two sides' kernels."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from podium.fusion.classifiers import PairClassifier
from podium.fusion.pairs import EmbeddingPairs
from podium.fusion.views import PairView, View

Kernel = Literal["linear", "rbf", "cross"]


class SupportVectorClassifier(PairClassifier):
    """SVM (libsvm by scikit-learn) on a kernel matrix that is made at once.

    The kernel `cross` is k_i + k_t + k_i * k_t with linear k on each side. Its product is the
    linear kernel of all products of an image number with a text number, so that the machine fits a
    full bilinear form with a squared penalty: agreement of the two sides in any pair of directions
    (tensor product kernel, Shawe-Taylor and Cristianini 2004, section 9.1). It is convex and costs
    no more than an RBF kernel.
    """

    def __init__(
        self,
        kernel: Kernel = "rbf",
        inverse_penalty: float = 1.0,
        gamma: float = 1.0,
        view: View = "both",
        components: int | float | None = None,
        whiten: bool = False,
    ) -> None:
        """Declare the machine.

        Args:
            kernel: See the class.
            inverse_penalty: scikit-learn's C.
            gamma: Of the RBF kernel exp(-gamma * squared distance), as a multiple of one over the
                mean squared norm of a row; of `cross`, the weight of the product.
            view: See `PairView`, as the next two; `cross` looks at both sides whatever is set.
            components: Principal components, for `cross` of each side.
            whiten: Scale them to equal variance.

        Raises:
            ValueError: for an unknown kernel.
        """
        if kernel not in get_args(Kernel):
            raise ValueError(f"kernel must be one of {', '.join(get_args(Kernel))}, got {kernel!r}")
        self.kernel = kernel
        self.inverse_penalty = inverse_penalty
        self.gamma = gamma
        names: tuple[View, ...] = ("image", "text") if kernel == "cross" else (view,)
        self.views = [PairView(name, components, whiten) for name in names]

    def _fit(
        self,
        pairs: EmbeddingPairs,
        labels: np.ndarray,
        groups: np.ndarray | None,
        weights: np.ndarray,
    ) -> None:
        from sklearn.svm import SVC

        sides = [view.fit_transform(pairs) for view in self.views]
        self._norm = max(float(np.square(sides[0]).sum(axis=1).mean()), 1e-12)
        machine = SVC(C=self.inverse_penalty, kernel="precomputed", cache_size=500)
        machine.fit(self._matrix(sides, sides), labels, weights)
        self._anchors = [side[machine.support_] for side in sides]
        self._dual = machine.dual_coef_[0]
        self._offset = float(machine.intercept_[0])

    def _logit(self, pairs: EmbeddingPairs) -> np.ndarray:
        sides = [view.transform(pairs) for view in self.views]
        return self._matrix(sides, self._anchors) @ self._dual + self._offset

    def _matrix(self, rows: list[np.ndarray], anchors: list[np.ndarray]) -> np.ndarray:
        """Kernel of rows with anchors, float64, shape (rows, anchors)."""
        products = [(a @ b.T).astype(np.float64) for a, b in zip(rows, anchors, strict=True)]
        if self.kernel == "linear":
            return products[0]
        if self.kernel == "cross":
            return products[0] + products[1] + self.gamma * products[0] * products[1]
        (product,), (left,), (right,) = products, rows, anchors
        distance = np.square(left).sum(axis=1)[:, None] + np.square(right).sum(axis=1) - 2 * product
        return np.exp(-self.gamma / self._norm * np.maximum(distance, 0))

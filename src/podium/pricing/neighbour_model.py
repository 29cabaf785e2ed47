"""The price of a product's nearest neighbours by text."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.pricing.design_matrix import DenseMatrix
from podium.pricing.feature_set import FeatureSet
from podium.pricing.price_models import PriceModel

Floats = NDArray[np.float64]
_BLOCK = 2048


class NeighbourPrice(PriceModel):
    """The prices of the neighbours, adjusted for what tells them from the row.

    A neighbour's score is moved by the difference that a ridge regression on text vectors and
    table sees between the two rows, as in bias-corrected matching (Abadie and Imbens 2011): the
    same tea in a pack of six costs more. The answer is the weighted median of the neighbours
    (exact search by cosine, FAISS). A neighbour of cosine c weighs max(c, 0)^sharpness, and the
    middle of all training rows as much as `prior` neighbours of cosine 1: a row without relatives
    gets what the regression says, and without adjustment the middle price.
    """

    def __init__(
        self,
        neighbours: int = 15,
        sharpness: float = 6.0,
        prior: float = 0.5,
        adjust: bool = True,
        penalty: float = 10.0,
    ) -> None:
        """Declare the model; nothing is drawn.

        Args:
            neighbours: How many; fewer where there are fewer training rows.
            sharpness: Power of the cosine.
            prior: Weight of the middle.
            adjust: Move the neighbours' scores; else they count as they are.
            penalty: Of the regression's squared weights.

        Raises:
            ValueError: fewer than one neighbour, or a number that is not above 0.
        """
        if neighbours < 1 or not min(sharpness, prior, penalty) > 0:
            raise ValueError(
                "neighbours, sharpness, prior and penalty must be above 0: "
                f"{neighbours}, {sharpness}, {prior}, {penalty}"
            )
        self.neighbours = neighbours
        self.sharpness = sharpness
        self.prior = prior
        self.adjust = adjust
        self.penalty = penalty

    def _fit(self, features: FeatureSet, target: Floats, groups: NDArray[np.int64]) -> None:
        # What all texts have in common would make every pair look alike.
        self._centre = features.text.mean(axis=0)
        self._vectors = self._directions(features)
        self._dense = DenseMatrix().fit(features)
        self._regression: Any = None
        if self.adjust:
            self._regression = _ridge(self._dense.transform(features), target, self.penalty)
        self._excess = target - self._expected(features)
        self._middle = float(np.median(self._excess))

    def _score(self, features: FeatureSet) -> Floats:
        queries = self._directions(features)
        # Bounds the memory: a block holds its cosines with all training rows.
        parts = [
            self._answers(queries[start : start + _BLOCK])
            for start in range(0, len(queries), _BLOCK)
        ]
        return np.concatenate(parts) + self._expected(features)

    def _expected(self, features: FeatureSet) -> Floats:
        if self._regression is None:
            return np.zeros(len(features))
        return self._regression.predict(self._dense.transform(features)).astype(np.float64)

    def _directions(self, features: FeatureSet) -> NDArray[np.float32]:
        text = features.text - self._centre
        lengths = np.linalg.norm(text, axis=1, keepdims=True)
        return np.ascontiguousarray(text / np.maximum(lengths, 1e-12), dtype=np.float32)

    def _answers(self, queries: NDArray[np.float32]) -> Floats:
        import faiss

        count = min(self.neighbours, len(self._vectors))
        cosine, nearest = faiss.knn(
            queries, self._vectors, count, metric=faiss.METRIC_INNER_PRODUCT
        )
        weights = np.clip(cosine.astype(np.float64), 0, 1) ** self.sharpness
        own = np.ones((len(queries), 1))
        return _weighted_median(
            np.hstack([self._excess[nearest], own * self._middle]),
            np.hstack([weights, own * self.prior]),
        )


def _weighted_median(values: Floats, weights: Floats) -> Floats:
    """Of each row, halfway between the values on either side of half the weight."""
    order = np.argsort(values, axis=1, kind="stable")
    values = np.take_along_axis(values, order, axis=1)
    rising = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    # Each value in the middle of its own weight, and straight lines between them.
    places = rising - np.take_along_axis(weights, order, axis=1) / 2
    half = rising[:, -1:] / 2
    above = np.clip((places < half).sum(axis=1), 1, values.shape[1] - 1)[:, None]
    low, high = (np.take_along_axis(places, above - step, axis=1) for step in (1, 0))
    share = np.clip((half - low) / np.maximum(high - low, 1e-12), 0, 1)
    left, right = (np.take_along_axis(values, above - step, axis=1) for step in (1, 0))
    return (left + share * (right - left))[:, 0]


def _ridge(numbers: NDArray[np.float32], target: Floats, penalty: float) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge(penalty).fit(numbers.astype(np.float64), target)

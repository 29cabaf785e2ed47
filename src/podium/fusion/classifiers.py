"""The contract of every classifier of pairs, and what those of one feature matrix share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np

from podium.common.threads import one_thread
from podium.fusion.pairs import EmbeddingPairs
from podium.fusion.views import PairView, View


class PairClassifier(ABC):
    """Tells class 1 from class 0 by an image and a text embedding.

    All numerical work runs on one thread, so that the same seed gives the same bytes on any
    machine's number of cores; speed comes from fitting several models at a time.
    """

    def fit(
        self,
        pairs: EmbeddingPairs,
        labels: np.ndarray,
        *,
        groups: np.ndarray | None = None,
        weights: np.ndarray | None = None,
    ) -> Self:
        """Learn; a second call forgets the first.

        Args:
            pairs: n training rows.
            labels: 0 or 1, shape (n,), both classes present.
            groups: Rows that belong together, shape (n,): inner folds keep them whole.
            weights: Weight of each row in the loss, shape (n,), above 0; 1 by default.

        Raises:
            ValueError: where labels, groups or weights do not fit the rows.
        """
        truth = checked_labels(labels, len(pairs))
        for name, values in (("groups", groups), ("weights", weights)):
            if values is not None and len(values) != len(pairs):
                raise ValueError(f"{len(pairs)} rows, {len(values)} {name}")
        mass = np.ones(len(pairs)) if weights is None else np.asarray(weights, np.float64)
        if not (np.isfinite(mass).all() and (mass > 0).all()):
            raise ValueError("every weight must be finite and above 0")
        with one_thread():
            self._fit(pairs, truth, groups, mass)
        return self

    def predict_logit(self, pairs: EmbeddingPairs) -> np.ndarray:
        """Log-odds or margin of class 1, larger for the likelier; float64, shape (n,)."""
        with one_thread():
            return np.asarray(self._logit(pairs), np.float64)

    @abstractmethod
    def _fit(
        self,
        pairs: EmbeddingPairs,
        labels: np.ndarray,
        groups: np.ndarray | None,
        weights: np.ndarray,
    ) -> None: ...

    @abstractmethod
    def _logit(self, pairs: EmbeddingPairs) -> np.ndarray: ...


class ViewClassifier(PairClassifier):
    """A classifier of one feature matrix, made by a `PairView` of the training rows."""

    def __init__(
        self,
        view: View = "both",
        components: int | float | None = None,
        whiten: bool = False,
        seed: int = 0,
    ) -> None:
        """Declare the view (see `PairView`) and the seed."""
        self.view = PairView(view, components, whiten)
        self.seed = seed

    def _fit(
        self,
        pairs: EmbeddingPairs,
        labels: np.ndarray,
        groups: np.ndarray | None,
        weights: np.ndarray,
    ) -> None:
        self._fit_features(self.view.fit_transform(pairs), labels, groups, weights)

    def _logit(self, pairs: EmbeddingPairs) -> np.ndarray:
        return self._feature_logit(self.view.transform(pairs))

    @abstractmethod
    def _fit_features(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        groups: np.ndarray | None,
        weights: np.ndarray,
    ) -> None: ...

    @abstractmethod
    def _feature_logit(self, features: np.ndarray) -> np.ndarray: ...


def checked_labels(labels: np.ndarray, rows: int) -> np.ndarray:
    """Labels as int64, shape (rows,).

    Raises:
        ValueError: where the number is wrong, one is neither 0 nor 1, or a class is missing.
    """
    truth = np.asarray(labels)
    if truth.shape != (rows,):
        raise ValueError(f"{rows} rows, labels of shape {truth.shape}")
    if not np.array_equal(np.unique(truth), [0, 1]):
        raise ValueError(f"labels must be 0 and 1, both present; found {np.unique(truth)[:5]}")
    return truth.astype(np.int64)

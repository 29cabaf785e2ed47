"""Learning also from unlabelled rows that a first model is sure of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from podium.common.bootstrap import Interval, bootstrap
from podium.common.builder import build
from podium.common.folds import group_codes
from podium.fusion.blending import Blend
from podium.fusion.calibration import SigmoidCalibration, probability
from podium.fusion.classifiers import PairClassifier
from podium.fusion.cross_fitting import NestedLogits
from podium.fusion.decisions import held_out_probabilities
from podium.fusion.metrics import confusion_contributions, macro_f1_of_counts
from podium.fusion.pairs import EmbeddingPairs, concatenate
from podium.fusion.thresholds import averaged_threshold


class PseudoLabelled(PairClassifier):
    """A classifier fitted twice: on the labelled rows, then with confident unlabelled ones added.

    Of either class, the surest rows are taken in the share that the class has among the labels
    (Lee 2013, "Pseudo-Label"). A row weighs `weight` times how sure the first model is. All of it
    happens inside `fit`, so that cross-fitting nests it.
    """

    def __init__(
        self,
        classifier: Mapping[str, Any],
        share: float = 0.3,
        weight: float = 0.3,
        unlabelled: EmbeddingPairs | None = None,
        seed: int = 0,
    ) -> None:
        """Declare the model.

        Args:
            classifier: Declaration of the classifier (`podium.common.builder`).
            share: Part of the unlabelled rows that is added.
            weight: Of a row that the first model has no doubt about.
            unlabelled: The rows.
            seed: Handed to the classifier.

        Raises:
            ValueError: for a share or a weight that is not between 0 (excluded) and 1.
        """
        for name, value in (("share", share), ("weight", weight)):
            if not 0 < value <= 1:
                raise ValueError(f"{name} must be above 0 and at most 1, got {value}")
        self.classifier = classifier
        self.share = share
        self.weight = weight
        self.unlabelled = unlabelled
        self.seed = seed
        self._make()  # a wrong declaration shows at once

    def _make(self) -> PairClassifier:
        return build(self.classifier, seed=self.seed)

    def _fit(
        self,
        pairs: EmbeddingPairs,
        labels: np.ndarray,
        groups: np.ndarray | None,
        weights: np.ndarray,
    ) -> None:
        if self.unlabelled is None:
            raise ValueError("PseudoLabelled has no unlabelled rows")
        first = self._make().fit(pairs, labels, groups=groups, weights=weights)
        logits = first.predict_logit(self.unlabelled)
        self.rows_, self.labels_ = confident_rows(logits, labels.mean(), self.share)
        if not len(self.rows_):
            self._model = first
            return
        odds = SigmoidCalibration().fit(first.predict_logit(pairs), labels).transform(logits)
        sure = np.abs(2 * probability(odds[self.rows_]) - 1)
        codes = group_codes(labels, groups)
        added = codes.max() + 1 + np.arange(len(self.rows_))
        self._model = self._make().fit(
            concatenate([pairs, self.unlabelled.take(self.rows_)]),
            np.concatenate([labels, self.labels_]),
            groups=np.concatenate([codes, added]),
            weights=np.concatenate([weights, np.maximum(self.weight * sure, 1e-3)]),
        )

    def _logit(self, pairs: EmbeddingPairs) -> np.ndarray:
        return self._model.predict_logit(pairs)


def confident_rows(
    logits: np.ndarray, share_of_ones: float, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """The highest and the lowest logits, as many of each as the classes' shares say.

    Returns:
        Positions, ascending, and their labels.
    """
    total = int(share * len(logits))
    ones = round(total * share_of_ones)
    order = np.argsort(logits, kind="stable")
    low, high = order[: total - ones], order[len(order) - ones :]
    rows = np.concatenate([low, high])
    labels = np.repeat([0, 1], [len(low), len(high)])
    back = np.argsort(rows, kind="stable")
    return rows[back], labels[back]


def gain_of(
    base: NestedLogits,
    other: NestedLogits,
    labels: np.ndarray,
    *,
    blend: Blend,
    smoothing: float,
    groups: np.ndarray,
    confidence: float,
) -> Interval:
    """Gain of `other` over `base` in macro F1 by their outer logits, see `macro_f1_gain`.

    Args:
        base: Of the model without pseudo-labels.
        other: With them, on the same folds.
        labels: 0 or 1, shape (n,).
        blend: How single logits are calibrated.
        smoothing: See `averaged_threshold`.
        groups: Rows that are drawn together, shape (n,).
        confidence: Of the interval.
    """
    said = [
        np.array(
            [
                _labels_of(outer, labels, numbers, blend, smoothing)
                for outer, numbers in zip(logits.outer, logits.folds, strict=True)
            ]
        )
        for logits in (base, other)
    ]
    return macro_f1_gain(labels, said[0], said[1], groups=groups, confidence=confidence)


def choose_nested(
    base: NestedLogits,
    other: NestedLogits,
    labels: np.ndarray,
    *,
    blend: Blend,
    smoothing: float,
    groups: np.ndarray,
    confidence: float,
) -> NestedLogits:
    """In every outer fold the logits of the model that the other folds choose.

    The choice for a fold looks at inner logits alone, so that what is made of the result is nested.
    Arguments as `gain_of`.
    """
    outer, inner = base.outer.copy(), base.inner.copy()
    for repeat, fold in np.ndindex(inner.shape[:2]):
        held = base.folds[repeat] == fold
        known, numbers = labels[~held], base.folds[repeat, ~held]
        said = [
            _labels_of(logits.inner[repeat, fold, ~held], known, numbers, blend, smoothing)[None]
            for logits in (base, other)
        ]
        gain = macro_f1_gain(known, *said, groups=groups[~held], confidence=confidence)
        if gain.low > 0:
            outer[repeat, held] = other.outer[repeat, held]
            inner[repeat, fold] = other.inner[repeat, fold]
    return replace(base, outer=outer, inner=inner)


def macro_f1_gain(
    labels: np.ndarray,
    base: np.ndarray,
    other: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    resamples: int = 2000,
    confidence: float = 0.8,
    seed: int = 0,
) -> Interval:
    """Macro F1 of `other` minus that of `base`, both nested labels, on the same resampled groups.

    Pseudo-labels are kept where the interval lies above zero. The share of chance finds is then a
    tenth with the usual confidence, which keeps the kept score honest within its interval.

    Args:
        labels: 0 or 1, shape (n,).
        base: Predicted labels without them, shape (repeats, n).
        other: With them, likewise.
        groups: Rows that are drawn together, shape (n,).
        resamples: Of the bootstrap.
        confidence: Of the interval.
        seed: Of the draws.
    """
    codes = group_codes(labels, groups)
    counts = [_counts(labels, predicted, codes) for predicted in (base, other)]

    def difference(means: np.ndarray) -> np.ndarray:
        return macro_f1_of_counts(means[..., 4:]) - macro_f1_of_counts(means[..., :4])

    return bootstrap(
        np.hstack(counts), difference, resamples=resamples, seed=seed, confidence=confidence
    )


def _labels_of(
    logits: np.ndarray, labels: np.ndarray, folds: np.ndarray, blend: Blend, smoothing: float
) -> np.ndarray:
    """Labels by calibration and threshold of the other folds; all shape (n,)."""
    probability = held_out_probabilities(logits[:, None], labels, folds, blend)
    threshold = averaged_threshold(probability, labels, folds, smoothing)
    return (probability >= threshold).astype(np.int64)


def _counts(labels: np.ndarray, predicted: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Confusion counts of each group, mean of the repeats: shape (groups, 4)."""
    cells = np.mean([confusion_contributions(labels, said) for said in predicted], axis=0)
    return np.column_stack([np.bincount(codes, weights=cell) for cell in cells.T])

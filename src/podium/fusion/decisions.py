"""From logits to labels: blend, calibration and threshold, fitted together and scored nested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from podium.fusion.blending import Blend
from podium.fusion.cross_fitting import NestedLogits
from podium.fusion.thresholds import averaged_threshold


@dataclass(frozen=True)
class DecisionRule:
    """A fitted blend and the threshold that goes with it."""

    blend: Blend
    threshold: float

    def probability(self, logits: np.ndarray) -> np.ndarray:
        """Probability of class 1 from the members' logits (n, members); shape (n,)."""
        return self.blend.predict_probability(logits)


@dataclass(frozen=True)
class AveragedRule:
    """Rules of several repeats: the mean of their probabilities and of their thresholds."""

    rules: tuple[DecisionRule, ...]

    @property
    def threshold(self) -> float:
        """Mean threshold."""
        return float(np.mean([rule.threshold for rule in self.rules]))

    @property
    def shares(self) -> np.ndarray:
        """Mean weight of each member, shape (members,)."""
        return np.mean([rule.blend.shares_ for rule in self.rules], axis=0)

    def probability(self, logits: np.ndarray) -> np.ndarray:
        """Probability of class 1 from the members' logits (n, members); shape (n,)."""
        return np.mean([rule.probability(logits) for rule in self.rules], axis=0)

    def predict(self, logits: np.ndarray) -> np.ndarray:
        """Labels, int64, shape (n,)."""
        return (self.probability(logits) >= self.threshold).astype(np.int64)


@dataclass(frozen=True)
class NestedDecisions:
    """What would have been said of every row by rules made without it.

    Attributes:
        probability: Calibrated, float64, shape (repeats, n).
        predicted: Labels, int64, shape (repeats, n).
        thresholds: Shape (repeats, folds).
        shares: Weight of each member, shape (repeats, folds, members).
    """

    probability: np.ndarray
    predicted: np.ndarray
    thresholds: np.ndarray
    shares: np.ndarray


def fit_rule(
    logits: np.ndarray, labels: np.ndarray, folds: np.ndarray, blend: Blend, smoothing: float = 0.5
) -> DecisionRule:
    """Blend and threshold from out-of-fold logits.

    The threshold is found on probabilities of each fold by a blend that was fitted on the others.

    Args:
        logits: Shape (n, members), each by a model that did not see the row.
        labels: 0 or 1, shape (n,).
        folds: Number of the fold of each row, shape (n,).
        blend: Declaration; it is not changed.
        smoothing: See `averaged_threshold`.
    """
    probabilities = held_out_probabilities(logits, labels, folds, blend)
    threshold = averaged_threshold(probabilities, labels, folds, smoothing)
    return DecisionRule(blend.fresh().fit(logits, labels), threshold)


def held_out_probabilities(
    logits: np.ndarray, labels: np.ndarray, folds: np.ndarray, blend: Blend
) -> np.ndarray:
    """Probability of each row by a blend fitted on the other folds; arguments as `fit_rule`."""
    probabilities = np.empty(len(labels))
    for fold in np.unique(folds):
        held = folds == fold
        part = blend.fresh().fit(logits[~held], labels[~held])
        probabilities[held] = part.predict_probability(logits[held])
    return probabilities


def nested_decisions(
    members: Sequence[NestedLogits], labels: np.ndarray, blend: Blend, smoothing: float = 0.5
) -> NestedDecisions:
    """Score-ready labels: every rule is fitted on the inner logits of the other folds only.

    Args:
        members: Of the blend, all on the same folds; one alone is calibrated and cut.
        labels: 0 or 1, shape (n,).
        blend: Declaration.
        smoothing: See `averaged_threshold`.

    Raises:
        ValueError: where there is no member, or their folds differ.
    """
    folds = _common_folds(members)
    repeats, count = len(folds), members[0].inner.shape[1]
    probability = np.empty(folds.shape)
    predicted = np.empty(folds.shape, np.int64)
    thresholds = np.empty((repeats, count))
    shares = np.empty((repeats, count, len(members)))
    for repeat, fold in np.ndindex(repeats, count):
        held = folds[repeat] == fold
        inner = np.column_stack([member.inner[repeat, fold, ~held] for member in members])
        rule = fit_rule(inner, labels[~held], folds[repeat, ~held], blend, smoothing)
        outer = np.column_stack([member.outer[repeat, held] for member in members])
        probability[repeat, held] = rule.probability(outer)
        predicted[repeat, held] = probability[repeat, held] >= rule.threshold
        thresholds[repeat, fold] = rule.threshold
        shares[repeat, fold] = rule.blend.shares_
    return NestedDecisions(probability, predicted, thresholds, shares)


def final_rule(
    members: Sequence[NestedLogits], labels: np.ndarray, blend: Blend, smoothing: float = 0.5
) -> AveragedRule:
    """The rule for new rows, from the outer logits of every repeat.

    Raises:
        ValueError: where there is no member, or their folds differ.
    """
    folds = _common_folds(members)
    rules = []
    for repeat, numbers in enumerate(folds):
        logits = np.column_stack([member.outer[repeat] for member in members])
        rules.append(fit_rule(logits, labels, numbers, blend, smoothing))
    return AveragedRule(tuple(rules))


def _common_folds(members: Sequence[NestedLogits]) -> np.ndarray:
    if not members:
        raise ValueError("there is no model to decide by")
    folds = members[0].folds
    if not all(np.array_equal(member.folds, folds) for member in members):
        raise ValueError("the models were fitted on different folds")
    return folds

"""Fitted classifiers together with the rule that turns their logits into labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from podium.fusion.classifiers import PairClassifier
from podium.fusion.decisions import AveragedRule
from podium.fusion.pairs import EmbeddingPairs


@dataclass(frozen=True)
class Decided:
    """What a rule says of rows: probability of class 1 and label, both shape (n,)."""

    probability: np.ndarray
    predicted: np.ndarray


@dataclass(frozen=True)
class FittedEnsemble:
    """Classifiers by name, and rules over some of them.

    Attributes:
        classifiers: Fitted on the same rows.
        rules: By model name (a classifier's own, or the blend's): the members and their rule.
    """

    classifiers: Mapping[str, PairClassifier]
    rules: Mapping[str, tuple[tuple[str, ...], AveragedRule]]

    def predict(self, pairs: EmbeddingPairs) -> dict[str, Decided]:
        """Probability and label of every row by every rule."""
        logits = self.logits(pairs)
        decided = {}
        for name, (members, rule) in self.rules.items():
            columns = np.column_stack([logits[member] for member in members])
            decided[name] = Decided(rule.probability(columns), rule.predict(columns))
        return decided

    def logits(self, pairs: EmbeddingPairs) -> dict[str, np.ndarray]:
        """Logit of every row by every classifier."""
        return {name: model.predict_logit(pairs) for name, model in self.classifiers.items()}

"""What the parameters declare: models, which of them the blend has, and how it decides."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from pydantic import Field

from podium.common.builder import Declaration, makers_of, refuse_undeclared
from podium.common.parameters import Parameters
from podium.fusion.blending import Blend
from podium.fusion.cross_fitting import Make, NestedLogits
from podium.fusion.decisions import AveragedRule, final_rule
from podium.fusion.embedding_table import EmbeddingTable
from podium.fusion.pseudo_labels import PseudoLabelled, choose_nested, gain_of
from podium.pipelines.shared import Compute, Reserve

logger = logging.getLogger(__name__)

MAJORITY = "majority_class"
BLEND = "blend"
PSEUDO = "_pseudo_labels"


class ModelParameters(Declaration):
    """One classifier: what it is on the leaderboard, and whether it enters the blend."""

    kind: Literal["baseline", "classifier"]
    member: bool = True


class PseudoLabelParameters(Parameters):
    """Learning from confident test rows as well; kept only where the nested score rises.

    Attributes:
        models: Names of the models that try it.
        share: Part of the test rows that is added.
        weight: Of a row that the first fit has no doubt about.
        confidence: The interval of the gain has to lie above zero at this confidence.
    """

    models: tuple[str, ...] = ()
    share: float = Field(gt=0, le=1)
    weight: float = Field(gt=0, le=1)
    confidence: float = Field(gt=0.5, lt=1)


class ModelingParameters(Reserve):
    """How logits become labels, and the time kept for what comes after.

    Attributes:
        weighting: Of the blend, see `Blend`.
        shrinkage: Of the blend's weights towards their priors.
        calibration: `sigmoid` or `isotonic`.
        threshold_smoothing: See `averaged_threshold`.
        pseudo_labels: See `PseudoLabelParameters`.
    """

    weighting: Literal["average", "stacking", "greedy", "best"]
    shrinkage: float = Field(ge=0)
    calibration: Literal["sigmoid", "isotonic"]
    threshold_smoothing: float = Field(ge=0, le=1)
    pseudo_labels: PseudoLabelParameters

    def blend(self, seed: int) -> Blend:
        """The blend, not fitted."""
        return Blend(self.weighting, self.shrinkage, self.calibration, seed)


def read_modeling(parameters: dict[str, Any], models: dict[str, Any]) -> ModelingParameters:
    """The parameters of the stage, which name models that are declared, enabled or not.

    Raises:
        ParameterError: for a wrong value, or pseudo-labels of a model that is not declared.
    """
    wanted = ModelingParameters.parse(parameters)
    refuse_undeclared("modeling.pseudo_labels.models", wanted.pseudo_labels.models, models)
    return wanted


def build_models(
    models: dict[str, Any],
    pseudo: PseudoLabelParameters,
    test: EmbeddingTable,
    settings: Compute,
) -> dict[str, Make]:
    """A maker for each enabled model, in their order; then those that try pseudo-labels.

    Raises:
        ParameterError: for a class or arguments that are wrong.
    """
    declared = ModelParameters.enabled_of(models)
    makes: dict[str, Make] = makers_of(declared, seed=settings.seed)
    for name in pseudo.models:
        if name in declared:  # made once above, so there is nothing left to try
            makes[name + PSEUDO] = partial(
                PseudoLabelled,
                {"type": declared[name].type, "arguments": declared[name].arguments},
                share=pseudo.share,
                weight=pseudo.weight,
                unlabelled=test.pairs,
                seed=settings.seed,
            )
    return makes


@dataclass(frozen=True)
class Members:
    """Members of the blend.

    Attributes:
        names: Of those that the submission's blend has.
        nested: Their logits; of a model that tried pseudo-labels, in every fold those that the
            other folds chose.
        notes: By model with pseudo-labels, whether they were kept.
    """

    names: list[str]
    nested: list[NestedLogits]
    notes: dict[str, str]


def choose_members(
    models: dict[str, Any],
    logits: Mapping[str, NestedLogits],
    labels: np.ndarray,
    groups: np.ndarray,
    wanted: ModelingParameters,
    settings: Compute,
) -> Members:
    """The declared members that were fitted; of a model with pseudo-labels one of the two.

    Pseudo-labels are kept where macro F1 rises for sure. For the score that is decided anew
    without each fold, for the submission by all rows.
    """
    declared = {name: ModelParameters.parse(model) for name, model in models.items()}
    blend, pseudo = wanted.blend(settings.seed), wanted.pseudo_labels
    rules: dict[str, Any] = {
        "blend": blend,
        "smoothing": wanted.threshold_smoothing,
        "groups": groups,
        "confidence": pseudo.confidence,
    }
    names, nested, notes = [], [], {}
    for name in (name for name in logits if name in declared and declared[name].member):
        base, other = logits[name], logits.get(name + PSEUDO)
        names.append(name)
        nested.append(base)
        if other is None or name not in pseudo.models:
            continue
        gain = gain_of(base, other, labels, **rules)
        if gain.low > 0:
            names[-1] = name + PSEUDO
        if base.is_nested:
            nested[-1] = choose_nested(base, other, labels, **rules)
        verdict = "kept" if gain.low > 0 else "not kept"
        notes[name + PSEUDO] = f"{verdict}: gain {gain.low:+.4f} to {gain.high:+.4f}"
        logger.info("%s %s", name + PSEUDO, notes[name + PSEUDO])
    return Members(names, nested, notes)


def final_rules(
    logits: Mapping[str, NestedLogits],
    labels: np.ndarray,
    members: list[str],
    wanted: ModelingParameters,
    settings: Compute,
) -> dict[str, tuple[tuple[str, ...], AveragedRule]]:
    """The rule of every model and of the blend, for new rows."""
    blend, smoothing = wanted.blend(settings.seed), wanted.threshold_smoothing
    sets: dict[str, tuple[str, ...]] = {name: (name,) for name in logits}
    if members:
        sets[BLEND] = tuple(members)
    return {
        name: (each, final_rule([logits[member] for member in each], labels, blend, smoothing))
        for name, each in sets.items()
    }

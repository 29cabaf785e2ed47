"""What each block of the challenge's parameters holds; a run checks them before its first node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from podium.common.search_space import TuningParameters
from podium.pipelines.museum.evaluation import Evaluation
from podium.pipelines.museum.feature_engineering import HeldOut, LocalFeatureParameters
from podium.pipelines.museum.models import (
    EncoderParameters,
    ModelingParameters,
    NeighbourParameters,
    declared_encoders,
)
from podium.pipelines.shared import Compute

BLOCKS: dict[str, Any] = {
    "compute": Compute,
    "held_out": HeldOut,
    "local_features": LocalFeatureParameters,
    "encoders": dict[str, EncoderParameters],
    "modeling": ModelingParameters,
    "neighbours": NeighbourParameters,
    "evaluation": Evaluation,
    "tuning": TuningParameters,
}

# Checked together, where a run reads them all: what one names, another has to have.
TOGETHER: dict[tuple[str, ...], Callable[..., Any]] = {
    ("encoders",): declared_encoders,
}

"""What each block of the challenge's parameters holds; a run checks them before its first node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from podium.common.search_space import TuningParameters
from podium.pipelines.echoes.data_processing import DataProcessing
from podium.pipelines.echoes.evaluation import Evaluation, ablation_steps
from podium.pipelines.echoes.feature_engineering import (
    FoldParameters,
    MapParameters,
    ShiftParameters,
)
from podium.pipelines.echoes.models import ModelingParameters, ModelParameters, read_modeling
from podium.pipelines.shared import Compute

BLOCKS: dict[str, Any] = {
    "compute": Compute,
    "data_processing": DataProcessing,
    "folds": FoldParameters,
    "shift": ShiftParameters,
    "map": MapParameters,
    "modeling": ModelingParameters,
    "models": dict[str, ModelParameters],
    "evaluation": Evaluation,
    "tuning": TuningParameters,
}

# Checked together, where a run reads them all: what one names, another has to have.
TOGETHER: dict[tuple[str, ...], Callable[..., Any]] = {
    ("models", "evaluation"): ablation_steps,
    ("modeling", "models"): read_modeling,
}

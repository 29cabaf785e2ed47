"""What each block of the challenge's parameters holds; a run checks them before its first node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from podium.common.search_space import TuningParameters
from podium.pipelines.amazon.data_processing import DataProcessing, ImageParameters
from podium.pipelines.amazon.evaluation import Evaluation
from podium.pipelines.amazon.feature_engineering import (
    FeatureParameters,
    FoldParameters,
    ImageFeatureParameters,
)
from podium.pipelines.amazon.models import ModelingParameters, ModelParameters, read_modeling
from podium.pipelines.shared import Compute

BLOCKS: dict[str, Any] = {
    "compute": Compute,
    "data_processing": DataProcessing,
    "images": ImageParameters,
    "images_folder": str,  # given on the command line only
    "image_features": ImageFeatureParameters,
    "folds": FoldParameters,
    "features": FeatureParameters,
    "modeling": ModelingParameters,
    "models": dict[str, ModelParameters],
    "evaluation": Evaluation,
    "tuning": TuningParameters,
}

# Checked together, where a run reads them all: what one names, another has to have.
TOGETHER: dict[tuple[str, ...], Callable[..., Any]] = {
    ("modeling", "models"): read_modeling,
}

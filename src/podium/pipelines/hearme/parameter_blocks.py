"""What each block of the challenge's parameters holds; a run checks them before its first node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from podium.common.search_space import TuningParameters
from podium.pipelines.hearme.data_processing import DataProcessing
from podium.pipelines.hearme.evaluation import Evaluation
from podium.pipelines.hearme.feature_engineering import (
    Calendar,
    CutParameters,
    FeatureParameters,
    UserParameters,
)
from podium.pipelines.hearme.modeling import ModelingParameters, RankerParameters, read_modeling
from podium.pipelines.hearme.sources import SourceParameters
from podium.pipelines.shared import Compute
from podium.recommendation.metrics import Reading

BLOCKS: dict[str, Any] = {
    "compute": Compute,
    "calendar": Calendar,
    "scoring": Reading,
    "data_processing": DataProcessing,
    "cuts": CutParameters,
    "fold_users": UserParameters,
    "sources": dict[str, SourceParameters],
    "features": FeatureParameters,
    "modeling": ModelingParameters,
    "rankers": dict[str, RankerParameters],
    "evaluation": Evaluation,
    "tuning": TuningParameters,
}

# Checked together, where a run reads them all: what one names, another has to have.
TOGETHER: dict[tuple[str, ...], Callable[..., Any]] = {
    ("modeling", "sources"): read_modeling,
}

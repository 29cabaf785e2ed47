"""What each block of the challenge's parameters holds; a run checks them before its first node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from podium.common.search_space import TuningParameters
from podium.pipelines.shared import Compute, Reserve
from podium.pipelines.{{cookiecutter.name}}.evaluation import Evaluation
from podium.pipelines.{{cookiecutter.name}}.feature_engineering import FoldParameters
from podium.pipelines.{{cookiecutter.name}}.modeling import ModelParameters

BLOCKS: dict[str, Any] = {
    "compute": Compute,
    "folds": FoldParameters,
    "modeling": Reserve,
    "models": dict[str, ModelParameters],
    "evaluation": Evaluation,
    "tuning": TuningParameters,
}

# Checked together, where a run reads them all: what one names, another has to have.
TOGETHER: dict[tuple[str, ...], Callable[..., Any]] = {}

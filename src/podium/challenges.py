"""The challenges that this project holds, found by looking: one package each."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

STAGES = ("data_processing", "feature_engineering", "modeling", "evaluation", "submission")
# Beside the stages: it runs on its own, see podium.pipelines.tuning.
TUNING = "tuning"
# The page over all challenges, see podium.pipelines.overview.
OVERVIEW = "overview"


@cache
def challenges() -> tuple[str, ...]:
    """Names of the challenges: the packages of ``podium.pipelines`` that have a pipeline."""
    return tuple(sorted(path.parent.name for path in _pipelines().glob("*/pipeline.py")))


def challenge_of(dataset: str) -> str | None:
    """The challenge that a dataset or node such as ``hearme.train`` belongs to, if any."""
    name = dataset.removeprefix("params:").split(".", 1)[0]
    return name if name in challenges() else None


def challenges_in(pipeline: Pipeline) -> list[str]:
    """The challenges whose nodes a pipeline holds, by name."""
    return sorted({owner for node in pipeline.nodes if (owner := challenge_of(node.name))})


def _pipelines() -> Path:
    return Path(__file__).parent / "pipelines"

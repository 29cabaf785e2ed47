"""The challenges that this project holds, found by looking: one package each."""

from __future__ import annotations

from functools import cache
from pathlib import Path

STAGES = ("data_processing", "feature_engineering", "modeling", "evaluation", "submission")
# Beside the stages: it runs on its own, see podium.pipelines.tuning.
TUNING = "tuning"


@cache
def challenges() -> tuple[str, ...]:
    """Names of the challenges: the packages of ``podium.pipelines`` that have a pipeline."""
    return tuple(sorted(path.parent.name for path in _pipelines().glob("*/pipeline.py")))


def challenge_of(dataset: str) -> str | None:
    """The challenge that a dataset or node such as ``hearme.train`` belongs to, if any."""
    name = dataset.removeprefix("params:").split(".", 1)[0]
    return name if name in challenges() else None


def _pipelines() -> Path:
    return Path(__file__).parent / "pipelines"

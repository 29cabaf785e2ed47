"""Pipelines by name: each challenge, its stages, its tuning, and all together."""

from __future__ import annotations

from importlib import import_module

from kedro.pipeline import Pipeline

from podium.challenges import OVERVIEW, STAGES, TUNING, challenges
from podium.pipelines.overview import overview_pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """Build ``hearme``, ``hearme.modeling``, ..., and ``overview`` and ``__default__`` of all."""
    registered: dict[str, Pipeline] = {}
    for challenge in challenges():
        module = import_module(f"podium.pipelines.{challenge}.pipeline")
        whole = module.create_pipeline()
        registered[challenge] = whole
        for stage in STAGES:
            registered[f"{challenge}.{stage}"] = whole.only_nodes_with_namespaces(
                [f"{challenge}.{stage}"]
            )
        if hasattr(module, "create_tuning"):
            registered[f"{challenge}.{TUNING}"] = module.create_tuning(whole)
    registered[OVERVIEW] = overview_pipeline(challenges())
    registered["__default__"] = sum(
        (registered[challenge] for challenge in challenges()), start=registered[OVERVIEW]
    )
    return registered

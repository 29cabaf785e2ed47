"""Pipelines by name: each challenge, its stages, its tuning, and all challenges together."""

from __future__ import annotations

from importlib import import_module

from kedro.pipeline import Pipeline

from podium.challenges import STAGES, TUNING, challenges


def register_pipelines() -> dict[str, Pipeline]:
    """Build ``hearme``, ``hearme.modeling``, ..., ``hearme.tuning`` and ``__default__``."""
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
    registered["__default__"] = sum(
        (registered[challenge] for challenge in challenges()), start=Pipeline([])
    )
    return registered

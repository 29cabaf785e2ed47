"""Pipelines by name: each challenge, each of its stages, and all challenges together."""

from __future__ import annotations

from importlib import import_module

from kedro.pipeline import Pipeline

from podium.challenges import STAGES, challenges


def register_pipelines() -> dict[str, Pipeline]:
    """Build ``hearme``, ``hearme.modeling``, ... and ``__default__``."""
    registered: dict[str, Pipeline] = {}
    for challenge in challenges():
        whole = import_module(f"podium.pipelines.{challenge}.pipeline").create_pipeline()
        registered[challenge] = whole
        for stage in STAGES:
            registered[f"{challenge}.{stage}"] = whole.only_nodes_with_namespaces(
                [f"{challenge}.{stage}"]
            )
    registered["__default__"] = sum(
        (registered[challenge] for challenge in challenges()), start=Pipeline([])
    )
    return registered

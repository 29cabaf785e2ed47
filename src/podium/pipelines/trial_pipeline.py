"""A trial of tuning: the challenge's own nodes from modeling to the score, run in memory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from kedro.io import AbstractDataset, DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner

from podium.common.leaderboard import ModelScore
from podium.common.parameters import ParameterError
from podium.common.search_space import with_values
from podium.common.shards import LazyShards

_PARAMETERS = "params:"
_FIRST_STAGE = "modeling"


@dataclass(frozen=True)
class TrialPipeline:
    """What a trial runs.

    Attributes:
        challenge: Its name.
        pipeline: From modeling to the score.
        score: Dataset of the score, a `ModelScore`.
        before: Parameters that earlier stages read: a change of them asks for new features.
    """

    challenge: str
    pipeline: Pipeline
    score: str
    before: frozenset[str]

    @classmethod
    def cut_from(cls, challenge: str, whole: Pipeline, score: Node) -> TrialPipeline:
        """The part of all stages that a trial needs.

        Args:
            challenge: Its name.
            whole: All its stages.
            score: Makes the `ModelScore`; its datasets are named without the prefix.
        """
        scored = whole + Pipeline([score], namespace=challenge)
        output = f"{challenge}.{score.outputs[0]}"
        needed = scored.to_outputs(output)
        stage = needed.only_nodes_with_namespaces([f"{challenge}.{_FIRST_STAGE}"])
        pipeline = needed.from_nodes(*(each.name for each in stage.nodes))
        before = frozenset(filter(_is_parameter, (needed - pipeline).inputs()))
        return cls(challenge, pipeline, output, before)

    def stored_inputs(self) -> list[str]:
        """Datasets that earlier stages have stored."""
        return sorted(name for name in self.pipeline.inputs() if not _is_parameter(name))

    def readers_of(self, paths: Mapping[str, Any]) -> set[str]:
        """The parameter inputs of modeling that hold these paths.

        Raises:
            ParameterError: a path that modeling does not read, or that an earlier stage reads too.
        """
        stage = f"{self.challenge}.{_FIRST_STAGE}"
        modeling = self.pipeline.only_nodes_with_namespaces([stage]).inputs()
        found = set()
        for path in paths:
            inputs = {name for name in self.pipeline.inputs() if self._holds(name, path)}
            if not inputs & modeling:
                raise ParameterError(f"tuning.space: {path} is read by no node of {stage}")
            if inputs & self.before:
                raise ParameterError(
                    f"tuning.space: {path} is read before {stage} too, where trials begin"
                )
            found |= inputs
        return found

    def evaluator(
        self, parameters: Mapping[str, Any], stored: Mapping[str, Any], tuned: set[str]
    ) -> Callable[[Mapping[str, Any]], ModelScore]:
        """A function from values by path to their score.

        Args:
            parameters: Of the challenge.
            stored: The stored inputs by dataset.
            tuned: Parameter inputs that change between trials.
        """
        varying = self.pipeline.from_inputs(*tuned)

        @cache
        def held() -> dict[str, Any]:
            made = _run(self.pipeline - varying, {**stored, **self._read(parameters)})
            return {name: made[name] for name in varying.inputs()}

        def evaluate(values: Mapping[str, Any]) -> ModelScore:
            changed = self._read(with_values(parameters, values))
            score: ModelScore = _run(varying, {**held(), **changed})[self.score]
            return score

        return evaluate

    def _read(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameter inputs with their values."""
        found = {}
        for name in filter(_is_parameter, self.pipeline.inputs()):
            value: Any = parameters
            for key in self._path(name).split("."):
                value = value[key]
            found[name] = value
        return found

    def _holds(self, name: str, path: str) -> bool:
        return _is_parameter(name) and f"{path}.".startswith(f"{self._path(name)}.")

    def _path(self, name: str) -> str:
        return name.removeprefix(f"{_PARAMETERS}{self.challenge}.")


class _Held(MemoryDataset):
    """A value in memory, kept until the end, in the form that the stored dataset would give."""

    def save(self, data: Any) -> None:
        if isinstance(data, Mapping) and any(isinstance(v, LazyShards) for v in data.values()):
            data = {name: work.all() for name, work in data.items()}
        super().save.__wrapped__(self, data)  # type: ignore[attr-defined]

    def _release(self) -> None:
        """Nothing: another pipeline may need it."""


def _run(pipeline: Pipeline, values: Mapping[str, Any]) -> dict[str, Any]:
    """Run in memory; everything that was given or made, by name."""
    held: dict[str, AbstractDataset] = {
        name: _Held(value, copy_mode="assign") for name, value in values.items()
    }
    held |= {name: _Held(copy_mode="assign") for name in pipeline.all_outputs()}
    if pipeline.nodes:
        with _quiet():
            SequentialRunner().run(pipeline, DataCatalog(held))
    return {name: dataset.load() for name, dataset in held.items()}


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the log of the nodes, which a study would repeat for every trial."""
    loggers = {name: logging.getLogger(name) for name in ("podium", "kedro")}
    levels = {name: each.level for name, each in loggers.items()}
    for each in loggers.values():
        each.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for name, each in loggers.items():
            each.setLevel(levels[name])


def _is_parameter(name: str) -> bool:
    return name.startswith(_PARAMETERS)

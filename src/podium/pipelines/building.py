"""How every challenge puts its pipeline together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kedro.pipeline import Node, Pipeline, node

Names = str | Sequence[str] | Mapping[str, str]


@dataclass(frozen=True)
class Inference:
    """How a fitted challenge answers new rows; see `podium.serving`.

    Attributes:
        pipeline: From the rows to one table of answers.
        asked: Name of the dataset that holds the rows.
        columns: Columns of the rows, and MLflow's name of their type.
        answers: The same of the answers.
    """

    pipeline: Pipeline
    asked: str
    columns: dict[str, str]
    answers: dict[str, str]

    @property
    def parameters(self) -> set[str]:
        """Parameters that it reads."""
        return {name for name in self.pipeline.inputs() if name.startswith("params:")}

    @property
    def fitted(self) -> set[str]:
        """Datasets that it reads: what was fitted."""
        return self.pipeline.inputs() - self.parameters - {self.asked}


def step(
    function: Callable[..., Any],
    inputs: Names,
    outputs: str | Sequence[str],
    name: str | None = None,
) -> Node:
    """A node named after its function.

    Args:
        function: Its name is a verb and a noun.
        inputs: Datasets by position, or by argument name.
        outputs: Datasets, in the order of the results.
        name: In place of the function's, where a stage calls it more than once.
    """
    return node(
        function,
        inputs=inputs if isinstance(inputs, str) else _plain(inputs),
        outputs=outputs if isinstance(outputs, str) else list(outputs),
        name=name or function.__name__,
    )


def by_name(*datasets: str, **others: str) -> dict[str, str]:
    """Inputs whose argument has the dataset's own name, and others as given."""
    return {**{name: name for name in datasets}, **others}


def challenge_pipeline(challenge: str, stages: Mapping[str, Sequence[Node]]) -> Pipeline:
    """Stages as namespaces of the challenge: nodes ``hearme.modeling.x`` on data ``hearme.y``."""
    return Pipeline(
        [
            Pipeline(nodes, namespace=stage, prefix_datasets_with_namespace=False)
            for stage, nodes in stages.items()
        ],
        namespace=challenge,
    )


def _plain(inputs: Sequence[str] | Mapping[str, str]) -> list[str] | dict[str, str]:
    return dict(inputs) if isinstance(inputs, Mapping) else list(inputs)

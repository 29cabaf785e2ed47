"""What tuning may change: parameters by their path, each with a range or with choices."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from podium.common.builder import default_argument
from podium.common.parameters import ParameterError, Parameters
from podium.common.time_budget import Duration, TimeBudget

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

logger = logging.getLogger(__name__)

ARGUMENTS, ENABLED = "arguments", "enabled"


class Dimension(Parameters):
    """Values that one parameter may take.

    Attributes:
        type: `float` or `int` between two bounds, or `categorical`.
        low: Lower bound, inclusive.
        high: Upper bound, inclusive.
        log: Draw on a logarithmic scale.
        choices: Of a categorical parameter.
    """

    type: Literal["float", "int", "categorical"]
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[bool | int | float | str | None, ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        bounds = (self.low, self.high)
        if self.type == "categorical":
            if len(self.choices) < 2 or bounds != (None, None) or self.log:  # noqa: PLR2004
                raise ValueError("categorical has at least two choices, and no low, high or log")
            return self
        if self.choices or self.low is None or self.high is None or not self.low < self.high:
            raise ValueError(f"{self.type} has a low and a higher high, and no choices")
        if self.log and self.low <= 0:
            raise ValueError("log needs a low above zero")
        if self.type == "int" and any(bound != int(bound) for bound in (self.low, self.high)):
            raise ValueError("int has whole bounds")
        return self

    def distribution(self) -> BaseDistribution:
        """The same for Optuna."""
        from optuna import distributions

        if self.type == "categorical":
            return distributions.CategoricalDistribution(self.choices)
        low, high = float(self.low or 0), float(self.high or 0)
        if self.type == "int":
            return distributions.IntDistribution(int(low), int(high), log=self.log)
        return distributions.FloatDistribution(low, high, log=self.log)

    def holds(self, value: Any) -> bool:
        """Whether a value is one of these."""
        if self.type == "categorical":
            return any(value == choice and type(value) is type(choice) for choice in self.choices)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        whole = self.type == "float" or isinstance(value, int)
        return whole and float(self.low or 0) <= value <= float(self.high or 0)


class TuningParameters(Parameters):
    """How long to tune, and what (`tuning` in parameters.yml).

    Attributes:
        trials: Of the whole study, earlier runs included.
        time_budget: No trial begins that would probably end later; counted from the start of the
            run.
        space: By the path of the parameter below the challenge, such as `modeling.shrinkage`.
    """

    trials: int = Field(ge=1)
    time_budget: Duration | None = None
    space: dict[str, Dimension] = Field(min_length=1)

    @property
    def budget(self) -> TimeBudget:
        """The time budget, parsed."""
        return TimeBudget.parse(self.time_budget)


def present_values(space: Mapping[str, Dimension], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What the tuned parameters are without tuning.

    Args:
        space: What is tuned.
        parameters: Of the challenge. An argument of a class that is not written there has the
            default of the class.

    Returns:
        By path; without those of blocks that are switched off, for they would change nothing, and
        with None where a class takes an argument without saying its default.

    Raises:
        ParameterError: a path that is in no parameter file, or an argument that no class takes.
    """
    values = {}
    for path in space:
        above = _blocks_above(parameters, path)
        if any(
            block.get(ENABLED) is False and f"{name}.{ENABLED}" not in space
            for name, block in above.items()
        ):
            logger.info("%s is not tuned: its block is switched off", path)
            continue
        values[path] = _value(above, path)
    if not values:
        raise ParameterError("tuning.space: every block that it speaks of is switched off")
    return values


def with_values(parameters: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the parameters with other values at some paths."""
    changed = deepcopy(dict(parameters))
    for path, value in values.items():
        *parents, name = path.split(".")
        block = changed
        for key in parents:
            block = block.setdefault(key, {})
        block[name] = value
    return changed


def _blocks_above(parameters: Mapping[str, Any], path: str) -> dict[str, Mapping[str, Any]]:
    """The mappings that lead to a path, by their own paths, from the outermost."""
    block: Any = parameters
    found = {"": block}
    keys = path.split(".")
    for place, key in enumerate(keys[:-1], 1):
        is_bare = key == ARGUMENTS and isinstance(block, Mapping) and "type" in block
        block = block.get(key, {} if is_bare else None) if isinstance(block, Mapping) else None
        if not isinstance(block, Mapping):
            raise ParameterError(f"tuning.space: there is no parameter {path!r}")
        found[".".join(keys[:place])] = block
    return found


def _value(above: Mapping[str, Mapping[str, Any]], path: str) -> Any:
    *parents, block = above.values()
    name = path.rpartition(".")[2]
    if name in block:
        return block[name]
    if name == ENABLED and "type" in block:
        return True
    if path.split(".")[-2:-1] == [ARGUMENTS]:
        return default_argument(parents[-1], name)
    raise ParameterError(f"tuning.space: there is no parameter {path!r}")

"""The base of every parameter model: unknown keys are refused, values are checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from podium.common.errors import PodiumError


class ParameterError(PodiumError):
    """A parameter that is unknown, missing or out of range."""


class Parameters(BaseModel):
    """Typed, frozen parameters of one node or stage."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Validate the dictionary that Kedro hands to a node.

        Raises:
            ParameterError: naming every key that is unknown, missing or wrong.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
                for fault in error.errors()
            )
            raise ParameterError(f"wrong parameters ({cls.__name__}): {faults}") from error

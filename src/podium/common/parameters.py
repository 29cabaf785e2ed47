"""The base of every parameter model: unknown keys are refused, values are checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from podium.common.errors import PodiumError


class ParameterError(PodiumError):
    """A parameter that is unknown, missing or out of range."""


class Parameters(BaseModel):
    """Typed, frozen parameters of one node or stage."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def parse(cls, values: Mapping[str, Any], path: str = "") -> Self:
        """Validate the dictionary that Kedro hands to a node.

        Args:
            values: As the parameter file has them.
            path: Of the dictionary in the parameter file, where it is known.

        Raises:
            ParameterError: naming every key that is unknown, missing or wrong.
        """
        return parse_as(cls, values, path)  # type: ignore[no-any-return]


def parse_as(kind: Any, values: Any, path: str = "") -> Any:
    """Validate values as a type, such as a `Parameters` class or ``dict[str, Declaration]``.

    Args:
        kind: The type.
        values: As the parameter file has them.
        path: Of the values in the parameter file, where it is known.

    Raises:
        ParameterError: naming every key that is unknown, missing or wrong.
    """
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        faults = [_fault(kind, path, fault["loc"], fault) for fault in error.errors()]
        raise ParameterError(f"wrong parameters: {'; '.join(faults)}") from error


def unknown(name: str, known: Iterable[str]) -> str:
    """What is said of a name that does not exist: the one that was meant, or all there are."""
    names = list(known)
    near = get_close_matches(name, names, n=1)
    return f"unknown; did you mean {near[0]}?" if near else f"unknown; known are {', '.join(names)}"


def _fault(kind: Any, path: str, place: Sequence[int | str], fault: Mapping[str, Any]) -> str:
    where = ".".join(filter(None, [path, *map(str, place)]))
    match fault["type"]:
        case "extra_forbidden":
            what = unknown(str(place[-1]), _fields(kind, place[:-1]))
        case "missing":
            what = "missing"
        case _:
            what = fault["msg"]
    return f"{where}: {what}"


def _fields(kind: Any, place: Sequence[int | str]) -> list[str]:
    """Names of the parameters at a place of a type."""
    for step in place:
        inside = getattr(_or_none(kind), "model_fields", None)
        # Of dict[str, X]: X.
        kind = inside[str(step)].annotation if inside else get_args(_or_none(kind))[-1]
    return list(getattr(_or_none(kind), "model_fields", ()))


def _or_none(kind: Any) -> Any:
    """X of X | None."""
    others = [part for part in get_args(kind) if part is not NoneType]
    return others[0] if isinstance(kind, UnionType) and len(others) == 1 else kind

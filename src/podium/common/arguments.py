"""Checks of the arguments that a class is declared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, get_args

Value = TypeVar("Value")


def one_of(name: str, value: Value, options: Any) -> Value:
    """The value, if the Literal `options` has it.

    Raises:
        ValueError: if not, with the options.
    """
    if value not in get_args(options):
        raise ValueError(f"{name} must be one of {', '.join(get_args(options))}, got {value!r}")
    return value


def several(name: str, values: Any, kind: type) -> tuple[Any, ...]:
    """One value or a list of them as a tuple.

    Raises:
        ValueError: for an empty list, a value of another type, or one that is there twice.
    """
    listed = isinstance(values, Sequence) and not isinstance(values, str)
    found = tuple(values) if listed else (values,)
    if not found or len(set(found)) != len(found) or any(type(part) is not kind for part in found):
        raise ValueError(f"{name} must be one {kind.__name__} or several different, got {values!r}")
    return found


def above(name: str, value: float, least: float, most: float = float("inf")) -> float:
    """The value, if least < value <= most.

    Raises:
        ValueError: if not.
    """
    if not least < value <= most:
        raise ValueError(f"{name} must be above {least} and at most {most}, got {value}")
    return value

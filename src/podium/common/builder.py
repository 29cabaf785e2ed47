"""Build an object that parameters declare by import path and arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from inspect import Parameter, signature
from typing import Any, Self

from podium.common.parameters import ParameterError, Parameters, parse_as

# A parameter file must not be able to call anything that can be imported.
ALLOWED_PACKAGES = ("podium", "sklearn", "lightgbm", "xgboost")


class Declaration(Parameters):
    """A class by import path, and the keyword arguments to make it with."""

    type: str
    arguments: dict[str, Any] = {}
    enabled: bool = True

    @classmethod
    def enabled_of(cls, blocks: Mapping[str, Mapping[str, Any]]) -> dict[str, Self]:
        """The blocks that are not switched off, in their order.

        Raises:
            ParameterError: for a wrong block, switched off or not.
        """
        parsed: dict[str, Self] = parse_as(dict[str, cls], dict(blocks))  # type: ignore[valid-type]
        return {name: block for name, block in parsed.items() if block.enabled}

    def check_arguments(self, allowed: Sequence[str] = ALLOWED_PACKAGES) -> None:
        """Import the class and see that it takes the arguments, without making anything.

        Raises:
            ParameterError: for a path that is not allowed or does not exist, or a name that is no
                argument of the class.
        """
        factory = _factory(self.type, allowed)
        try:
            signature(factory).bind_partial(**self.arguments)
        except TypeError as error:
            raise ParameterError(f"{self.type}: {error}") from error


def build(
    declaration: Mapping[str, Any] | Declaration,
    allowed: Sequence[str] = ALLOWED_PACKAGES,
    **defaults: Any,
) -> Any:
    """Import the declared class and call it.

    Args:
        declaration: ``{"type": "package.module.Class", "arguments": {...}}``.
        allowed: Top-level packages that may be imported from.
        defaults: Arguments of the caller, such as a seed, for classes that take them; the declared
            ones win.

    Raises:
        ParameterError: for a path that is not allowed, that does not exist, or for arguments that
            the class refuses.
    """
    parsed = declaration if isinstance(declaration, Declaration) else Declaration.parse(declaration)
    factory = _factory(parsed.type, allowed)
    try:
        taken = signature(factory).parameters
        wanted = {name: value for name, value in defaults.items() if name in taken}
        return factory(**{**wanted, **parsed.arguments})
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{parsed.type}: {error}") from error


def build_each(declared: Mapping[str, Declaration], **defaults: Any) -> dict[str, Any]:
    """An object for each declaration, in their order.

    Args:
        declared: What to make, by name.
        defaults: Arguments of the caller, see `build`.

    Raises:
        ParameterError: for a class or arguments that are wrong, with the name.
    """
    made = {}
    for name, each in declared.items():
        try:
            made[name] = build(each, **defaults)
        except ParameterError as error:
            raise ParameterError(f"{name}: {error}") from error
    return made


def makers_of(declared: Mapping[str, Declaration], **defaults: Any) -> dict[str, Callable[[], Any]]:
    """A maker for each declaration, in their order.

    Each is called once here, so that a wrong argument shows before the first fit.

    Args:
        declared: What to make, by name.
        defaults: Arguments of the caller, see `build`.

    Raises:
        ParameterError: for a class or arguments that are wrong, with the name.
    """
    build_each(declared, **defaults)
    return {name: partial(build, each, **defaults) for name, each in declared.items()}


def refuse_undeclared(parameter: str, names: Iterable[str], models: Iterable[str]) -> None:
    """Refuse a misspelt model; one that is switched off is declared all the same.

    Args:
        parameter: Path of what names models, below the challenge.
        names: What it names.
        models: What is declared under `models`, switched off or not.

    Raises:
        ParameterError: for a name that is not declared.
    """
    declared = list(models)
    if strangers := [repr(name) for name in names if name not in declared]:
        raise ParameterError(
            f"{parameter}: {', '.join(strangers)} not declared under models, which has "
            f"{', '.join(declared)}"
        )


def default_argument(
    declaration: Mapping[str, Any], name: str, allowed: Sequence[str] = ALLOWED_PACKAGES
) -> Any:
    """What the declared class takes for an argument that is not declared.

    Returns:
        The default; None too where the class hands the argument on to another one.

    Raises:
        ParameterError: where the class takes no such argument, or cannot be imported.
    """
    path = str(declaration["type"])
    taken = signature(_factory(path, allowed)).parameters
    if name in taken:
        default = taken[name].default
        return None if default is Parameter.empty else default
    if not any(parameter.kind is Parameter.VAR_KEYWORD for parameter in taken.values()):
        raise ParameterError(f"{path} takes no argument {name!r}")
    return None


def _factory(path: str, allowed: Sequence[str]) -> type[Any]:
    module_name, _, class_name = path.rpartition(".")
    if module_name.split(".", 1)[0] not in allowed:
        raise ParameterError(
            f"type: {path!r} is not allowed; it must come from {', '.join(allowed)}"
        )
    try:
        factory = getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise ParameterError(f"type: {path!r} cannot be imported ({error})") from error
    if not isinstance(factory, type):
        raise ParameterError(f"type: {path!r} is not a class")
    if factory.__module__.split(".", 1)[0] not in allowed:  # imported there from elsewhere
        raise ParameterError(f"type: {path!r} is a class of {factory.__module__}")
    return factory

"""Parameters are checked before a run begins: every name, and the values of what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from podium.challenges import challenges, challenges_in
from podium.common.builder import Declaration
from podium.common.parameters import ParameterError, parse_as, unknown

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

# What all challenges share: the block of the parameter file, and what the command line may give.
_COMPUTE = "compute"
_SHARED = (_COMPUTE, "seed", "threads", "time_budget", "data", "data_root")
# Added by podium.config.
_RUN = "run"


def check_parameters(parameters: Mapping[str, Any], pipeline: Pipeline) -> None:
    """Refuse names that nothing reads, and wrong values of what the pipeline reads.

    Classes that are declared by import path are imported, but not made.

    Args:
        parameters: All of them, resolved.
        pipeline: About to run.

    Raises:
        ParameterError: naming every unknown name, or the faults of the first wrong block.
    """
    check_names(parameters)
    read = sorted(name for name in pipeline.inputs() if name.startswith("params:"))
    for challenge in challenges_in(pipeline):
        own = parameters.get(challenge, {})
        known = blocks_of(challenge)
        _refuse_unknown(own, [*known, _RUN], challenge)
        blocks = [block for block in _blocks_read(challenge, own, read) if block in known]
        for block in blocks:
            _check_block(known[block], own[block], f"{challenge}.{block}")
        for together, check in _contract(challenge).TOGETHER.items():
            if set(together) <= set(blocks):
                check(*(own[block] for block in together))


def check_names(parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that belong to no challenge and to nothing that all share.

    A name that begins with an underscore is a note of the user's, as in Kedro's catalog.

    Raises:
        ParameterError: naming each, and what was probably meant.
    """
    _refuse_unknown(parameters, [*_SHARED, *challenges()])
    for challenge in challenges():
        if not isinstance(parameters.get(challenge, {}), Mapping):
            raise ParameterError(
                f"wrong parameters: {challenge}: has blocks, such as {challenge}.evaluation, and "
                "no value of its own"
            )


def blocks_of(challenge: str) -> dict[str, Any]:
    """What each block of the challenge's parameters holds, by name."""
    blocks: dict[str, Any] = _contract(challenge).BLOCKS
    return blocks


def _contract(challenge: str) -> ModuleType:
    return import_module(f"podium.pipelines.{challenge}.parameter_blocks")


def _refuse_unknown(given: Iterable[str], known: list[str], path: str = "") -> None:
    strangers = [name for name in given if name not in known and not name.startswith("_")]
    if strangers:
        faults = [f"{'.'.join(filter(None, [path, name]))}: {unknown(name, known)}"
                  for name in strangers]  # fmt: skip
        raise ParameterError(f"wrong parameters: {'; '.join(faults)}")


def _blocks_read(challenge: str, own: Mapping[str, Any], read: Iterable[str]) -> list[str]:
    """The blocks that a pipeline reads, whole or in part; all where it reads the challenge's.

    What the command line gives to all challenges is read by every run.
    """
    whole = f"params:{challenge}"
    parts = [name.removeprefix(f"{whole}.").split(".")[0] for name in read
             if name.startswith(f"{whole}.")]  # fmt: skip
    return [block for block in own if block in (*parts, _COMPUTE) or whole in read]


def _check_block(kind: Any, values: Any, path: str) -> None:
    for place, declaration in _declarations(parse_as(kind, values, path), path):
        if declaration.enabled:
            try:
                declaration.check_arguments()
            except ParameterError as error:
                raise ParameterError(f"{place}: {error}") from error


def _declarations(value: Any, path: str) -> Iterator[tuple[str, Declaration]]:
    """What a block declares by import path, with its place."""
    if isinstance(value, Declaration):
        yield path, value
    elif isinstance(value, BaseModel | Mapping):
        for name, part in value.items() if isinstance(value, Mapping) else value:
            yield from _declarations(part, f"{path}.{name}")

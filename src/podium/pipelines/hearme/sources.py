"""The sources of candidates as the parameters declare them, and what else speaks of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from podium.common.builder import Declaration, build
from podium.common.parameters import ParameterError

TRENDING = "trending"


class SourceParameters(Declaration):
    """One recommender: what it is on the leaderboard, and how long its list."""

    kind: Literal["baseline", "recommender"]
    list_length: int = Field(ge=1)


def enabled_sources(
    sources: Mapping[str, Mapping[str, Any]], **chosen: str
) -> dict[str, SourceParameters]:
    """The sources that are not switched off, in their order.

    Args:
        sources: Blocks of `sources` in parameters.yml, by name.
        chosen: Sources that must be among them, by the parameter of `modeling` that names them.

    Raises:
        ParameterError: for a wrong block, or for a name that is no enabled source.
    """
    enabled = SourceParameters.enabled_of(sources)
    for parameter, source in chosen.items():
        if source not in enabled:
            raise ParameterError(
                f"modeling.{parameter}: {source!r} is no enabled source; enabled are: "
                f"{', '.join(enabled) or 'none'}"
            )
    return enabled


def trending_days(sources: Mapping[str, Mapping[str, Any]]) -> int | None:
    """Days that `sources.trending` looks back, switched off or not; None for all time.

    Raises:
        ParameterError: where that block is wrong or missing.
    """
    if TRENDING not in sources:
        raise ParameterError(
            f"sources: there is no {TRENDING!r}, whose window_days the fallback list takes; "
            f"there are: {', '.join(sources) or 'none'}"
        )
    days: int | None = getattr(
        build(SourceParameters.parse(sources[TRENDING])), "window_days", None
    )
    return days

"""What each model cost, or why it is missing: one table for every challenge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pandas as pd

COSTS = ("fit_seconds", "predict_seconds", "peak_memory_mb")


class Fitted(Protocol):
    """Anything that knows what it cost."""

    @property
    def fit_seconds(self) -> float:
        """Of all fits together."""

    @property
    def predict_seconds(self) -> float:
        """Of all predictions together."""

    @property
    def peak_memory_mb(self) -> float:
        """Of the whole process meanwhile."""


@dataclass(frozen=True)
class FitCost:
    """The cost of a model that does not keep it itself; NaN where it is not known."""

    fit_seconds: float
    predict_seconds: float
    peak_memory_mb: float


def log_of_fits(
    kinds: Mapping[str, str], fitted: Mapping[str, Fitted], left_out: Mapping[str, str]
) -> pd.DataFrame:
    """A row for every model that was meant to be fitted.

    Args:
        kinds: Kind of each model, by name, in the order of the rows.
        fitted: Those that were.
        left_out: Why the others are missing.

    Returns:
        model, kind, fit_seconds, predict_seconds, peak_memory_mb (float64, NaN where it was not
        fitted), note.
    """
    import pandas as pd

    rows = [
        {"model": name, "kind": kind, "note": left_out.get(name, "")}
        | ({cost: getattr(fitted[name], cost) for cost in COSTS} if name in fitted else {})
        for name, kind in kinds.items()
    ]
    columns = ["model", "kind", *COSTS, "note"]
    return pd.DataFrame(rows).reindex(columns=columns).astype(dict.fromkeys(COSTS, "float64"))


def with_unfitted(log: pd.DataFrame, model: str) -> pd.DataFrame:
    """The log, and a baseline that needs no fit."""
    return _with_row(log, model, "baseline", "no model at all", dict.fromkeys(COSTS, 0.0))


def with_blend(
    log: pd.DataFrame, model: str, members: Sequence[str], note: str | None = None
) -> pd.DataFrame:
    """The log, and what is made of its members: it takes their time, and the memory of the largest.

    Args:
        log: Of `log_of_fits`.
        model: Name of the blend.
        members: Names of models of the log.
        note: In place of how many there are.
    """
    own = log[log["model"].isin(members)]
    seconds = {cost: own[cost].sum() for cost in COSTS[:2]}
    said = f"of {len(members)} members" if len(members) > 1 else f"of {members[0]} alone"
    costs = seconds | {COSTS[2]: own[COSTS[2]].max()}
    return _with_row(log, model, "blend", said if note is None else note, costs)


def _with_row(
    log: pd.DataFrame, model: str, kind: str, note: str, costs: Mapping[str, float]
) -> pd.DataFrame:
    import pandas as pd

    row = {"model": model, "kind": kind, **costs, "note": note}
    return pd.concat([log, pd.DataFrame([row])[list(log.columns)]], ignore_index=True)

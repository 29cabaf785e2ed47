"""Models fitted one after the other for as long as time is left."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from podium.common.measure import Measure
from podium.common.time_budget import OutOfTimeError, TimeBudget

logger = logging.getLogger(__name__)

Fitted = TypeVar("Fitted")


@dataclass
class FittedInTurn(Generic[Fitted]):
    """What was fitted, and what not.

    Attributes:
        models: What each fit gave, by name, in their order.
        costs: Wall seconds and peak memory of each.
        left_out: Why the others are missing, by name.
    """

    models: dict[str, Fitted] = field(default_factory=dict)
    costs: dict[str, Measure] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def fit_in_turn(
    fits: Mapping[str, Callable[[float], Fitted]],
    budget: TimeBudget,
    reserve_seconds: float,
    *,
    refit_ratio: float = 0.0,
    at_least_one: bool = False,
    pardoned: tuple[type[Exception], ...] = (),
    on_fitted: Callable[[str, Fitted, float], None] | None = None,
) -> FittedInTurn[Fitted]:
    """Fit models in their order; one that has no time is left out, and quicker ones may follow.

    Args:
        fits: By name, the most valuable first. Each is called with the seconds that it may take,
            and raises OutOfTimeError as soon as they will not do.
        budget: Of the whole run.
        reserve_seconds: Kept for what comes after.
        refit_ratio: How much longer the later fits of a model take than this one, see
            `TimeBudget.allowance`.
        at_least_one: Until one is fitted, time does not count.
        pardoned: Errors for which a model is left out; others come up.
        on_fitted: Called with name, what was fitted, and its wall seconds.
    """
    done: FittedInTurn[Fitted] = FittedInTurn()
    for name, fit in fits.items():
        spent = sum(cost.seconds for cost in done.costs.values())
        allowed = budget.allowance(spent, refit_ratio, reserve_seconds)
        if at_least_one and not done.models:
            allowed = float("inf")
        try:
            if allowed <= 0:
                raise OutOfTimeError("not begun")
            with Measure() as cost:
                fitted = fit(allowed)
        except OutOfTimeError as reason:
            done.left_out[name] = f"left out: the time budget is used up ({reason})"
        except pardoned as reason:
            done.left_out[name] = f"left out: {reason}"
        if name in done.left_out:
            logger.warning("%s: %s", name, done.left_out[name])
            continue
        done.models[name], done.costs[name] = fitted, cost
        if on_fitted is not None:
            on_fitted(name, fitted, cost.seconds)
    return done

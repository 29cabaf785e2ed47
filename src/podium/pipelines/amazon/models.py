"""What the parameters declare: models, and which of them the stack has."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from podium.common.builder import Declaration, makers_of, refuse_undeclared
from podium.pipelines.shared import Compute, Reserve
from podium.pricing.cross_fitting import Make
from podium.pricing.price_stack import PriceStack

STACK, CONSTANT = "stack", "best_constant"


class ModelParameters(Declaration):
    """One model: what it is on the leaderboard, and whether it enters the stack."""

    kind: Literal["baseline", "regressor"]
    member: bool = True


class ModelingParameters(Reserve):
    """The stack, the naive split, and the time kept for what comes after.

    Attributes:
        smoothing: See `PriceStack`.
        clip_quantiles: See `PriceStack`.
        naive_models: Models that are also scored on folds that cut through the duplicates.
    """

    smoothing: float = Field(gt=0, lt=1)
    clip_quantiles: tuple[float, float]
    naive_models: tuple[str, ...] = ()

    def stack(self) -> PriceStack:
        """The stack, not fitted."""
        return PriceStack(self.smoothing, self.clip_quantiles)


def read_modeling(parameters: dict[str, Any], models: dict[str, Any]) -> ModelingParameters:
    """The parameters of the stage, which name models that are declared, enabled or not.

    Raises:
        ParameterError: for a wrong value, or a name in `naive_models` that `models` lacks.
    """
    wanted = ModelingParameters.parse(parameters)
    refuse_undeclared("modeling.naive_models", wanted.naive_models, models)
    return wanted


def declared_models(models: dict[str, Any]) -> dict[str, ModelParameters]:
    """The enabled models in their order."""
    return ModelParameters.enabled_of(models)


def build_models(models: dict[str, Any], settings: Compute) -> dict[str, Make]:
    """A maker for each enabled model, in their order.

    Raises:
        ParameterError: for a class or arguments that are wrong.
    """
    return makers_of(declared_models(models), seed=settings.seed, threads=settings.threads)

"""Stage modeling: rankers fitted on earlier cuts, and what every model says on the holdout."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from podium.common.builder import Declaration, build_each
from podium.common.fit_in_turn import FittedInTurn, fit_in_turn
from podium.common.fit_log import FitCost, log_of_fits, with_blend
from podium.common.measure import Measure
from podium.common.memory import release_freed_memory
from podium.pipelines.hearme.sources import enabled_sources
from podium.pipelines.shared import Compute, Reserve
from podium.recommendation.candidates import top_of_source
from podium.recommendation.ensemble import blend, blend_members
from podium.recommendation.metrics import LENGTH, Reading, score_users, true_fractions
from podium.recommendation.ranking_data import RankingData, concatenate, ranking_data, top_k
from podium.recommendation.time_cuts import HOLDOUT_FOLD, TEST_FOLD

if TYPE_CHECKING:
    import pandas as pd

    from podium.recommendation.rankers import Ranker

logger = logging.getLogger(__name__)

BLEND = "blend"
_SHAP_ROWS = 1000


class RankerParameters(Declaration):
    """One ranker and its weight in the blend."""

    weight: float = Field(1.0, ge=0)


class ModelingParameters(Reserve):
    """What the rankers learn from, and the time kept for what comes after them.

    Attributes:
        target_rounding: What they learn: the fraction as the score counts it, or before rounding.
        negatives_per_user: Candidates that were not heard, per user; None for all.
        fill_source: Goes on where a recommender's own list is too short.
        fallback_source: Makes the submission where no ranker was fitted.
    """

    target_rounding: Literal["quarters", "continuous"]
    negatives_per_user: int | None = Field(ge=1)
    fill_source: str
    fallback_source: str

    @property
    def chosen_sources(self) -> dict[str, str]:
        """Sources that must be enabled, by the parameter that names them."""
        return {"fill_source": self.fill_source, "fallback_source": self.fallback_source}


def read_modeling(parameters: dict[str, Any], sources: dict[str, Any]) -> ModelingParameters:
    """The parameters of the stage, which name sources that are enabled.

    Raises:
        ParameterError: for a wrong value, or a name that is no enabled source.
    """
    wanted = ModelingParameters.parse(parameters)
    enabled_sources(sources, **wanted.chosen_sources)
    return wanted


def fit_rankers(
    features: Mapping[str, Callable[[], pd.DataFrame]],
    targets: pd.DataFrame,
    rankers: dict[str, Any],
    sources: dict[str, Any],
    scoring: dict[str, Any],
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> tuple[dict[str, Ranker], pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Fit the rankers on the training cuts and rank the holdout.

    Returns:
        The fitted rankers; their lists on the holdout (with the blend's); `fit_log`, what each
        cost; importances.

    Raises:
        ParameterError: a wrong parameter, see also `read_modeling`.
    """
    settings, wanted = Compute.parse(compute), read_modeling(parameters, sources)
    budget = settings.budget
    numbers = labelled_folds(features)
    training = [number for number in numbers if number > HOLDOUT_FOLD]
    data = training_data(features, targets, training, scoring, wanted, settings.seed)
    holdout = _holdout(features)
    truth = true_fractions(targets[targets["fold"] == HOLDOUT_FOLD], Reading.parse(scoring))
    everyone = truth["user_id"].unique()
    predictions: dict[str, np.ndarray] = {}
    seconds: dict[str, float] = {}

    def score(name: str, ranker: Ranker, fit_seconds: float) -> None:
        with Measure() as measure:
            predictions[name] = ranker.predict(holdout.features)
        seconds[name] = measure.seconds
        local = _local_score(holdout, predictions[name], truth, everyone)
        logger.info("%s: score %.4f on the holdout, fitted in %.0f s", name, local, fit_seconds)

    fitted = fit_in_turn(
        {name: partial(each.fit, data) for name, each in build_rankers(rankers, settings).items()},
        budget,
        wanted.seconds(budget),
        refit_ratio=len(numbers) / max(1, len(training)),
        on_fitted=score,
    )
    weights = blend_weights(rankers)
    members = blend_members(fitted.models, weights)
    if members:
        predictions[BLEND] = blend(predictions, weights, holdout.groups)
        local = _local_score(holdout, predictions[BLEND], truth, everyone)
        logger.info("%s: score %.4f on the holdout", BLEND, local)
    return (
        fitted.models,
        _ranked(holdout, predictions),
        _costs(fitted, seconds, members),
        _importance(fitted.models, holdout),
    )


def collect_holdout_predictions(
    candidates: pd.DataFrame,
    ranker_predictions: pd.DataFrame,
    source_costs: pd.DataFrame,
    fit_log: pd.DataFrame,
    sources: dict[str, Any],
    parameters: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put baselines, recommenders, rankers and blend side by side on the holdout.

    Returns:
        oof_predictions (model, user_id, item_id, score, rank) and model_log.
    """
    import pandas as pd

    wanted = ModelingParameters.parse(parameters)
    declared = enabled_sources(sources)
    holdout = candidates[candidates["fold"] == HOLDOUT_FOLD]
    lists = [
        top_of_source(holdout, name, LENGTH, fill=wanted.fill_source).assign(model=name)
        for name in declared
    ]
    cost = source_costs[source_costs["fold"] == HOLDOUT_FOLD].rename(columns={"source": "model"})
    cost = cost.assign(kind=[declared[name].kind for name in cost["model"]], note="")
    columns = ["model", "kind", "fit_seconds", "predict_seconds", "peak_memory_mb", "note"]
    model_log = pd.concat([cost[columns], fit_log[columns]], ignore_index=True)
    predictions = pd.concat([*lists, ranker_predictions], ignore_index=True)
    return predictions[["model", "user_id", "item_id", "score", "rank"]], model_log


def training_data(
    features: Mapping[str, Callable[[], pd.DataFrame]],
    targets: pd.DataFrame,
    numbers: list[int],
    scoring: dict[str, Any],
    wanted: ModelingParameters,
    seed: int,
) -> RankingData:
    """Features and targets of the folds, one below the other."""
    reading = Reading(listen=scoring["listen"], rounding=wanted.target_rounding)
    parts = []
    for number in numbers:
        heard = true_fractions(targets[targets["fold"] == number], reading)
        parts.append(
            ranking_data(
                features[f"fold_{number}"](),
                heard.rename(columns={"fraction": "relevance"}),
                wanted.negatives_per_user,
                seed + number,
            )
        )
        release_freed_memory()
    data = concatenate(parts)
    logger.info(
        "%s rows and %s features of folds %s to learn from",
        f"{len(data):,}",
        len(data.names),
        ", ".join(map(str, numbers)),
    )
    return data


def build_rankers(rankers: dict[str, Any], settings: Compute) -> dict[str, Ranker]:
    """The enabled rankers, unfitted, in their order."""
    declared = RankerParameters.enabled_of(rankers)
    return build_each(declared, seed=settings.seed, threads=settings.threads)


def blend_weights(rankers: dict[str, Any]) -> dict[str, float]:
    """Weights of the blend, by ranker."""
    declared = RankerParameters.enabled_of(rankers)
    return {name: ranker.weight for name, ranker in declared.items()}


def labelled_folds(features: Mapping[str, Any]) -> list[int]:
    """Numbers of the folds whose window is known."""
    numbers = sorted(int(name.removeprefix("fold_")) for name in features)
    return [number for number in numbers if number != TEST_FOLD]


def _holdout(features: Mapping[str, Callable[[], pd.DataFrame]]) -> RankingData:
    data = ranking_data(features[f"fold_{HOLDOUT_FOLD}"]())
    release_freed_memory()
    return data


def _local_score(
    data: RankingData, scores: np.ndarray, truth: pd.DataFrame, users: np.ndarray
) -> float:
    return float(score_users(top_k(data, scores, LENGTH), truth, users)["score"].mean())


def _ranked(data: RankingData, predictions: Mapping[str, np.ndarray]) -> pd.DataFrame:
    import pandas as pd

    lists = [top_k(data, scores, LENGTH).assign(model=name) for name, scores in predictions.items()]
    columns = ["model", "user_id", "item_id", "score", "rank"]
    return pd.concat(lists, ignore_index=True)[columns] if lists else pd.DataFrame(columns=columns)


def _costs(
    fitted: FittedInTurn[Ranker], predict_seconds: Mapping[str, float], members: list[str]
) -> pd.DataFrame:
    costs = {
        name: FitCost(cost.seconds, predict_seconds[name], cost.peak_memory_mb)
        for name, cost in fitted.costs.items()
    }
    kinds = dict.fromkeys([*costs, *fitted.left_out], "ranker")
    log = log_of_fits(kinds, costs, fitted.left_out)
    return with_blend(log, BLEND, members, " + ".join(members)) if members else log


def _importance(rankers: Mapping[str, Ranker], holdout: RankingData) -> pd.DataFrame:
    import pandas as pd

    # Rows spread evenly over the users, so that heavy listeners do not speak for all.
    rows = np.unique(np.linspace(0, len(holdout) - 1, _SHAP_ROWS).astype(int))
    parts = [
        pd.DataFrame(
            {
                "model": name,
                "feature": holdout.names,
                "gain": ranker.gain(),
                "shap": ranker.shap(holdout.features[rows]),
            }
        )
        for name, ranker in rankers.items()
    ]
    columns = ["model", "feature", "gain", "shap"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

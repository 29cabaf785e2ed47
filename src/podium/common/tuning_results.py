"""What came out of tuning: a table, the winner, and how far its score may be trusted.

The best of many trials is partly the luckiest: its score is too good. The score is therefore also
given with the choice made honest by the bootstrap of Tsamardinos, Greasidou and Borboudakis (2018),
"Bootstrapping the out-of-sample predictions for efficient and accurate cross-validation": choose on
a sample of the units, score the choice on the units that the sample left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from podium.common import plots
from podium.common.bootstrap import Interval, percentile_interval
from podium.common.leaderboard import ModelScore
from podium.common.search_space import Dimension
from podium.common.tuning_study import FinishedTrial, best_trial

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_FEWEST_FOR_IMPORTANCE = 4
_NUMBERS = ("score", "ci_low", "ci_high", "difference", "difference_low", "difference_high")


def trials_table(trials: Sequence[FinishedTrial], paths: Sequence[str]) -> pd.DataFrame:
    """One row per trial.

    Returns:
        Columns trial (0 has the defaults), score with ci_low and ci_high, difference to trial 0
        with its paired interval, model (that was scored), seconds, error, and one by path.
    """
    first = trials[0].score
    rows = []
    for trial in trials:
        row: dict[str, Any] = {"trial": trial.number, **dict.fromkeys(_NUMBERS)}
        if trial.score is not None and first is not None:
            own, gap = score_interval(trial.score), difference_interval(trial.score, first)
            numbers = (own.value, own.low, own.high, gap.value, gap.low, gap.high)
            row |= dict(zip(_NUMBERS, numbers, strict=True))
        row["model"] = trial.score.model if trial.score else ""
        row |= {"seconds": round(trial.seconds, 2), "error": trial.error}
        rows.append(row | {path: trial.values.get(path) for path in paths})
    return pd.DataFrame(rows).astype(dict.fromkeys(_NUMBERS, "float64"))


def score_interval(score: ModelScore) -> Interval:
    """The score with its interval."""
    return percentile_interval(
        score.draws, score.value, units=score.units, confidence=score.confidence
    )


def difference_interval(score: ModelScore, other: ModelScore) -> Interval:
    """Score - other, on the same samples of the same units.

    Raises:
        ValueError: if they were scored on other numbers of units.
    """
    if score.units != other.units:
        raise ValueError(f"trials were scored on {score.units} and {other.units} units")
    return percentile_interval(
        score.draws - other.draws,
        score.value - other.value,
        units=score.units,
        confidence=score.confidence,
    )


def corrected_score(trials: Sequence[FinishedTrial]) -> float:
    """Score to expect of the best trial on new units, the luck of the choice taken out.

    In every sample of the bootstrap the best trial is chosen anew, and scored on the units that
    the sample left out. With one trial it is the score itself.
    """
    scores = [trial.score for trial in trials if trial.score is not None]
    drawn = np.stack([score.draws for score in scores])
    outside = np.stack([score.out_of_bag for score in scores])
    held = np.isfinite(outside).all(axis=0)
    drawn, outside = drawn[:, held], outside[:, held]
    values = np.array([score.value for score in scores])
    # Scores of fewer units may be shifted where they are no plain mean; that is no luck.
    outside = outside - outside.mean(axis=1, keepdims=True) + values[:, None]
    sign = 1 if scores[0].higher_is_better else -1
    chosen = (sign * drawn).argmax(axis=0)
    return float(outside[chosen, np.arange(outside.shape[1])].mean())


def summarise(trials: Sequence[FinishedTrial]) -> dict[str, float]:
    """Numbers for a tracking server."""
    best = best_trial(list(trials)).score
    first = trials[0].score
    assert best is not None and first is not None
    gap = difference_interval(best, first)
    return {
        "tuning.trials": len(trials),
        "tuning.failed_trials": sum(trial.score is None for trial in trials),
        "tuning.default_score": first.value,
        "tuning.best_score": best.value,
        "tuning.corrected_score": corrected_score(trials),
        "tuning.gain": gap.value,
        "tuning.gain_ci_low": gap.low,
        "tuning.gain_ci_high": gap.high,
    }


def verdict(trials: Sequence[FinishedTrial]) -> list[str]:
    """What the numbers mean, in sentences."""
    numbers = {key.removeprefix("tuning."): value for key, value in summarise(trials).items()}
    winner = best_trial(list(trials))
    assert winner.score is not None
    said = [
        f"{len(trials)} trials, {numbers['failed_trials']:.0f} of them failed. Local score of the "
        f"best (trial {winner.number}, {winner.score.model}): {numbers['best_score']:.4f}; "
        f"of the defaults: {numbers['default_score']:.4f}."
    ]
    if winner.number == 0:
        return [*said, "No trial was better than the defaults."]
    chance = "" if numbers["gain_ci_low"] > 0 or numbers["gain_ci_high"] < 0 else (
        " The interval holds 0: the difference may be chance."
    )  # fmt: skip
    return [
        *said,
        f"Difference, paired: {numbers['gain']:+.4f} [{numbers['gain_ci_low']:+.4f}, "
        f"{numbers['gain_ci_high']:+.4f}].{chance}",
        "The best of many trials was chosen by this score, so the score and the difference are "
        f"too good. With the luck of the choice taken out: {numbers['corrected_score']:.4f}.",
    ]


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by path as mappings within mappings, as parameter files have them."""
    found: dict[str, Any] = {}
    for path, value in values.items():
        *parents, name = path.split(".")
        block = found
        for key in parents:
            block = block.setdefault(key, {})
        block[name] = value
    return found


def importances(
    trials: Sequence[FinishedTrial], space: Mapping[str, Dimension], seed: int
) -> pd.Series:
    """Share of the variance of the score that each tuned parameter explains, most first.

    By functional ANOVA (Hutter, Hoos and Leyton-Brown 2014), as Optuna has it.

    Returns:
        Indexed by path; zeros where there are too few trials or all score the same.
    """
    import optuna
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    for trial in trials:
        whole = all(path in trial.values and each.holds(trial.values[path])
                    for path, each in space.items())  # fmt: skip
        if whole and trial.score is not None:
            study.add_trial(
                optuna.trial.create_trial(
                    value=trial.score.value,
                    params={path: trial.values[path] for path in space},
                    distributions={path: each.distribution() for path, each in space.items()},
                )
            )
    found = dict.fromkeys(space, 0.0)
    values = {trial.value for trial in study.trials}
    if len(study.trials) >= _FEWEST_FOR_IMPORTANCE and len(values) > 1:
        evaluator = FanovaImportanceEvaluator(seed=seed)
        found |= get_param_importances(study, evaluator=evaluator, params=list(space))
    series = pd.Series(found, dtype="float64").rename_axis("parameter")
    return series.sort_values(ascending=False, kind="stable")


def plot_history(table: pd.DataFrame, higher_is_better: bool, title: str) -> Figure:
    """Score of every trial with its interval, the best so far, and the defaults.

    Args:
        table: From `trials_table`.
        higher_is_better: Which way the best so far moves.
        title: Heading.
    """
    scored = table.dropna(subset=["score"]).set_index("trial")
    best = scored["score"].cummax() if higher_is_better else scored["score"].cummin()
    unit = f"local score ({'higher' if higher_is_better else 'lower'} is better)"
    default = pd.Series(scored["score"].iloc[0], index=scored.index)
    lines = {"trial": scored["score"], "best so far": best, "defaults": default}
    figure = plots.line_plot(lines, "trial (0 has the defaults)", unit, title)
    figure.update_traces(
        selector={"name": "trial"},
        mode="markers",
        error_y={
            "type": "data",
            "symmetric": False,
            "array": scored["ci_high"] - scored["score"],
            "arrayminus": scored["score"] - scored["ci_low"],
            "thickness": 1,
        },
    )
    figure.update_traces(selector={"name": "best so far"}, line_shape="hv")
    figure.update_traces(selector={"name": "defaults"}, line_dash="dot")
    figure.update_yaxes(rangemode="normal")
    figure.update_xaxes(dtick=1 if len(scored) <= 20 else None)  # noqa: PLR2004
    return figure


def plot_importances(shares: pd.Series, title: str) -> Figure:
    """What each tuned parameter matters to the score, most on top."""
    return plots.bar_plot(
        100 * shares, "share of the variance of the score over the trials, % (fANOVA)", title
    )

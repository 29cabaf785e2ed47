"""The result of a run in plain words and in a few numbers: the model against the best baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from podium.common.gains import with_gains
from podium.common.leaderboard import best_baseline
from podium.common.report import Figure
from podium.common.report_formats import records, score, signed, signed_percent, span


def verdict(leaderboard: pd.DataFrame, chosen: str | None = None) -> str:
    """The result in plain words: does the model beat the best baseline, and how surely.

    Where the submission is made by that baseline itself, the best model is compared with it.
    """
    rows = {row["model"]: row for row in records(with_gains(leaderboard))}
    best = str(leaderboard["model"].iloc[0])
    name = chosen if chosen is not None else best
    baseline = best_baseline(leaderboard)
    reached = score(rows[baseline]["score"])
    if best == name == baseline:
        return f"No model beats the best baseline, {baseline}, at {reached}."
    if name == baseline:
        return (
            f"The submission is made by {baseline}, itself the best baseline, at {reached}; "
            f"{best} scores {score(rows[best]['score'])}: {_gain(rows[best])}."
        )
    return (
        f"{name} scores {score(rows[name]['score'])}, the best baseline, {baseline}, {reached}: "
        f"{_gain(rows[name])}."
    )


def _gain(row: Mapping[str, Any]) -> str:
    """How much better or worse than the best baseline a model is, and how surely."""
    gain, low, high, share = (
        row[name] for name in ("gain", "gain_low", "gain_high", "relative_gain")
    )
    relative = f" ({signed_percent(share)})" if math.isfinite(share) else ""
    said = (
        f"a loss of {score(-gain)}{relative}, paired interval of the gain"
        if gain < 0
        else f"a gain of {signed(gain)}{relative}, paired interval"
    )
    sure = (
        "the whole interval lies on one side of zero"
        if low > 0 or high < 0
        else "the interval includes zero, so that it may be chance"
    )
    return f"{said} {signed(low)} to {signed(high)}; {sure}"


def comparison_figures(
    leaderboard: pd.DataFrame, chosen: str, metric: str = "Score"
) -> tuple[Figure, ...]:
    """The headline of every report: the chosen model, the best baseline, and the gain over it."""
    rows = {row["model"]: row for row in records(with_gains(leaderboard))}
    baseline = best_baseline(leaderboard)
    own, other = rows[chosen], rows[baseline]
    gap = f"{signed(own['gain_low'])} to {signed(own['gain_high'])}"
    return (
        Figure(f"{metric} of {chosen}", score(own["score"]), span(own)),
        Figure(f"Best baseline, {baseline}", score(other["score"]), span(other)),
        Figure("Gain over it", signed_percent(own["relative_gain"]), f"paired interval {gap}"),
    )

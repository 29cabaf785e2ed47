"""Parameters and node functions that the stages of every challenge use."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any, TypedDict

from pydantic import Field

from podium.common import plots
from podium.common.folds import FEWEST_FOLDS
from podium.common.parameters import Parameters
from podium.common.submission import SubmissionError, check_frame
from podium.common.submission_rules import Rule
from podium.common.time_budget import Duration, TimeBudget, start_of_run

if TYPE_CHECKING:
    import ibis
    import pandas as pd
    from plotly.graph_objects import Figure

logger = logging.getLogger(__name__)
_said: set[tuple[float, str]] = set()


class Compute(Parameters):
    """Seed, threads and time of a run."""

    seed: int = Field(ge=0)
    threads: int
    time_budget: Duration | None = None

    @property
    def budget(self) -> TimeBudget:
        """The time budget, parsed."""
        return TimeBudget.parse(self.time_budget)


class Reserve(Parameters):
    """Time kept for evaluation and submission: the larger of the two."""

    reserve_seconds: float = Field(ge=0)
    reserve_share: float = Field(ge=0, lt=1)

    def seconds(self, budget: TimeBudget) -> float:
        """Of this budget."""
        return max(self.reserve_seconds, self.reserve_share * (budget.seconds or 0.0))


class FoldCounts(Parameters):
    """How many folds, by the number of rows.

    Attributes:
        count: Folds.
        many_rows: From so many rows on, `count_of_many` folds are enough.
        count_of_many: Folds then.
    """

    count: int = Field(ge=FEWEST_FOLDS)
    many_rows: int = Field(ge=1)
    count_of_many: int = Field(ge=FEWEST_FOLDS)

    def folds_for(self, rows: int) -> int:
        """Folds for so many rows."""
        return self.count_of_many if rows >= self.many_rows else self.count


class BootstrapOptions(TypedDict):
    """Arguments that every bootstrap takes, under its own names."""

    resamples: int
    confidence: float
    seed: int


class Scoring(Parameters):
    """How the models are compared.

    Attributes:
        resamples: Samples of the bootstrap.
        confidence: Confidence of the intervals.
        chosen: Models in order of preference; the first one on the leaderboard is what the
            submission is made by.
        seed: Seed of the bootstrap.
    """

    resamples: int = Field(2000, ge=100, le=100_000)
    confidence: float = Field(0.95, gt=0.5, lt=1)
    chosen: tuple[str, ...] = ()
    seed: int = Field(0, ge=0)

    @property
    def bootstrap_options(self) -> BootstrapOptions:
        """What every bootstrap of the stage is given, so that all draw alike."""
        return {"resamples": self.resamples, "confidence": self.confidence, "seed": self.seed}


def chosen_model(leaderboard: pd.DataFrame, scoring: Scoring, otherwise: str | None = None) -> str:
    """The model that makes the submission.

    Another than the first one preferred is named in the log, once in a run.

    Args:
        leaderboard: The models that were scored, best first.
        scoring: Which are preferred.
        otherwise: What makes the submission where none of those was scored; the best model where
            it is not given.
    """
    models = [str(name) for name in leaderboard["model"]]
    missing = list(takewhile(lambda name: name not in models, scoring.chosen))
    if len(missing) < len(scoring.chosen):
        model = scoring.chosen[len(missing)]
        if missing:
            # What a time budget does to a run is no fault.
            _log_once(
                logging.INFO,
                f"not scored, as is usual where a time budget leaves models out: "
                f"{', '.join(missing)}; evaluation.chosen goes on with {model}",
            )
        return model
    if missing:
        instead = otherwise or f"the best model, {models[0]},"
        _log_once(
            logging.WARNING,
            f"evaluation.chosen: none of {', '.join(missing)} was scored (misspelt, switched off, "
            f"or left out by the time budget); {instead} makes the submission",
        )
    return otherwise or models[0]


def _log_once(level: int, message: str) -> None:
    """Say something once in a run: several nodes ask for the chosen model, and so do trials."""
    said = (start_of_run(), message)
    if said not in _said:
        _said.add(said)
        logger.log(level, message)


def log_leaderboard(leaderboard: pd.DataFrame) -> None:
    """One line per model with its score and interval."""
    for row in leaderboard.itertuples():
        logger.info("%s: %.4f [%.4f, %.4f]", row.model, row.score, row.ci_low, row.ci_high)


def leaderboard_figure(leaderboard: pd.DataFrame, unit: str) -> Figure:
    """Every model with its interval, best on top.

    Args:
        leaderboard: `model`, `kind`, `score`, `ci_low`, `ci_high`, best first.
        unit: What the score measures, with its range.
    """
    return plots.interval_plot(leaderboard, unit, "Leaderboard with bootstrap intervals")


def track_metrics(metrics: dict[str, float]) -> dict[str, dict[str, float]]:
    """The same metrics in the form that kedro-mlflow's metric dataset wants."""
    return {name: {"value": value, "step": 0} for name, value in metrics.items()}


def count_quarantine(quarantine: pd.DataFrame | ibis.Table) -> pd.DataFrame:
    """Rows set aside per file and reason: `file`, `reason`, `rows`, `first_row`, most first."""
    import pandas as pd

    if isinstance(quarantine, pd.DataFrame):
        rows = quarantine.groupby(["file", "reason"])["row"]
        counts = rows.agg(rows="count", first_row="min").reset_index()
    else:
        counts = (
            quarantine.group_by(["file", "reason"])
            .agg(rows=quarantine.count(), first_row=quarantine["row"].min())
            .to_pandas()
        )
    keys = ["rows", "file", "reason"]
    return counts.sort_values(keys, ascending=[False, True, True]).reset_index(drop=True)


def accepted(submission: pd.DataFrame, rules: Sequence[Rule], what: str) -> pd.DataFrame:
    """Let a submission pass that keeps every rule of the organiser.

    Args:
        submission: About to be written.
        rules: The organiser's.
        what: Whom or what it answers, for the log, such as ``120 users``.

    Raises:
        SubmissionError: if any rule is broken, so that nothing is written.
    """
    faults = check_frame(submission, rules)
    if faults:
        raise SubmissionError(faults)
    logger.info("submission checked: %s rows for %s, no fault", f"{len(submission):,}", what)
    return submission


def submission_text(run: dict[str, Any], challenge: str) -> tuple[str, ...]:
    """Where the submission lies, as a paragraph of the report; none where it is not known."""
    path = run.get("submission")
    if not path:
        return ()
    return (
        f"The submission lies in {path}. It is written only if it keeps every rule; check any file "
        f"with: kedro submission check {challenge} FILE",
    )

"""Tuning, for every challenge alike: trials of its modeling, each scored as a submission would be.

A trial runs the challenge's own nodes from modeling to the score, in memory, on inputs that are
loaded once. Nodes that no tuned parameter reaches run once for all trials.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kedro.pipeline import Node, Pipeline, node

from podium.challenges import TUNING
from podium.common import tuning_results as results
from podium.common.search_space import Dimension, TuningParameters, present_values, with_values
from podium.common.tuning_store import Setting, StudyFile
from podium.common.tuning_study import FinishedTrial, best_trial, run_study
from podium.pipelines.building import challenge_pipeline, step
from podium.pipelines.shared import Compute, track_metrics
from podium.pipelines.trial_pipeline import TrialPipeline

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure

logger = logging.getLogger(__name__)

# They change how a run goes, not what comes out.
_WITHOUT_EFFECT = ("run", TUNING, "compute")


def tuning_pipeline(challenge: str, whole: Pipeline, score: Node) -> Pipeline:
    """The pipeline ``<challenge>.tuning``.

    Args:
        challenge: Its name.
        whole: All its stages.
        score: A node that makes a `ModelScore` of what the submission would be made by, its
            datasets named without the prefix, as in the stages.
    """
    trials = TrialPipeline.cut_from(challenge, whole, score)
    tune = node(
        Tuner(trials).tune_parameters,
        # All parameters of the challenge: scores of other ones would not compare.
        inputs=[
            f"{challenge}.tuning_study",
            *(f"params:{name}" for name in (challenge, f"{challenge}.{TUNING}")),
            *trials.stored_inputs(),
        ],
        outputs=f"{challenge}.tuned",
        name="tune_parameters",
        namespace=f"{challenge}.{TUNING}",
    )
    looking = [
        step(assemble_trials, "tuned", "tuning_trials"),
        step(summarise_trials, "tuned", "tuning_metrics"),
        step(track_trials, ["tuned", "tuning_metrics"], "tracked_tuning"),
        step(plot_trials, ["tuned", "tuning_trials"], "tuning_plot"),
        step(plot_importance, "tuned", "tuning_importance_plot"),
        step(write_tuned_parameters, ["tuned", "params:run"], "tuned_parameters"),
    ]
    return Pipeline([tune]) + challenge_pipeline(challenge, {TUNING: looking})


@dataclass(frozen=True)
class Tuned:
    """What tuning has found.

    Attributes:
        challenge: Its name.
        space: What was tuned.
        trials: All that ended, at least that of the defaults.
        seed: Of the run.
    """

    challenge: str
    space: dict[str, Dimension]
    trials: list[FinishedTrial]
    seed: int


@dataclass(frozen=True)
class Tuner:
    """Gives the node of a challenge its trials.

    Attributes:
        trial: What one runs.
    """

    trial: TrialPipeline

    def tune_parameters(
        self, study: StudyFile, parameters: dict[str, Any], tuning: dict[str, Any], *stored: Any
    ) -> Tuned:
        """Go on with the study until it has the trials that are asked for; first the defaults.

        Args:
            study: Where the trials are stored.
            parameters: Of the challenge.
            tuning: See `TuningParameters`.
            stored: The stored inputs of the trial, in its order.
        """
        wanted, settings = TuningParameters.parse(tuning), Compute.parse(parameters["compute"])
        defaults = present_values(wanted.space, parameters)
        space = {path: wanted.space[path] for path in defaults}
        # A trial that is cut short scores less than it is worth.
        fixed = with_values(parameters, {"compute.time_budget": None})
        inputs = dict(zip(self.trial.stored_inputs(), stored, strict=True))
        comparable = {key: value for key, value in fixed.items() if key not in _WITHOUT_EFFECT}
        comparable["seed"] = settings.seed
        trials = run_study(
            study.path,
            Setting(space, defaults, comparable, study.data, settings.seed),
            self.trial.evaluator(fixed, inputs, self.trial.readers_of(space)),
            trials=wanted.trials,
            budget=wanted.budget,
        )
        return Tuned(self.trial.challenge, space, trials, settings.seed)


def assemble_trials(tuned: Tuned) -> pd.DataFrame:
    """One row per trial: `tuning_trials`, see `podium.common.tuning_results.trials_table`."""
    return results.trials_table(tuned.trials, list(tuned.space))


def summarise_trials(tuned: Tuned) -> dict[str, float]:
    """The best score, the defaults' score, their difference, and the score without luck."""
    for sentence in results.verdict(tuned.trials):
        logger.info(sentence)
    return results.summarise(tuned.trials)


def track_trials(tuned: Tuned, tuning_metrics: dict[str, float]) -> dict[str, Any]:
    """The same metrics for kedro-mlflow, and the score of every trial as a curve."""
    scored = [(trial.number, trial.score.value) for trial in tuned.trials if trial.score]
    curve = [{"step": number, "value": value} for number, value in scored]
    return {**track_metrics(tuning_metrics), "tuning.score": curve}


def plot_trials(tuned: Tuned, tuning_trials: pd.DataFrame) -> Figure:
    """Score of every trial, the best so far, and the defaults."""
    best = best_trial(tuned.trials).score
    assert best is not None
    return results.plot_history(tuning_trials, best.higher_is_better, "Trials of tuning")


def plot_importance(tuned: Tuned) -> Figure:
    """What each tuned parameter matters to the score."""
    shares = results.importances(tuned.trials, tuned.space, tuned.seed)
    return results.plot_importances(shares, "Importance of the tuned parameters")


def write_tuned_parameters(tuned: Tuned, run: dict[str, Any]) -> str:
    """The winner as a parameter file, with what is known of its score."""
    import yaml

    best, challenge = best_trial(tuned.trials), tuned.challenge
    values = results.nested(best.values) if best.number else {}
    comments = [
        f"Tuned on {run['data']} data, preset {run['preset']}.",
        *results.verdict(tuned.trials),
        f"To use it, copy it to conf/local/{challenge}/parameters.yml, or to "
        f"conf/NAME/{challenge}/parameters.yml and run with --env=NAME.",
    ]
    text = yaml.safe_dump({challenge: values}, sort_keys=False, allow_unicode=True)
    return "".join(f"# {line}\n" for line in comments) + text

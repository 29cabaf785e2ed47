"""A study of trials in one SQLite file, by Optuna: it can be stopped at any time, and goes on.

The sampler is seeded anew for each trial, by the number of trials that have ended. So a study that
was killed and resumed makes the same trials as one that ran through.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from podium.common.leaderboard import ModelScore
from podium.common.time_budget import TimeBudget
from podium.common.tuning_store import Setting, create_study, find_study, opened

if TYPE_CHECKING:
    import optuna

logger = logging.getLogger(__name__)

# Trials drawn at random before the sampler learns from them, the defaults among them.
RANDOM_TRIALS = 8
_RESULT = "result"
Values = Mapping[str, Any]


@dataclass(frozen=True)
class FinishedTrial:
    """One trial that has ended.

    Attributes:
        number: From 0, which has the defaults.
        values: By path.
        score: None where the trial failed.
        seconds: Wall time.
        error: Why it failed.
    """

    number: int
    values: Values
    score: ModelScore | None
    seconds: float
    error: str = ""


def run_study(
    file: Path,
    setting: Setting,
    evaluate: Callable[[Values], ModelScore],
    *,
    trials: int,
    budget: TimeBudget,
) -> list[FinishedTrial]:
    """Go on with the study of this setting, or begin it, until it has so many trials.

    The first trial has the defaults. One that fails later is noted and counts. Of a run that is
    killed, only the trial under way is lost.

    Args:
        file: The SQLite file. Studies of other settings stay in it.
        setting: Finds the study.
        evaluate: From values by path to the score; of no values, the score of the defaults.
        trials: Of the whole study.
        budget: No trial begins that would probably end later. The first one always runs.

    Raises:
        PodiumError: the file cannot be used, or another run uses it.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with opened(file) as storage:
        study = find_study(storage, setting)
        done = _finished(study) if study else []
        if done:
            logger.info("the study goes on after %d of %d trials", len(done), trials)
        if not done:
            began = time.perf_counter()
            score = evaluate({})
            study = study or create_study(storage, setting, score.higher_is_better)
            _add_defaults(study, setting, score, time.perf_counter() - began)
            done = _finished(study)
            _log(done, trials)
        assert study is not None
        while len(done) < trials:
            slowest = max(trial.seconds for trial in done)
            if budget.remaining() < slowest:
                logger.warning(
                    "%d of %d trials: no time for another one, which may take %.0f s",
                    *(len(done), trials, slowest),
                )
                break
            _run_trial(storage, setting, evaluate, done)
            done = _finished(study)
            _log(done, trials)
    return done


def best_trial(trials: list[FinishedTrial]) -> FinishedTrial:
    """The best score; of equal ones the first."""
    scored = [(trial.score, trial) for trial in trials if trial.score is not None]
    sign = 1 if scored[0][0].higher_is_better else -1
    return max(scored, key=lambda pair: (sign * pair[0].value, -pair[1].number))[1]


def _run_trial(
    storage: optuna.storages.BaseStorage,
    setting: Setting,
    evaluate: Callable[[Values], ModelScore],
    done: list[FinishedTrial],
) -> None:
    import optuna
    from optuna.samplers import TPESampler
    from optuna.trial import TrialState

    drawn = np.random.SeedSequence([setting.seed, len(done)]).generate_state(1)
    sampler = TPESampler(
        seed=int(drawn[0]), n_startup_trials=RANDOM_TRIALS, multivariate=True, constant_liar=False
    )
    study = optuna.load_study(study_name=setting.name(), storage=storage, sampler=sampler)
    trial = study.ask({path: each.distribution() for path, each in setting.space.items()})
    began = time.perf_counter()
    try:
        score = _known(done, trial.params) or evaluate(trial.params)
    except (OSError, MemoryError):
        raise
    except Exception as error:
        logger.warning("trial %d failed with %s: %s", len(done), trial.params, error)
        seconds = time.perf_counter() - began
        trial.set_user_attr(_RESULT, {"error": str(error)[:500], "seconds": seconds})
        study.tell(trial, state=TrialState.FAIL)
    else:
        trial.set_user_attr(_RESULT, _result(score, time.perf_counter() - began))
        study.tell(trial, score.value)


def _known(done: list[FinishedTrial], values: Values) -> ModelScore | None:
    """The score of an earlier trial with the same values."""
    same = (trial.score for trial in done if trial.score and dict(trial.values) == dict(values))
    return next(same, None)


def _add_defaults(study: optuna.Study, setting: Setting, score: ModelScore, seconds: float) -> None:
    from optuna.trial import create_trial

    # The sampler can learn only from values that it might have drawn.
    inside = {
        path: value for path, value in setting.defaults.items() if setting.space[path].holds(value)
    }
    study.add_trial(
        create_trial(
            value=score.value,
            params=inside,
            distributions={path: setting.space[path].distribution() for path in inside},
            user_attrs={_RESULT: {**_result(score, seconds), "values": dict(setting.defaults)}},
        )
    )


def _finished(study: optuna.Study) -> list[FinishedTrial]:
    from optuna.trial import TrialState

    found: list[FinishedTrial] = []
    for trial in study.get_trials(deepcopy=False):
        result = trial.user_attrs.get(_RESULT, {})
        if trial.state == TrialState.COMPLETE or "error" in result:
            found.append(
                FinishedTrial(
                    number=len(found),
                    values=result.get("values", trial.params),
                    score=_score(result["score"]) if "score" in result else None,
                    seconds=result["seconds"],
                    error=result.get("error", ""),
                )
            )
    return found


def _result(score: ModelScore, seconds: float) -> dict[str, Any]:
    plain = replace(score, draws=score.draws.tolist(), out_of_bag=score.out_of_bag.tolist())  # type: ignore[arg-type]
    return {"score": asdict(plain), "seconds": seconds}


def _score(stored: Mapping[str, Any]) -> ModelScore:
    score = ModelScore(**stored)
    return replace(score, draws=np.array(score.draws), out_of_bag=np.array(score.out_of_bag))


def _log(done: list[FinishedTrial], trials: int) -> None:
    last, best = done[-1], best_trial(done)
    if last.score is None or best.score is None:
        return
    logger.info(
        "trial %d: %.4f in %.0f s (%d of %d; best: trial %d with %.4f)",
        *(last.number, last.score.value, last.seconds),
        *(len(done), trials, best.number, best.score.value),
    )

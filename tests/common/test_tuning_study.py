import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from podium.common.errors import PodiumError
from podium.common.leaderboard import Metric, score_model
from podium.common.search_space import Dimension
from podium.common.time_budget import TimeBudget
from podium.common.tuning_store import Setting
from podium.common.tuning_study import best_trial, run_study

SPACE = {
    "near": Dimension(type="float", low=0, high=10),
    "kind": Dimension(type="categorical", choices=("good", "bad")),
}
SETTING = Setting(
    space=SPACE,
    defaults={"near": 9.0, "kind": "bad"},
    parameters={"folds": {"count": 5}},
    data="0123456789abcdef",
    seed=3,
)


class Task:
    """Ten units; the score is best at near = 4 with the good kind, and known without noise."""

    def __init__(self, higher_is_better=True):
        self.seen = []
        self.metric = Metric(higher_is_better=higher_is_better)

    def __call__(self, values):
        self.seen.append(dict(values))
        near = values.get("near", 9.0)
        loss = (near - 4) ** 2 + 5 * (values.get("kind", "bad") == "bad")
        units = np.linspace(-1, 1, 10) + loss
        sign = -1 if self.metric.higher_is_better else 1
        return score_model("blend", sign * units, self.metric, resamples=100)


def study(file, trials, task=None, setting=SETTING, seconds=None):
    task = task or Task()
    return run_study(file, setting, task, trials=trials, budget=TimeBudget(seconds))


def told(trials):
    return [(trial.number, dict(trial.values), trial.score.value) for trial in trials]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "deep" / "tuning.db"


def test_the_first_trial_has_the_defaults_and_the_others_come_near_the_best(file):
    task = Task()
    trials = study(file, 25, task)
    assert task.seen[0] == {} and trials[0].values == SETTING.defaults
    assert trials[0].score.value == pytest.approx(-30)
    best = best_trial(trials)
    assert best.values["kind"] == "good" and abs(best.values["near"] - 4) < 1
    # It learns: what it draws late is better than what it drew at random.
    late, early = ([trial.score.value for trial in part] for part in (trials[-8:], trials[1:9]))
    assert np.median(late) > np.median(early)


def test_gone_on_with_it_makes_the_trials_that_it_would_have_made_at_once(file, tmp_path):
    task = Task()
    study(file, 2)
    halves = study(file, 12, task)
    assert len(task.seen) == 10
    assert told(halves) == told(study(tmp_path / "whole.db", 12))


def test_with_enough_trials_nothing_runs_and_all_are_there(file):
    done, task = study(file, 4), Task()
    again = study(file, 3, task)
    assert not task.seen and told(again) == told(done)
    assert [trial.seconds for trial in again] == [trial.seconds for trial in done]
    assert (again[2].score.draws == done[2].score.draws).all()


def test_another_seed_makes_other_trials(file, tmp_path):
    other = study(tmp_path / "other.db", 4, setting=replace(SETTING, seed=4))
    assert told(other) != told(study(file, 4))


def test_where_lower_is_better_the_lowest_wins(file):
    trials = study(file, 20, Task(higher_is_better=False))
    assert best_trial(trials).score.value == min(trial.score.value for trial in trials)
    assert abs(best_trial(trials).values["near"] - 4) < 1


def test_of_equal_scores_the_first_wins(file):
    trials = study(file, 2)
    equal = [replace(trials[1], number=0), replace(trials[1], number=1)]
    assert best_trial(equal).number == 0 and best_trial(equal[::-1]).number == 0


def test_a_trial_that_fails_is_noted_counted_and_not_tried_again(file, caplog):
    def fragile(values):
        if values.get("kind") == "good":
            raise ValueError("no good today")
        return Task()(values)

    trials = study(file, 8, fragile)
    failed = [trial for trial in trials if trial.score is None]
    assert len(trials) == 8 and 0 < len(failed) < 7
    assert {trial.error for trial in failed} == {"no good today"}
    assert {trial.values["kind"] for trial in failed} == {"good"}
    assert best_trial(trials).values["kind"] == "bad"
    assert [trial.error for trial in study(file, 8, Task())] == [trial.error for trial in trials]
    assert "no good today" in caplog.text


def test_defaults_that_fail_stop_the_study(file):
    def broken(values):
        raise PodiumError("nothing works")

    with pytest.raises(PodiumError, match="nothing works"):
        study(file, 3, broken)
    assert len(study(file, 3)) == 3


def test_the_same_values_are_not_scored_twice(file):
    space = {"kind": SPACE["kind"]}
    setting = replace(SETTING, space=space, defaults={"kind": "bad"})
    task = Task()
    trials = study(file, 8, task, setting)
    assert len(trials) == 8 and task.seen == [{}, {"kind": "good"}]


def test_default_values_outside_of_the_space_are_kept_as_they_are(file):
    setting = replace(SETTING, defaults={"near": None, "kind": "bad"})
    assert study(file, 4, setting=setting)[0].values == {"near": None, "kind": "bad"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"data": "another"}, "the data changed"),
        ({"space": {**SPACE, "near": Dimension(type="float", low=0, high=5)}}, "search space"),
        ({"parameters": {"folds": {"count": 4}}}, "parameters changed (folds.count)"),
        ({"defaults": {"near": 1.0, "kind": "bad"}}, "defaults of the space.near"),
    ],
)
def test_of_another_setting_a_new_study_begins_and_the_former_is_kept(file, change, said, caplog):
    before = study(file, 3)
    task = Task()
    study(file, 2, task, replace(SETTING, **change))
    assert len(task.seen) == 2 and said in caplog.text and "3 trials" in caplog.text
    task = Task()
    assert told(study(file, 3, task)) == told(before) and not task.seen


def test_without_time_only_the_defaults_run(file, caplog):
    trials = study(file, 5, seconds=1e-9)
    assert len(trials) == 1 and "1 of 5 trials: no time" in caplog.text


def test_no_trial_begins_that_would_end_too_late(file, monkeypatch):
    from podium.common import time_budget, tuning_study

    now = [0.0]
    monkeypatch.setattr(time_budget, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(time_budget, "_started", 0.0)
    monkeypatch.setattr(tuning_study, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def slow(values):
        now[0] += 10
        return Task()(values)

    assert len(study(file, 9, slow, seconds=35)) == 3


def test_a_second_run_on_the_same_file_is_refused(file):
    def second(values):
        with pytest.raises(PodiumError, match=f"another run is tuning with {file}"):
            study(file, 3)
        return Task()(values)

    assert len(study(file, 1, second)) == 1
    assert len(study(file, 2)) == 2


def test_a_file_that_is_no_study_is_named(file):
    file.parent.mkdir()
    file.write_text("something else " * 100)
    with pytest.raises(PodiumError, match=f"{file} cannot be used"):
        study(file, 1)
    assert file.read_text().startswith("something else")


CHILD = """
import sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
from test_tuning_study import Task, study

class Slow(Task):
    def __call__(self, values):
        if len(self.seen) == {until}:
            Path({flag!r}).touch()
            time.sleep(60)
        return super().__call__(values)

study(Path({file!r}), 9, Slow())
"""


@pytest.mark.parametrize("until", [0, 1, 4])
def test_killed_it_loses_the_trial_under_way_and_no_other(file, tmp_path, until):
    flag, here = tmp_path / "flag", Path(__file__).parent
    code = CHILD.format(here=str(here), until=until, flag=str(flag), file=str(file))
    environment = {**os.environ, "PYTHONPATH": str(here.parents[1] / "src")}
    with subprocess.Popen([sys.executable, "-c", code], env=environment) as process:
        while not flag.exists():
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    task = Task()
    trials = study(file, 9, task)
    assert len(task.seen) == 9 - until
    assert told(trials) == told(study(tmp_path / "whole.db", 9))
    with sqlite3.connect(file) as store:
        states = dict(store.execute("select state, count(*) from trials group by state"))
    assert states == {"COMPLETE": 9} | ({"FAIL": 1} if until else {}), "one was left running"


def test_the_log_says_how_far_it_is(file, caplog):
    caplog.set_level(logging.INFO)
    study(file, 2)
    study(file, 3)
    assert "trial 0: -30.0000 in" in caplog.text and "(1 of 2; best: trial" in caplog.text
    assert "goes on after 2 of 3 trials" in caplog.text

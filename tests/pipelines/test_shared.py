"""Parameters and node functions that every challenge uses."""

import logging
from importlib import import_module

import pandas as pd
import pytest

from podium.challenges import challenges
from podium.common.bootstrap import bootstrap_mean
from podium.common.parameters import ParameterError
from podium.common.submission import SubmissionError
from podium.common.submission_rules import Columns, KnownValues
from podium.common.time_budget import TimeBudget, start_clock
from podium.pipelines.shared import (
    Compute,
    FoldCounts,
    Reserve,
    Scoring,
    accepted,
    chosen_model,
    leaderboard_figure,
    log_leaderboard,
    submission_text,
    track_metrics,
)


def test_the_time_of_a_run_is_parsed_and_may_be_endless():
    assert Compute.parse({"seed": 1, "threads": 2, "time_budget": "1h30m"}).budget.seconds == 5400
    assert Compute.parse({"seed": 1, "threads": 2}).budget.seconds is None
    with pytest.raises(ParameterError, match="time_budget"):
        Compute.parse({"seed": 1, "threads": 2, "time_budget": "soon"})


def test_a_seed_below_zero_is_refused():
    with pytest.raises(ParameterError, match="seed"):
        Compute.parse({"seed": -1, "threads": 2})


@pytest.mark.parametrize(("rows", "folds"), [(99, 5), (100, 2), (101, 2)])
def test_many_rows_are_divided_into_fewer_folds(rows, folds):
    assert FoldCounts(count=5, many_rows=100, count_of_many=2).folds_for(rows) == folds


@pytest.mark.parametrize("wrong", [{"count": 1}, {"many_rows": 0}, {"count_of_many": 1}], ids=str)
def test_impossible_folds_are_refused(wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        FoldCounts.parse({"count": 5, "many_rows": 100, "count_of_many": 2, **wrong})


@pytest.mark.parametrize(("budget", "wanted"), [(None, 30), (60, 30), (120, 30), (1000, 250)])
def test_the_larger_reserve_counts(budget, wanted):
    reserve = Reserve(reserve_seconds=30, reserve_share=0.25)
    assert reserve.seconds(TimeBudget(budget)) == wanted


@pytest.mark.parametrize(
    "wrong", [{"reserve_seconds": -1}, {"reserve_share": 1}, {"reserved": 3}], ids=str
)
def test_an_impossible_reserve_is_refused(wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        Reserve.parse({"reserve_seconds": 1, "reserve_share": 0, **wrong})


@pytest.mark.parametrize(
    "wrong",
    [{"resamples": 99}, {"confidence": 0.5}, {"confidence": 1}, {"chosn": []}, {"seed": -1}],
    ids=str,
)
def test_an_impossible_scoring_is_refused(wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        Scoring.parse(wrong)


def test_the_options_are_those_of_every_bootstrap():
    scoring = Scoring(resamples=300, confidence=0.8, seed=7)
    values = [1.0, 2.0, 4.0, 8.0]
    wanted = bootstrap_mean(values, resamples=300, confidence=0.8, seed=7)
    assert bootstrap_mean(values, **scoring.bootstrap_options) == wanted


@pytest.mark.parametrize(
    ("chosen", "wanted"), [((), "best"), (("gone", "third", "best"), "third"), (("gone",), "best")]
)
def test_the_first_preferred_model_that_was_scored_makes_the_submission(chosen, wanted):
    board = pd.DataFrame({"model": ["best", "second", "third"]})
    assert chosen_model(board, Scoring(chosen=chosen)) == wanted


@pytest.fixture
def said(caplog):
    """What a run says, a new one first of all."""
    start_clock()
    caplog.set_level(logging.INFO)
    return caplog


def test_a_choice_that_nobody_scored_is_warned_of_once_in_a_run(said):
    board = pd.DataFrame({"model": ["best", "second"]})
    for _ in range(3):
        chosen_model(board, Scoring(chosen=("gone", "goner")))
    (record,) = said.records
    assert record.levelname == "WARNING"
    for words in ("evaluation.chosen", "gone, goner", "the best model, best", "time budget"):
        assert words in record.getMessage()
    start_clock()
    chosen_model(board, Scoring(chosen=("gone", "goner")))
    assert len(said.records) == 2


def test_a_later_choice_is_told_as_what_a_time_budget_does(said):
    board = pd.DataFrame({"model": ["best", "second", "third"]})
    chosen_model(board, Scoring(chosen=("gone", "goner", "third", "never")))
    (record,) = said.records
    assert record.levelname == "INFO"
    for words in ("gone, goner", "time budget", "third"):
        assert words in record.getMessage()
    assert "never" not in record.getMessage()


@pytest.mark.parametrize("chosen", [(), ("second", "gone")])
def test_a_choice_that_holds_needs_no_words(said, chosen):
    chosen_model(pd.DataFrame({"model": ["best", "second"]}), Scoring(chosen=chosen))
    assert said.records == []


def test_metrics_are_tracked_at_the_first_step():
    assert track_metrics({"score": 0.5}) == {"score": {"value": 0.5, "step": 0}}


def test_the_log_has_a_line_per_model(caplog):
    caplog.set_level(logging.INFO)
    rows = {"model": ["a", "b"], "score": [0.5, 0.25], "ci_low": [0.4, 0.2], "ci_high": [0.6, 0.3]}
    log_leaderboard(pd.DataFrame(rows))
    assert caplog.messages == ["a: 0.5000 [0.4000, 0.6000]", "b: 0.2500 [0.2000, 0.3000]"]


BOARD = pd.DataFrame(
    {
        "model": ["a", "b"],
        "kind": ["blend", "baseline"],
        "score": [0.5, 0.25],
        "ci_low": [0.4, 0.2],
        "ci_high": [0.6, 0.3],
    }
)


def test_the_leaderboard_is_drawn_with_its_unit():
    layout = leaderboard_figure(BOARD, "score (0 to 1)").layout
    assert layout.title.text == "Leaderboard with bootstrap intervals"
    assert layout.xaxis.title.text == "score (0 to 1)"


@pytest.mark.parametrize("challenge", challenges())
def test_every_challenge_draws_it_alike(challenge):
    stage = import_module(f"podium.pipelines.{challenge}.evaluation")
    assert stage.plot_leaderboard(BOARD) == leaderboard_figure(BOARD, stage.SCORE_UNIT)


RULES = [Columns(("row_id", "target")), KnownValues("target", (0, 1), "0 or 1")]


def test_a_submission_without_fault_passes_unchanged(caplog):
    caplog.set_level(logging.INFO)
    frame = pd.DataFrame({"row_id": [1, 2], "target": [0, 1]})
    assert accepted(frame, RULES, "two rows") is frame
    assert caplog.messages == ["submission checked: 2 rows for two rows, no fault"]


def test_a_submission_with_a_fault_is_stopped():
    with pytest.raises(SubmissionError, match="0 or 1"):
        accepted(pd.DataFrame({"row_id": [1], "target": [2]}), RULES, "a row")


def test_the_report_says_where_the_submission_lies_if_it_is_known():
    (text,) = submission_text({"submission": "here/submission.csv"}, "echoes")
    assert "here/submission.csv" in text and "kedro submission check echoes FILE" in text
    assert submission_text({}, "echoes") == ()

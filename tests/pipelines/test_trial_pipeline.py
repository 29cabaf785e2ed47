"""Trials of a small pipeline: what runs, how often, and that a trial leaves nothing behind."""

import logging

import numpy as np
import pytest
from kedro.pipeline import Pipeline

from podium.common.leaderboard import score_model
from podium.common.parameters import ParameterError
from podium.common.shards import LazyShards
from podium.pipelines.building import challenge_pipeline, step
from podium.pipelines.trial_pipeline import TrialPipeline

RAN = []


def clean_rows(raw, rules):
    RAN.append("clean_rows")
    return raw


def encode_rows(train, models):
    RAN.append("encode_rows")
    logging.getLogger("podium.test").info("encoded")
    return {"rows": LazyShards("key", 2, lambda number: {"values": train[number::2] * models["a"]})}


def shift_rows(vectors, blend):
    RAN.append("shift_rows")
    return np.sort(vectors["rows"]["values"]) + blend["shift"]


def draw_picture(shifted):
    RAN.append("draw_picture")


def score_rows(shifted, rules):
    return score_model("blend", shifted, resamples=rules["resamples"])


PARAMETERS = {
    "cleaning": {"strict": True},
    "models": {"a": 1.0},
    "blend": {"shift": 0.0},
    "evaluation": {"resamples": 100},
}


@pytest.fixture
def trial():
    RAN.clear()
    whole = challenge_pipeline(
        "echoes",
        {
            "data_processing": [step(clean_rows, ["raw", "params:cleaning"], "train")],
            "modeling": [
                step(encode_rows, ["train", "params:models"], "vectors"),
                step(shift_rows, ["vectors", "params:blend"], "shifted"),
            ],
            "evaluation": [step(draw_picture, "shifted", "picture")],
        },
    )
    score = step(score_rows, ["shifted", "params:evaluation"], "own_score")
    return TrialPipeline.cut_from("echoes", whole, score)


STORED = {"echoes.train": np.array([3.0, 1.0, 2.0])}


def evaluator(trial, *paths):
    return trial.evaluator(PARAMETERS, STORED, trial.readers_of(dict.fromkeys(paths)))


def test_it_goes_from_stored_inputs_to_the_score_alone(trial):
    assert trial.stored_inputs() == ["echoes.train"]
    assert isinstance(trial.pipeline, Pipeline)
    assert evaluator(trial, "models.a")({}).value == 2.0
    assert RAN == ["encode_rows", "shift_rows"]


def test_values_change_the_score_and_nothing_else(trial):
    evaluate = evaluator(trial, "models.a", "blend.shift")
    scores = [evaluate(values).value for values in ({"models.a": 5.0}, {"blend.shift": -1.0}, {})]
    assert scores == [10.0, 1.0, 2.0]
    assert PARAMETERS["models"] == {"a": 1.0} and STORED["echoes.train"].tolist() == [3, 1, 2]


def test_what_no_value_reaches_runs_once(trial):
    evaluate = evaluator(trial, "blend.shift")
    assert [evaluate({"blend.shift": shift}).value for shift in (0.0, 1.0, 2.0)] == [2, 3, 4]
    assert RAN == ["encode_rows"] + 3 * ["shift_rows"]


def test_nothing_runs_before_the_first_trial(trial):
    evaluator(trial, "blend.shift")
    assert not RAN


def test_a_trial_is_quiet_and_the_log_speaks_again_after_it(trial, caplog):
    logger = logging.getLogger("podium")
    before = logger.level
    caplog.set_level(logging.INFO, logger="podium")
    evaluator(trial, "models.a")({})
    assert "encoded" not in caplog.text and logger.level == logging.INFO
    logger.setLevel(before)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("evaluation.resamples", "evaluation.resamples is read by no node of echoes.modeling"),
        ("cleaning.strict", "cleaning.strict is read by no node of echoes.modeling"),
        ("model.a", "model.a is read by no node"),
    ],
)
def test_a_parameter_that_modeling_does_not_read_is_refused(trial, path, said):
    with pytest.raises(ParameterError, match=said):
        trial.readers_of({path: None})


def test_a_parameter_that_earlier_stages_read_too_is_refused():
    whole = challenge_pipeline(
        "echoes",
        {
            "feature_engineering": [step(clean_rows, ["raw", "params:models"], "train")],
            "modeling": [step(encode_rows, ["train", "params:models"], "vectors")],
        },
    )
    score = step(score_rows, ["vectors", "params:evaluation"], "own_score")
    trial = TrialPipeline.cut_from("echoes", whole, score)
    with pytest.raises(ParameterError, match="models.a is read before echoes.modeling too"):
        trial.readers_of({"models.a": 1.0})

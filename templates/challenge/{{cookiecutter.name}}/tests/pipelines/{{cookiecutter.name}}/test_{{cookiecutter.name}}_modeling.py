"""Folds, features and models on planted data."""

import numpy as np
import pandas as pd
import pytest

from podium.common.errors import RawDataError
from podium.common.parameters import ParameterError
from podium.pipelines.{{cookiecutter.name}} import feature_engineering, modeling
from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS
from podium.pipelines.{{cookiecutter.name}}.sample import SampleSize, generate_rows

COMPUTE = {"seed": 1, "threads": 1, "time_budget": None}
RESERVE = {"reserve_seconds": 0, "reserve_share": 0}
MODELS = {
    "median": {
        "kind": "baseline",
        "type": "sklearn.dummy.DummyRegressor",
        "arguments": {"strategy": "median"},
    },
    "ridge": {"kind": "regressor", "type": "sklearn.linear_model.Ridge"},
}


@pytest.fixture(scope="module")
def tables():
    rows = generate_rows(SampleSize(train=203, test=20), seed=3)
    train, test = rows[:203].reset_index(drop=True), rows[203:].reset_index(drop=True)
    test = test[list(ROWS.asked_columns)]
    folds = feature_engineering.assign_folds(train, {"count": 5}, COMPUTE)
    return train, test, feature_engineering.build_features(train, test), folds


def cross_fitted(tables, models=MODELS, compute=COMPUTE):
    train, _, features, folds = tables
    return modeling.cross_fit_models(train, features, folds, models, RESERVE, compute)


def test_folds_are_of_equal_size_and_level(tables):
    train, _, _, folds = tables
    assert folds["fold"].value_counts().between(40, 42).all()
    means = train[ROWS.target].groupby(folds["fold"]).mean()
    assert means.std() < train[ROWS.target].std() / 4


def test_too_few_rows_for_the_folds_are_refused(tables):
    with pytest.raises(RawDataError, match="only 4 usable rows; 5 folds"):
        feature_engineering.assign_folds(tables[0].head(4), {"count": 5}, COMPUTE)


def test_features_hold_every_row_and_no_target(tables):
    train, test, features, _ = tables
    assert len(features) == len(train) + len(test)
    assert ROWS.target not in features
    matrix = feature_engineering.matrix_of(features, "test")
    np.testing.assert_array_equal(matrix[:, : len(ROWS.numbers)], test[list(ROWS.numbers)])


def test_models_beat_the_baseline_on_rows_that_they_have_not_seen(tables):
    predictions, log = cross_fitted(tables)
    errors = (predictions["target"] - predictions["predicted"]).abs()
    by_model = errors.groupby(predictions["model"]).mean()
    assert by_model["ridge"] < 0.95 * by_model["median"]
    assert log["model"].tolist() == ["median", "ridge"] and (log["fit_seconds"] > 0).all()


def test_predictions_do_not_hang_on_the_own_target(tables):
    train, test, features, folds = tables
    held_out = folds["fold"] == 2
    spoilt = train.copy()
    spoilt.loc[held_out, ROWS.target] = 1e6
    before, _ = cross_fitted(tables)
    after, _ = cross_fitted((spoilt, test, features, folds))
    same = before["fold"] == 2
    pd.testing.assert_series_equal(before.loc[same, "predicted"], after.loc[same, "predicted"])
    assert not before["predicted"].equals(after["predicted"])


def test_without_time_only_the_baseline_is_fitted_and_the_log_says_so(tables):
    predictions, log = cross_fitted(tables, compute={**COMPUTE, "time_budget": "0.001s"})
    assert predictions["model"].unique().tolist() == ["median"]
    assert log.set_index("model").loc["ridge", "note"].startswith("left out: the time budget")


def test_a_model_may_be_switched_off_and_a_misspelt_one_is_refused(tables):
    off = {**MODELS, "ridge": {**MODELS["ridge"], "enabled": False}}
    assert cross_fitted(tables, off)[1]["model"].tolist() == ["median"]
    wrong = {**MODELS, "ridge": {**MODELS["ridge"], "typo": 1}}
    with pytest.raises(ParameterError, match="typo"):
        cross_fitted(tables, wrong)

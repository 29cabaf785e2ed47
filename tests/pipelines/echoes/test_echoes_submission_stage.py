"""The refit on all rows, the answer without a model, the order of the rows, the last check."""

import numpy as np
import pandas as pd
import pytest
from echoes_tables import (
    COMPUTE,
    EVALUATION,
    MODELING,
    MODELS,
    USED_UP,
    make_tables,
    run_modeling,
)

from podium.common.submission import SubmissionError
from podium.fusion.logistic import LogisticRegressionClassifier
from podium.pipelines.echoes import submission as stage


@pytest.fixture(scope="module")
def tables():
    return make_tables(part1=60, part2=30)


@pytest.fixture(scope="module")
def fitted(tables):
    return run_modeling(tables)


def refit(tables, fitted, compute=COMPUTE, **evaluation):
    return stage.refit_models(
        tables.train,
        tables.test,
        tables.folds,
        fitted.nested_logits,
        fitted.blend_weights,
        fitted.leaderboard,
        MODELS,
        MODELING,
        {**EVALUATION, **evaluation},
        compute,
    )


def test_the_submission_is_fitted_on_the_rows_of_both_parts(tables, fitted):
    final = refit(tables, fitted)
    assert list(final.classifiers) == list(MODELS) and list(final.rules) == ["blend"]
    for rows, same in ((np.arange(90), True), (np.arange(60), False)):
        own = LogisticRegressionClassifier(view="both", inverse_penalty=1.0, seed=3)
        own.fit(tables.train.pairs.take(rows), tables.train.labels[rows])
        logits = final.classifiers["logistic_both"].predict_logit(tables.test.pairs)
        assert np.array_equal(own.predict_logit(tables.test.pairs), logits) == same


def test_only_what_the_chosen_model_needs_is_fitted(tables, fitted):
    final = refit(tables, fitted, chosen=["logistic_image"])
    assert list(final.classifiers) == ["logistic_image"] == list(final.rules)


def test_every_test_row_gets_a_probability_and_a_label(tables, fitted):
    final = refit(tables, fitted)
    said = stage.predict_test(tables.train, tables.test, final)
    assert said["id"].tolist() == tables.test.rows["id"].tolist()
    answer = final.predict(tables.test.pairs)["blend"]
    np.testing.assert_array_equal(said["probability"], answer.probability)
    np.testing.assert_array_equal(said["predicted"], answer.predicted)
    _, rule = final.rules["blend"]
    assert (said["predicted"] == (said["probability"] >= rule.threshold)).all()
    assert set(said["predicted"]) == {0, 1}


def test_without_time_for_a_model_every_row_gets_the_majority_class(tables, caplog):
    made = run_modeling(tables, compute=USED_UP)
    final = refit(tables, made, USED_UP)
    assert not final.rules
    said = stage.predict_test(tables.train, tables.test, final)
    assert tables.train.labels.mean() < 0.5 and set(said["predicted"]) == {0}
    assert said["probability"].tolist() == pytest.approx([tables.train.labels.mean()] * 24)
    assert "majority class, 0" in caplog.text


def predictions(labels):
    ids = [str(at) for at in range(1, len(labels) + 1)]
    return pd.DataFrame({"id": ids, "probability": 0.5, "predicted": labels})


def test_the_order_is_that_of_the_asked_rows():
    asked = pd.DataFrame({"row_id": ["3", "1", "2"]})
    ordered = stage.order_rows(predictions([1, 0, 0]), asked)
    assert ordered["row_id"].tolist() == ["3", "1", "2"]
    assert ordered["target"].tolist() == [0, 1, 0]
    checked = stage.check_submission(ordered, asked)
    assert checked.to_csv(index=False) == "row_id,target\n3,0\n1,1\n2,0\n"


@pytest.mark.parametrize(
    ("asked", "labels"), [(["1", "2", "4"], [0, 1, 1]), (["1", "2", "3"], [0, 1, 2])]
)
def test_a_row_without_an_answer_or_another_class_is_not_written(asked, labels):
    asked = pd.DataFrame({"row_id": asked})
    with pytest.raises(SubmissionError):
        stage.check_submission(stage.order_rows(predictions(labels), asked), asked)

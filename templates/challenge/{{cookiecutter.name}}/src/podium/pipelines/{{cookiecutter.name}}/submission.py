"""Stage submission: predict the test rows, write what the organiser takes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from podium.pipelines.{{cookiecutter.name}}.evaluation import Evaluation
from podium.pipelines.{{cookiecutter.name}}.feature_engineering import matrix_of
from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS
from podium.pipelines.{{cookiecutter.name}}.submission_rules import rules
from podium.pipelines.shared import accepted, chosen_model


def predict_test(
    test: pd.DataFrame,
    features: pd.DataFrame,
    models: dict[str, Any],
    leaderboard: pd.DataFrame,
    evaluation: dict[str, Any],
) -> pd.DataFrame:
    """Predict every test row by the chosen model: `test_predictions` (the key and the target)."""
    model = models[chosen_model(leaderboard, Evaluation.parse(evaluation))]
    predicted = model.predict(matrix_of(features, "test"))
    return pd.DataFrame({ROWS.key: test[ROWS.key], ROWS.target: predicted})


def check_submission(test_predictions: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Let a submission pass that keeps every rule of the organiser.

    Raises:
        SubmissionError: if any rule is broken, so that nothing is written.
    """
    return accepted(test_predictions, rules(test[ROWS.key].tolist()), "as many test rows")

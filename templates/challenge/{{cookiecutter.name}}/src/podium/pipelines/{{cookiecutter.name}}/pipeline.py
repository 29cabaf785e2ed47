"""{{cookiecutter.title}} on one page: from a table to a number for every test row."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from podium.pipelines.building import by_name, challenge_pipeline, step
from podium.pipelines.{{cookiecutter.name}} import (
    data_processing,
    evaluation,
    feature_engineering,
    modeling,
    report,
    submission,
)
from podium.pipelines.reporting import shared_tables
from podium.pipelines.shared import track_metrics
from podium.pipelines.tuning import tuning_pipeline

FITTING = ("params:models", "params:modeling", "params:compute")


def create_pipeline() -> Pipeline:
    """Five stages; every dataset that crosses from one to the next is stored."""
    return challenge_pipeline(
        "{{cookiecutter.name}}",
        {
            "data_processing": _data_processing(),
            "feature_engineering": _feature_engineering(),
            "modeling": _modeling(),
            "evaluation": _evaluation(),
            "submission": _submission(),
        },
    )


def create_tuning(whole: Pipeline) -> Pipeline:
    """Trials of modeling, each scored by what the submission would be made by."""
    inputs = ["leaderboard", "oof_predictions", "params:evaluation"]
    score = step(evaluation.score_submitted, inputs, "own_score")
    return tuning_pipeline("{{cookiecutter.name}}", whole, score)


def _data_processing() -> list[Node]:
    stage = data_processing
    return [
        step(stage.clean_training_rows, "raw_train", ["train", "quarantine", "train_counts"]),
        step(stage.clean_test_rows, "raw_test", ["test", "test_counts"]),
        step(stage.report_quality, ["train_counts", "test_counts"], "data_quality"),
    ]


def _feature_engineering() -> list[Node]:
    stage = feature_engineering
    return [
        step(stage.assign_folds, ["train", "params:folds", "params:compute"], "folds"),
        step(stage.build_features, ["train", "test"], "features"),
    ]


def _modeling() -> list[Node]:
    stage = modeling
    return [
        step(
            stage.cross_fit_models,
            ["train", "features", "folds", *FITTING],
            ["oof_predictions", "model_log"],
        ),
        step(
            stage.fit_models,
            ["train", "features", "oof_predictions", "params:models", "params:compute"],
            "models",
        ),
    ]


def _evaluation() -> list[Node]:
    stage, rules = evaluation, "params:evaluation"
    return [
        step(stage.build_leaderboard, ["oof_predictions", "model_log", rules], "leaderboard"),
        step(stage.rank_errors, ["train", "oof_predictions", "leaderboard", rules], "row_errors"),
        step(stage.summarise_metrics, ["leaderboard", rules], "metrics"),
        step(track_metrics, "metrics", "tracked_metrics"),
        step(stage.plot_leaderboard, "leaderboard", "leaderboard_plot"),
        step(stage.plot_errors, ["oof_predictions", "leaderboard", rules], "errors_plot"),
        step(
            report.make_report,
            by_name(
                *("leaderboard", "row_errors"),
                **shared_tables(),
                parameters=rules,
            ),
            ["report", "summary"],
        ),
    ]


def _submission() -> list[Node]:
    stage = submission
    return [
        step(
            stage.predict_test,
            ["test", "features", "models", "leaderboard", "params:evaluation"],
            "test_predictions",
        ),
        step(stage.check_submission, ["test_predictions", "test"], "submission"),
    ]

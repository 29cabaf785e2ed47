"""Embedded Echoes on one page: from two embeddings per row to a label for every test row."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from podium.pipelines.building import by_name, challenge_pipeline, step
from podium.pipelines.echoes import (
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

MODELS = ("params:models", "params:modeling", "params:compute")
FITTING = ("params:models", "params:folds", "params:modeling", "params:compute")


def create_pipeline() -> Pipeline:
    """Five stages; every dataset that crosses from one to the next is stored."""
    return challenge_pipeline(
        "echoes",
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
    inputs = ["leaderboard", "group_counts", "params:evaluation"]
    return tuning_pipeline("echoes", whole, step(evaluation.score_submitted, inputs, "own_score"))


def _data_processing() -> list[Node]:
    stage, rules, compute = data_processing, "params:data_processing", "params:compute"
    return [
        step(
            stage.clean_training_rows,
            ["raw_train_part1", "raw_train_part2", rules, compute],
            ["train", "train_quarantine", "train_counts"],
        ),
        step(stage.clean_test_rows, ["raw_test", rules, compute], ["test", "test_counts"]),
        step(
            stage.list_asked_rows, ["raw_sample_solution", "test"], ["asked_rows", "asked_counts"]
        ),
        step(
            stage.detect_duplicates,
            ["train", "test", rules],
            ["duplicates", "test_copies", "duplicate_counts"],
        ),
        step(
            stage.report_quality,
            ["train_quarantine"]
            + [f"{name}_counts" for name in ("train", "test", "asked", "duplicate")],
            ["quarantine", "data_quality"],
        ),
    ]


def _feature_engineering() -> list[Node]:
    stage, compute = feature_engineering, "params:compute"
    return [
        step(stage.assign_folds, ["train", "duplicates", "params:folds", compute], "folds"),
        step(stage.build_features, ["train", "test", "params:map", compute], "features"),
        step(
            stage.measure_shift,
            ["train", "test", "duplicates", "params:data_processing", "params:shift", compute],
            "shift",
        ),
    ]


def _modeling() -> list[Node]:
    return [
        step(
            modeling.cross_fit_models,
            ["train", "test", "folds", *FITTING],
            ["nested_logits", "fit_log"],
        ),
        step(
            modeling.blend_predictions,
            ["train", "folds", "nested_logits", "fit_log", *MODELS],
            ["oof_predictions", "blend_weights", "model_log"],
        ),
        step(
            modeling.fit_models,
            ["train", "folds", "blend_weights", "test", *FITTING],
            ["models", "part2_predictions"],
        ),
    ]


def _evaluation() -> list[Node]:
    stage, rules = evaluation, "params:evaluation"
    return [
        step(stage.score_models, ["oof_predictions", "folds"], "group_counts"),
        step(
            stage.build_leaderboard,
            ["group_counts", "oof_predictions", "folds", "model_log", rules],
            "leaderboard",
        ),
        step(stage.score_part2, ["part2_predictions", rules], "part2_scores"),
        step(stage.compare_modalities, ["leaderboard", "params:models", rules], "ablation"),
        step(
            stage.rank_errors,
            ["oof_predictions", "leaderboard", "folds", "features", rules],
            "row_errors",
        ),
        step(stage.summarise_metrics, ["leaderboard", "part2_scores", "shift", rules], "metrics"),
        step(track_metrics, "metrics", "tracked_metrics"),
        step(stage.plot_leaderboard, "leaderboard", "leaderboard_plot"),
        step(stage.plot_ablation, "ablation", "ablation_plot"),
        step(stage.plot_confusion, ["group_counts", "leaderboard", rules], "confusion_plot"),
        step(stage.plot_threshold, "row_errors", "threshold_plot"),
        step(stage.plot_precision_recall, "row_errors", "precision_recall_plot"),
        step(stage.plot_calibration, "row_errors", "calibration_plot"),
        step(stage.plot_map, "row_errors", "map_plot"),
        step(
            report.make_report,
            by_name(
                *("leaderboard", "blend_weights", "part2_scores", "shift"),
                *("ablation", "row_errors", "group_counts"),
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
            stage.refit_models,
            ["train", "test", "folds", "nested_logits", "blend_weights", "leaderboard"]
            + ["params:models", "params:modeling", "params:evaluation", "params:compute"],
            "final_models",
        ),
        step(stage.predict_test, ["train", "test", "final_models"], "test_predictions"),
        step(stage.order_rows, ["test_predictions", "asked_rows"], "ordered_rows"),
        step(stage.check_submission, ["ordered_rows", "asked_rows"], "submission"),
    ]

"""The Amazon challenge on one page: from catalogue texts and image links to prices."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from podium.pipelines.amazon import (
    data_processing,
    evaluation,
    feature_engineering,
    inference,
    modeling,
    report,
    split_comparison,
    submission,
)
from podium.pipelines.building import Inference, by_name, challenge_pipeline, step
from podium.pipelines.reporting import shared_tables
from podium.pipelines.shared import track_metrics
from podium.pipelines.tuning import tuning_pipeline

COMPUTE, MODELS, RULES = "params:compute", "params:models", "params:evaluation"


def create_pipeline() -> Pipeline:
    """Five stages; every dataset that crosses from one to the next is stored."""
    return challenge_pipeline(
        "amazon",
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
    inputs = ["leaderboard", "oof_predictions", "folds", RULES]
    return tuning_pipeline("amazon", whole, step(evaluation.score_submitted, inputs, "own_score"))


def create_inference() -> Inference:
    """From the catalogue text and image link of any products to their prices."""
    return Inference(
        challenge_pipeline("amazon", {"inference": _inference()}),
        asked="amazon.asked",
        columns={"catalog_content": "string", "image_link": "string"},
        answers={"price": "double"},
    )


def _data_processing() -> list[Node]:
    stage, rules = data_processing, "params:data_processing"
    counts = [f"{name}_counts" for name in ("train", "test", "duplicate")]
    return [
        step(
            stage.clean_training_rows,
            ["raw_train", rules],
            ["train", "train_quarantine", "train_counts"],
        ),
        step(stage.clean_test_rows, ["raw_test"], ["test", "test_counts"]),
        step(stage.parse_texts, "train", "train_products", name="read_training_texts"),
        step(stage.parse_texts, "test", "test_products", name="read_test_texts"),
        step(
            stage.detect_duplicates,
            ["train", "test", rules, COMPUTE],
            ["duplicates", "test_copies", "duplicate_counts"],
        ),
        step(stage.load_images, ["train", "test", "raw_images", "params:images"], "images"),
        step(
            stage.report_quality,
            ["train_quarantine", "images", *counts],
            ["quarantine", "data_quality"],
        ),
    ]


def _feature_engineering() -> list[Node]:
    stage = feature_engineering
    return [
        step(
            stage.compute_image_features,
            ["images", "params:image_features", COMPUTE],
            "image_features",
        ),
        step(stage.assign_folds, ["train", "duplicates", "params:folds", COMPUTE], "folds"),
        step(
            stage.build_features,
            ["train_products", "image_features", "images", "folds"] + ["params:features", COMPUTE],
            "features",
        ),
    ]


def _modeling() -> list[Node]:
    stage, fitting = modeling, [MODELS, "params:modeling", COMPUTE]
    return [
        step(
            stage.cross_fit_models,
            ["features", "folds", *fitting],
            ["member_prices", "fit_log"],
        ),
        step(
            stage.stack_prices,
            ["member_prices", "folds", "fit_log", MODELS, "params:modeling"],
            ["oof_predictions", "stack_weights", "models", "model_log"],
        ),
        step(
            stage.fit_naive_models,
            ["features", "folds", "fit_log", *fitting],
            "naive_predictions",
        ),
    ]


def _evaluation() -> list[Node]:
    stage = evaluation
    facts = ["folds", "duplicates", "image_features", RULES]
    return [
        step(
            stage.build_leaderboard,
            ["oof_predictions", "folds", "model_log", RULES],
            "leaderboard",
        ),
        step(stage.break_down_scores, ["oof_predictions", *facts], "breakdown"),
        step(
            split_comparison.compare_splits,
            ["oof_predictions", "naive_predictions", "folds", RULES],
            "split_scores",
        ),
        step(
            split_comparison.estimate_test_score,
            ["oof_predictions", "naive_predictions", "split_scores", "folds", "duplicates"]
            + ["test_copies", "test", "leaderboard", RULES],
            "test_estimate",
        ),
        step(
            stage.rank_errors,
            ["oof_predictions", "train_products", "leaderboard", *facts],
            "row_errors",
        ),
        step(
            stage.summarise_metrics,
            ["leaderboard", "breakdown", "split_scores", "test_estimate", RULES],
            "metrics",
        ),
        step(track_metrics, "metrics", "tracked_metrics"),
        step(stage.plot_leaderboard, "leaderboard", "leaderboard_plot"),
        step(stage.plot_breakdown, ["breakdown", "leaderboard", RULES], "breakdown_plot"),
        step(split_comparison.plot_splits, "split_scores", "splits_plot"),
        step(stage.plot_errors, "row_errors", "errors_plot"),
        step(
            report.make_report,
            by_name(
                *("leaderboard", "stack_weights", "breakdown", "split_scores", "test_estimate"),
                *("row_errors", "test_copies", "image_features"),
                **shared_tables(),
                parameters=RULES,
            ),
            ["report", "summary"],
        ),
    ]


def _submission() -> list[Node]:
    stage = submission
    return [
        step(
            stage.refit_models,
            ["train_products", "image_features", "images", "folds", "member_prices", "models"]
            + ["leaderboard", "params:features", MODELS, RULES, COMPUTE],
            "final_models",
        ),
        step(
            stage.build_test_features,
            ["test_products", "image_features", "images", "final_models"],
            "test_features",
        ),
        step(
            stage.predict_prices,
            ["test_products", "test_features", "final_models"],
            "test_predictions",
        ),
        step(stage.order_prices, ["test_predictions", "test"], "ordered_prices"),
        step(stage.check_submission, ["ordered_prices", "test"], "submission"),
    ]


def _inference() -> list[Node]:
    stage, known = inference, ["asked_image_features", "asked_images"]
    wanted = ["params:images", "params:image_features", COMPUTE]
    return [
        step(stage.number_asked_rows, "asked", "asked_rows"),
        step(data_processing.parse_texts, "asked_rows", "asked_products", name="read_asked_texts"),
        step(stage.measure_asked_images, ["asked_rows", "final_models", *wanted], known),
        step(
            submission.build_test_features,
            ["asked_products", *known, "final_models"],
            "asked_features",
        ),
        step(
            submission.predict_prices,
            ["asked_products", "asked_features", "final_models"],
            "asked_predictions",
        ),
        step(stage.give_prices, "asked_predictions", "prices"),
    ]

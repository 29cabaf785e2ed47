"""Lost in the Museum on one page: from a folder of images to one vector for each."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from podium.pipelines.building import by_name, challenge_pipeline, step
from podium.pipelines.museum import (
    data_processing,
    evaluation,
    feature_engineering,
    modeling,
    neighbours,
    report,
    submission,
)
from podium.pipelines.reporting import shared_tables
from podium.pipelines.shared import track_metrics
from podium.pipelines.tuning import tuning_pipeline

COMPUTE, ENCODERS, MODELING = "params:compute", "params:encoders", "params:modeling"
NEIGHBOURS, RULES = "params:neighbours", "params:evaluation"


def create_pipeline() -> Pipeline:
    """Five stages; every dataset that crosses from one to the next is stored."""
    return challenge_pipeline(
        "museum",
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
    inputs = ["leaderboard", "oof_predictions", RULES, NEIGHBOURS]
    return tuning_pipeline("museum", whole, step(evaluation.score_submitted, inputs, "own_score"))


def _data_processing() -> list[Node]:
    stage = data_processing
    return [
        step(stage.inspect_images, ["raw_images", COMPUTE], ["image_facts", "thumbnails"]),
        step(stage.list_images, "image_facts", ["train", "test"]),
        step(stage.report_quality, ["image_facts", "raw_images"], ["quarantine", "data_quality"]),
    ]


def _feature_engineering() -> list[Node]:
    stage, held_out = feature_engineering, "params:held_out"
    return [
        step(stage.assign_folds, ["train", held_out, COMPUTE], "folds"),
        step(stage.list_visitor_photos, "folds", "photos"),
        step(
            stage.generate_visitor_photos,
            ["raw_images", "photos", held_out, COMPUTE],
            "visitor_photos",
        ),
        step(
            stage.extract_local_features,
            ["raw_images", "visitor_photos", "params:local_features", COMPUTE],
            "features",
        ),
    ]


def _modeling() -> list[Node]:
    stage, photographed = modeling, ["raw_images", "visitor_photos"]
    return [
        step(
            stage.fit_encoders,
            ["raw_images", "features", "folds", ENCODERS, MODELING, COMPUTE],
            ["models", "fit_log"],
        ),
        step(
            stage.encode_images,
            [*photographed, "features", "models", MODELING, COMPUTE],
            "vectors",
        ),
        step(
            neighbours.search_shortlists, ["features", "folds", NEIGHBOURS, COMPUTE], "shortlists"
        ),
        step(
            neighbours.match_neighbours,
            ["features", "shortlists", NEIGHBOURS, COMPUTE],
            "neighbours",
        ),
        step(
            stage.rank_photos,
            ["vectors", "neighbours", "folds", "photos", "visitor_photos", "test"]
            + [ENCODERS, MODELING, NEIGHBOURS],
            ["oof_predictions", "joined_vectors"],
        ),
        step(stage.complete_fit_log, ["fit_log", "vectors", ENCODERS], "model_log"),
    ]


def _evaluation() -> list[Node]:
    stage, chosen = evaluation, [RULES, NEIGHBOURS]
    return [
        step(stage.build_leaderboard, ["oof_predictions", "model_log", RULES], "leaderboard"),
        step(stage.break_down_scores, ["oof_predictions", RULES], "breakdown"),
        step(
            stage.rank_nearest_pairs,
            ["joined_vectors", "neighbours", "test", *chosen],
            "nearest_pairs",
        ),
        step(
            stage.assemble_map,
            ["joined_vectors", "folds", "oof_predictions", "leaderboard", *chosen, COMPUTE],
            "image_map",
        ),
        step(stage.summarise_metrics, ["leaderboard", "breakdown", *chosen], "metrics"),
        step(track_metrics, "metrics", "tracked_metrics"),
        step(stage.plot_leaderboard, "leaderboard", "leaderboard_plot"),
        step(stage.plot_effects, ["breakdown", "leaderboard", *chosen], "effects_plot"),
        step(stage.plot_hits, "oof_predictions", "hits_plot"),
        step(stage.plot_map, "image_map", "map_plot"),
        step(
            report.make_report,
            by_name(
                *("raw_images", "visitor_photos", "thumbnails", "test", "oof_predictions"),
                *("leaderboard", "breakdown", "nearest_pairs", "image_map"),
                **shared_tables(),
                parameters=RULES,
                neighbour_parameters=NEIGHBOURS,
            ),
            ["report", "summary"],
        ),
    ]


def _submission() -> list[Node]:
    stage = submission
    return [
        step(stage.fit_whitening, ["vectors", "train", ENCODERS, MODELING], "final_models"),
        step(
            stage.compute_vectors,
            ["vectors", "final_models", "neighbours", "leaderboard", "test", RULES, NEIGHBOURS]
            + [COMPUTE],
            "test_predictions",
        ),
        step(stage.check_submission, ["test_predictions", "test"], "submission"),
    ]

"""HearMe on one page: from raw listens to 50 ranked tracks for every test user."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from podium.pipelines.building import by_name, challenge_pipeline, step
from podium.pipelines.hearme import (
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

CATALOGUE = ("items", "item_artists", "item_genres", "users")
FOLDS = ("folds", "fold_users")


def create_pipeline() -> Pipeline:
    """Five stages; every dataset that crosses from one to the next is stored."""
    return challenge_pipeline(
        "hearme",
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
    inputs = ["leaderboard", "user_scores", "params:evaluation"]
    return tuning_pipeline("hearme", whole, step(evaluation.score_submitted, inputs, "own_score"))


def _data_processing() -> list[Node]:
    stage, rules = data_processing, "params:data_processing"
    counts = ("listens", "cap", "items", "duration", "genre", "users", "profile", "test")
    return [
        step(
            stage.clean_items,
            ["raw_items", rules],
            ["known_items", "items_quarantine", "items_counts"],
        ),
        step(
            stage.clean_users,
            "raw_users",
            ["known_users", "users_quarantine", "users_counts"],
        ),
        step(
            stage.clean_listens,
            ["raw_interactions", "known_items", rules],
            ["listens", "listens_quarantine", "listens_counts"],
        ),
        step(
            stage.estimate_durations,
            ["known_items", "listens", rules],
            ["items", "duration_counts"],
        ),
        step(stage.cap_listens_at_tracks, ["listens", "items"], ["train", "cap_counts"]),
        step(stage.mark_test_users, ["raw_test", "listens"], ["test", "test_counts"]),
        step(stage.complete_users, ["known_users", "listens", "test"], ["users", "profile_counts"]),
        step(stage.list_artists, ["items"], "item_artists"),
        step(stage.list_genres, ["known_items"], ["item_genres", "genre_counts"]),
        step(
            stage.report_quality,
            ["listens_quarantine", "items_quarantine", "users_quarantine"]
            + [f"{name}_counts" for name in counts],
            ["quarantine", "data_quality"],
        ),
    ]


def _feature_engineering() -> list[Node]:
    stage = feature_engineering
    return [
        step(
            stage.cut_time,
            ["train", "test"]
            + ["params:calendar", "params:cuts", "params:fold_users", "params:compute"],
            [*FOLDS],
        ),
        step(stage.build_targets, ["train", *FOLDS], "targets"),
        step(
            stage.generate_fold_candidates,
            ["train", *CATALOGUE, *FOLDS, "targets"]
            + ["params:sources", "params:scoring"]
            # Not the whole of modeling: what an earlier stage reads cannot be tuned.
            + ["params:modeling.fill_source", "params:modeling.fallback_source"]
            + ["params:compute"],
            ["candidates", "candidate_recall", "source_costs"],
        ),
        step(
            stage.build_features,
            ["train", *CATALOGUE, *FOLDS, "candidates", "params:calendar", "params:features"],
            "features",
        ),
    ]


def _modeling() -> list[Node]:
    return [
        step(
            modeling.fit_rankers,
            ["features", "targets"]
            + ["params:rankers", "params:sources", "params:scoring"]
            + ["params:modeling", "params:compute"],
            ["models", "ranker_predictions", "fit_log", "feature_importance"],
        ),
        step(
            modeling.collect_holdout_predictions,
            ["candidates", "ranker_predictions", "source_costs", "fit_log"]
            + ["params:sources", "params:modeling"],
            ["oof_predictions", "model_log"],
        ),
    ]


def _evaluation() -> list[Node]:
    stage = evaluation
    rules = {"parameters": "params:evaluation"}
    holdout = ("oof_predictions", "targets", "fold_users")
    return [
        step(stage.score_models, by_name(*holdout, **rules), "user_scores"),
        step(stage.score_ranks, by_name(*holdout, **rules), "rank_scores"),
        step(stage.build_leaderboard, by_name("user_scores", "model_log", **rules), "leaderboard"),
        step(
            stage.summarise_metrics,
            by_name("leaderboard", "breakdown", "user_scores", "candidate_recall", **rules),
            "metrics",
        ),
        step(track_metrics, "metrics", "tracked_metrics"),
        step(
            stage.break_down_scores,
            by_name(*holdout, "folds", "users", "train", **rules),
            "breakdown",
        ),
        step(stage.plot_leaderboard, "leaderboard", "leaderboard_plot"),
        step(stage.plot_candidate_recall, "candidate_recall", "candidate_recall_plot"),
        step(stage.plot_breakdown, by_name("breakdown", "leaderboard", **rules), "breakdown_plot"),
        step(
            stage.plot_user_scores,
            by_name("user_scores", "leaderboard", **rules),
            "user_scores_plot",
        ),
        step(stage.plot_importance, "feature_importance", "importance_plot"),
        step(stage.plot_ranks, by_name("rank_scores", "leaderboard", **rules), "ranks_plot"),
        step(
            report.make_report,
            by_name(
                *("leaderboard", "user_scores", "rank_scores", "breakdown"),
                *("candidate_recall", "feature_importance"),
                **shared_tables(),
                **rules,
            ),
            ["report", "summary"],
        ),
    ]


def _submission() -> list[Node]:
    stage = submission
    return [
        step(stage.rank_trending_tracks, ["train", "items", "folds", "params:sources"], "fallback"),
        step(
            stage.refit_rankers,
            ["features", "targets", "models", "leaderboard", "params:rankers", "params:scoring"]
            + ["params:modeling", "params:evaluation", "params:compute"],
            "final_models",
        ),
        step(
            stage.predict_test,
            ["features", "candidates", "final_models", "leaderboard"]
            + ["params:rankers", "params:modeling", "params:evaluation"],
            "test_predictions",
        ),
        step(stage.rank_test_tracks, ["test_predictions", "test", "fallback"], "ranked_tracks"),
        step(stage.check_submission, ["ranked_tracks", "test", "items"], "submission"),
    ]

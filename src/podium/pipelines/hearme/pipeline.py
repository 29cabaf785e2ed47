"""HearMe on one page: from raw listens to 50 ranked tracks for every test user."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node

from podium.pipelines.hearme import (
    data_processing,
    evaluation,
    feature_engineering,
    modeling,
    report,
    submission,
)

CATALOGUE = ["items", "item_artists", "item_genres", "users"]


def create_pipeline() -> Pipeline:
    """Five stages; every dataset that crosses from one to the next is stored."""
    stages = {
        "data_processing": _data_processing(),
        "feature_engineering": _feature_engineering(),
        "modeling": _modeling(),
        "evaluation": _evaluation(),
        "submission": _submission(),
    }
    return Pipeline(
        [
            Pipeline(nodes, namespace=stage, prefix_datasets_with_namespace=False)
            for stage, nodes in stages.items()
        ],
        namespace="hearme",
    )


def _data_processing() -> list:
    stage, parameters = data_processing, "params:data_processing"
    return [
        node(
            stage.clean_items,
            ["raw_items", parameters],
            ["known_items", "items_quarantine", "items_counts"],
        ),
        node(
            stage.clean_users,
            ["raw_users", parameters],
            ["known_users", "users_quarantine", "users_counts"],
        ),
        node(
            stage.clean_listens,
            ["raw_interactions", "known_items", parameters],
            ["listens", "listens_quarantine", "listens_counts"],
        ),
        node(
            stage.estimate_durations,
            ["known_items", "listens", parameters],
            ["items", "duration_counts"],
        ),
        node(stage.cap_listens_at_tracks, ["listens", "items"], ["train", "cap_counts"]),
        node(stage.mark_test_users, ["raw_test", "listens"], ["test", "test_counts"]),
        node(stage.complete_users, ["known_users", "listens", "test"], ["users", "profile_counts"]),
        node(stage.list_artists, ["items"], "item_artists"),
        node(stage.list_genres, ["known_items"], ["item_genres", "genre_counts"]),
        node(
            stage.report_quality,
            [
                "listens_quarantine",
                "items_quarantine",
                "users_quarantine",
                "listens_counts",
                "cap_counts",
                "items_counts",
                "duration_counts",
                "genre_counts",
                "users_counts",
                "profile_counts",
                "test_counts",
            ],
            ["quarantine", "data_quality"],
        ),
    ]


def _feature_engineering() -> list:
    stage = feature_engineering
    return [
        node(
            stage.cut_time,
            ["train", "test"]
            + ["params:calendar", "params:cuts", "params:fold_users", "params:compute"],
            ["folds", "fold_users"],
        ),
        node(stage.build_targets, ["train", "folds", "fold_users"], "targets"),
        node(
            stage.generate_fold_candidates,
            ["train", *CATALOGUE, "folds", "fold_users", "targets"]
            + ["params:sources", "params:scoring", "params:compute"],
            ["candidates", "candidate_recall", "source_costs"],
        ),
        node(
            stage.build_features,
            ["train", *CATALOGUE, "folds", "fold_users", "candidates"]
            + ["params:calendar", "params:features"],
            "features",
        ),
    ]


def _modeling() -> list:
    return [
        node(
            modeling.fit_rankers,
            ["features", "targets"]
            + ["params:rankers", "params:scoring", "params:modeling", "params:compute"],
            ["models", "ranker_predictions", "ranker_costs", "feature_importance"],
        ),
        node(
            modeling.collect_holdout_predictions,
            ["candidates", "ranker_predictions", "source_costs", "ranker_costs"]
            + ["params:sources", "params:modeling"],
            ["oof_predictions", "fit_log"],
        ),
    ]


def _evaluation() -> list:
    stage, parameters = evaluation, {"parameters": "params:evaluation"}

    def inputs(*names: str) -> dict[str, str]:
        return {name: name for name in names}

    return [
        node(
            stage.score_models,
            {**inputs("oof_predictions", "targets", "fold_users"), **parameters},
            "user_scores",
        ),
        node(
            stage.build_leaderboard,
            {**inputs("user_scores", "fit_log"), **parameters},
            "leaderboard",
        ),
        node(
            stage.summarise_metrics,
            {**inputs("leaderboard", "user_scores", "candidate_recall"), **parameters},
            "metrics",
        ),
        node(stage.track_metrics, "metrics", "tracked_metrics"),
        node(
            stage.break_down_scores,
            {
                **inputs("oof_predictions", "targets", "folds", "fold_users", "users", "train"),
                **parameters,
            },
            "breakdown",
        ),
        node(
            stage.score_ranks,
            {**inputs("oof_predictions", "targets", "fold_users"), **parameters},
            "rank_scores",
        ),
        node(stage.plot_leaderboard, "leaderboard", "leaderboard_plot"),
        node(stage.plot_candidate_recall, "candidate_recall", "candidate_recall_plot"),
        node(stage.plot_breakdown, ["breakdown", "leaderboard"], "breakdown_plot"),
        node(stage.plot_user_scores, ["user_scores", "leaderboard"], "user_scores_plot"),
        node(stage.plot_importance, "feature_importance", "importance_plot"),
        node(stage.plot_ranks, ["rank_scores", "leaderboard"], "ranks_plot"),
        node(
            report.make_report,
            {
                **inputs("leaderboard", "user_scores", "rank_scores", "breakdown", "fit_log"),
                **inputs("candidate_recall", "feature_importance", "data_quality", "quarantine"),
                **parameters,
                "run": "params:run",
            },
            "report",
        ),
    ]


def _submission() -> list:
    return [
        node(
            submission.rank_trending_tracks,
            ["train", "items", "folds"],
            "fallback",
        ),
        node(
            submission.refit_rankers,
            ["features", "targets", "models"]
            + ["params:rankers", "params:scoring", "params:modeling", "params:compute"],
            "final_models",
        ),
        node(
            submission.predict_test,
            ["features", "candidates", "final_models", "params:rankers", "params:modeling"],
            "test_predictions",
        ),
        node(
            submission.rank_test_tracks, ["test_predictions", "test", "fallback"], "ranked_tracks"
        ),
        node(submission.check_submission, ["ranked_tracks", "test", "items"], "submission"),
    ]

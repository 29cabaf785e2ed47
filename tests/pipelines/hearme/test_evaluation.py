import ibis
import numpy as np
import pandas as pd
import pytest
from evaluation_tables import LENGTH, SKILL, USERS, make_tables

from podium.common.errors import PodiumError
from podium.common.leaderboard import LeaderboardError
from podium.pipelines.hearme import evaluation
from podium.pipelines.hearme.report import make_report
from podium.pipelines.shared import count_quarantine

PARAMETERS = {"resamples": 400, "seed": 3}


@pytest.fixture(scope="module")
def tables():
    return make_tables()


@pytest.fixture(scope="module")
def user_scores(tables):
    return evaluation.score_models(
        oof_predictions=tables["oof_predictions"],
        targets=tables["targets"],
        fold_users=tables["fold_users"],
        parameters=PARAMETERS,
    )


@pytest.fixture(scope="module")
def leaderboard(tables, user_scores):
    return evaluation.build_leaderboard(
        user_scores=user_scores, model_log=tables["model_log"], parameters=PARAMETERS
    )


@pytest.fixture(scope="module")
def breakdown(tables):
    return evaluation.break_down_scores(
        oof_predictions=tables["oof_predictions"],
        targets=tables["targets"],
        folds=tables["folds"],
        fold_users=tables["fold_users"],
        users=tables["users"],
        train=ibis.memtable(tables["train"]),
        parameters=PARAMETERS,
    )


@pytest.fixture(scope="module")
def rank_scores(tables):
    return evaluation.score_ranks(
        oof_predictions=tables["oof_predictions"],
        targets=tables["targets"],
        fold_users=tables["fold_users"],
        parameters=PARAMETERS,
    )


def naive_score(tables, model):
    """The official score in plain loops."""
    holdout = tables["targets"][tables["targets"]["fold"] == 1]
    worth = {
        (row.user_id, row.item_id): round(row.best_listen * 4) / 4 for row in holdout.itertuples()
    }
    rows = tables["oof_predictions"][tables["oof_predictions"]["model"] == model]
    total = sum(worth.get((row.user_id, row.item_id), 0) for row in rows.itertuples())
    return total / LENGTH / USERS


def test_the_leaderboard_holds_the_official_score_best_first(tables, leaderboard):
    assert leaderboard["model"].tolist() == ["blend", "own_history", "als", "popular"]
    for model in SKILL:
        found = leaderboard.set_index("model").at[model, "score"]
        assert found == pytest.approx(naive_score(tables, model), abs=1e-12)
    assert leaderboard["ci_low"].lt(leaderboard["score"]).all()
    assert leaderboard["ci_high"].gt(leaderboard["score"]).all()
    baseline = leaderboard.set_index("model").loc["own_history"]
    assert baseline["difference"] == baseline["difference_low"] == 0
    assert {"score_best_continuous", "per_played", "per_ideal"} <= set(leaderboard)
    assert "score_best_quarters" not in leaderboard  # that one is `score` itself


def test_a_user_who_heard_nothing_counts_zero(user_scores):
    silent = user_scores[user_scores["user_id"] == 100]
    assert len(silent) == len(SKILL)
    assert silent[["score", "per_played", "per_ideal", "played"]].to_numpy().sum() == 0
    assert user_scores.groupby("model").size().eq(USERS).all()


def test_only_test_users_are_asked_when_wanted(tables):
    scores = evaluation.score_models(
        oof_predictions=tables["oof_predictions"],
        targets=tables["targets"],
        fold_users=tables["fold_users"],
        parameters={**PARAMETERS, "users": "test"},
    )
    assert scores["user_id"].unique().tolist() == list(range(100, 100 + USERS, 2))


def test_readings_are_parameters(tables, user_scores):
    total = evaluation.score_models(
        oof_predictions=tables["oof_predictions"],
        targets=tables["targets"],
        fold_users=tables["fold_users"],
        parameters={**PARAMETERS, "listen": "total", "rounding": "continuous"},
    )
    assert total["score"].equals(user_scores["score_total_continuous"])
    assert total["score"].mean() > user_scores["score"].mean()


def test_a_leaderboard_without_baseline_is_refused(tables, user_scores):
    no_baseline = tables["model_log"].assign(kind="ranker")
    with pytest.raises(LeaderboardError, match="needs a baseline"):
        evaluation.build_leaderboard(
            user_scores=user_scores, model_log=no_baseline, parameters=PARAMETERS
        )


def test_metrics_follow_the_chosen_model(tables, leaderboard, breakdown, user_scores):
    inputs = {
        "leaderboard": leaderboard,
        "breakdown": breakdown,
        "user_scores": user_scores,
        "candidate_recall": tables["candidate_recall"],
    }
    best = evaluation.summarise_metrics(**inputs, parameters=PARAMETERS)
    preferred = {**PARAMETERS, "chosen": ["not there", "als"]}
    als = evaluation.summarise_metrics(**inputs, parameters=preferred)
    assert best["score"] == leaderboard["score"].iloc[0]
    assert als["score"] == leaderboard.set_index("model").at["als", "score"]
    assert best["candidate_recall.union"] == 0.55  # of fold 1, not of fold 2
    assert best["holdout_users"] == USERS
    for model, found in (("blend", best), ("als", als)):
        parts = breakdown[breakdown["model"] == model].set_index(["by", "group"])["score"]
        assert found["by_repeat.new"] == parts["repeat", "new"]
        assert found["by_age.18_29"] == parts["age", "18_29"]
        assert found["by_genre.Қазақ поп"] == parts["genre", "Қазақ поп"]
        assert sum(name.startswith("by_") for name in found) == len(parts)


def test_repeat_and_new_add_up_and_groups_cover_all_users(breakdown, leaderboard):
    for model, rows in breakdown.groupby("model"):
        whole = leaderboard.set_index("model").at[model, "score"]
        assert rows[rows["by"] == "repeat"]["score"].sum() == pytest.approx(whole)
        for by in ("activity", "age", "genre"):
            part = rows[rows["by"] == by]
            assert part["users"].sum() == USERS
            assert np.average(part["score"], weights=part["users"]) == pytest.approx(whole)


def test_activity_counts_the_history_up_to_the_cut(breakdown):
    activity = breakdown[(breakdown["model"] == "blend") & (breakdown["by"] == "activity")]
    # User 0 has one listen only, after the cut; 59 others have 1..59 listens before it.
    assert activity["users"].tolist() == [1, 20, 19, 20]
    assert activity["group"].tolist() == [
        "no history",
        "light (up to 20 listens)",
        "medium (up to 39 listens)",
        "heavy (over 39 listens)",
    ]
    assert activity["score"].is_monotonic_increasing


def test_unknown_metadata_is_a_group_of_its_own(breakdown):
    genres = breakdown[(breakdown["model"] == "blend") & (breakdown["by"] == "genre")]
    assert set(genres["group"]) == {"Джаз", "Қазақ поп", "Rock", "unknown"}
    ages = breakdown[(breakdown["model"] == "blend") & (breakdown["by"] == "age")]
    assert ages["group"].tolist() == ["18_29", "30_44", "unknown"]


def test_places_average_to_the_score(rank_scores, leaderboard):
    means = rank_scores.groupby("model")["fraction"].mean()
    assert len(rank_scores) == LENGTH * len(SKILL)
    for model, mean in means.items():
        assert mean == pytest.approx(leaderboard.set_index("model").at[model, "score"])


def test_row_order_changes_nothing(tables, user_scores):
    shuffled = {
        name: tables[name].sample(frac=1, random_state=1)
        for name in ("oof_predictions", "targets", "fold_users")
    }
    again = evaluation.score_models(**shuffled, parameters=PARAMETERS)
    pd.testing.assert_frame_equal(again, user_scores, check_exact=True)


def test_without_a_holdout_there_is_a_clear_error(tables):
    with pytest.raises(PodiumError, match="no holdout"):
        evaluation.score_models(
            oof_predictions=tables["oof_predictions"],
            targets=tables["targets"].query("fold == 2"),
            fold_users=tables["fold_users"],
            parameters=PARAMETERS,
        )


def test_plots_show_what_the_tables_say(tables, leaderboard, breakdown, user_scores, rank_scores):
    figures = [
        evaluation.plot_leaderboard(leaderboard),
        evaluation.plot_candidate_recall(tables["candidate_recall"]),
        evaluation.plot_breakdown(breakdown, leaderboard, PARAMETERS),
        evaluation.plot_user_scores(user_scores, leaderboard, PARAMETERS),
        evaluation.plot_importance(tables["feature_importance"]),
        evaluation.plot_ranks(rank_scores, leaderboard, PARAMETERS),
    ]
    for figure in figures:
        figure.to_json()
        titles = [axis.title.text for axis in figure.select_xaxes() if axis.title.text]
        assert titles and figure.layout.title.text
    points = {
        name: score
        for trace in figures[0].data
        for name, score in zip(trace.y, trace.x, strict=True)
    }
    assert points == dict(zip(leaderboard["model"], leaderboard["score"], strict=True))
    assert list(figures[1].data[0].y) == ["union", "history_7", "trending"]
    assert list(figures[1].data[0].x) == pytest.approx([55, 42, 20])
    assert figures[3].data[0].y.sum() == pytest.approx(100)
    assert figures[4].data[0].y[0] == "feature_01"


def test_plots_show_the_chosen_model(leaderboard, breakdown, user_scores, rank_scores):
    assert leaderboard["model"].iloc[0] != "als"
    chosen = {**PARAMETERS, "chosen": ["als"]}
    where = evaluation.plot_breakdown(breakdown, leaderboard, chosen)
    own = breakdown[(breakdown["model"] == "als") & (breakdown["by"] == "age")]
    shown = {tuple(sorted(trace.x)) for trace in where.data}
    assert "als" in where.layout.title.text
    assert tuple(sorted(own["score"])) in shown
    for figure in (
        evaluation.plot_user_scores(user_scores, leaderboard, chosen),
        evaluation.plot_ranks(rank_scores, leaderboard, chosen),
    ):
        assert figure.data[0].name == "als"


def make_page(
    tables, leaderboard, user_scores, rank_scores, breakdown, parameters=PARAMETERS, **run
):
    return make_report(
        leaderboard=leaderboard,
        user_scores=user_scores,
        rank_scores=rank_scores,
        breakdown=breakdown,
        **{
            name: tables[name]
            for name in ("model_log", "candidate_recall", "feature_importance", "data_quality")
        },
        quarantine=ibis.memtable(tables["quarantine"]),
        run={"data": "sample", "preset": "base", **run},
        parameters=parameters,
    )[0]


@pytest.fixture(scope="module")
def page(tables, leaderboard, user_scores, rank_scores, breakdown):
    submission = "data/sample/07_model_output/hearme/submission.csv"
    return make_page(
        tables, leaderboard, user_scores, rank_scores, breakdown, submission=submission
    )


def test_the_report_answers_its_questions(page, leaderboard):
    assert "SAMPLE DATA" in page
    assert f"{leaderboard['score'].iloc[0]:.4f}" in page
    assert "slow_ranker" in page and "left out: time budget" in page
    assert "data/sample/07_model_output/hearme/submission.csv" in page
    assert "7 rows are in quarantine" in page and "negative duration" in page
    assert "at 95 % confidence" in page
    assert "Қазақ поп" in page and "feature_01" in page


def test_every_part_of_the_score_has_its_interval_beside_it(page, leaderboard, breakdown):
    own = breakdown[breakdown["model"] == leaderboard["model"].iloc[0]]
    assert page.count(">Captured<") == own["by"].nunique()
    assert page.count(">95 % interval<") == own["by"].nunique() + 1  # and on the leaderboard
    for row in own.itertuples():
        assert f'<td class="number">{row.ci_low:.4f} to {row.ci_high:.4f}</td>' in page


def test_the_report_counts_who_got_no_hit(tables, leaderboard, user_scores, rank_scores, breakdown):
    """Everybody in a fold listened in its window, so nobody there heard nothing."""
    own = user_scores[user_scores["model"] == leaderboard["model"].iloc[-1]]
    without = int((own["hits"] == 0).sum())
    assert without not in (0, int((own["played"] == 0).sum()))
    page = make_page(
        *(tables, leaderboard, user_scores, rank_scores, breakdown),
        parameters={**PARAMETERS, "chosen": [own["model"].iloc[0]]},
    )
    assert f"{without} got no hit" in page
    assert "whoever gets no hit counts 0" in page and "heard nothing" not in page


def test_the_report_needs_no_network_and_escapes_its_data(page):
    assert "<script" not in page and "&lt;script&gt;" in page
    for outside in ("http://", "https://", "src=", "@import", "url("):
        assert outside not in page
    assert len(page.encode()) < 1_000_000


def test_the_report_of_real_data_does_not_cry_sample(
    tables, leaderboard, user_scores, rank_scores, breakdown
):
    page = make_page(tables, leaderboard, user_scores, rank_scores, breakdown, data="competition")
    assert "SAMPLE" not in page and "The competition's data" in page.replace("&#39;", "'")


def test_a_run_without_any_ranker_has_a_report_and_a_plot(
    tables, leaderboard, user_scores, rank_scores, breakdown
):
    none = {**tables, "feature_importance": tables["feature_importance"].iloc[:0]}
    page = make_page(none, leaderboard, user_scores, rank_scores, breakdown)
    assert "No ranker was fitted in this run." in page
    evaluation.plot_importance(none["feature_importance"]).to_json()


def test_quarantine_counts_are_the_same_from_both_kinds_of_table(tables):
    frame = count_quarantine(tables["quarantine"])
    pd.testing.assert_frame_equal(
        frame, count_quarantine(ibis.memtable(tables["quarantine"])), check_dtype=False
    )
    assert frame["rows"].tolist() == [5, 2] and frame["first_row"].tolist() == [9, 90]

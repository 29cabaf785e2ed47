import numpy as np
import pandas as pd
import pytest

from podium.common.leaderboard import (
    LeaderboardError,
    Metric,
    best_baseline,
    build_leaderboard,
    leaderboard_metrics,
    left_out,
    metric_name,
    score_model,
    with_gains,
)


def models(**kinds):
    return pd.DataFrame({"model": list(kinds), "kind": list(kinds.values())})


GENERATOR = np.random.default_rng(0)
BASE = GENERATOR.random(300)
SCORES = {"popular": BASE * 0.5, "history": BASE * 0.9, "blend": BASE * 0.95, "als": BASE * 0.3}
KINDS = models(popular="baseline", history="baseline", blend="blend", als="recommender")


def test_best_first_with_intervals_and_the_gap_to_the_best_baseline():
    board = build_leaderboard(SCORES, KINDS)
    assert board["model"].tolist() == ["blend", "history", "popular", "als"]
    assert best_baseline(board) == "history"
    blend = board.iloc[0]
    assert blend["score"] == pytest.approx(0.95 * BASE.mean())
    assert blend["difference"] == pytest.approx(0.05 * BASE.mean())
    assert blend["relative"] == pytest.approx(0.05 / 0.9)
    # The gap is paired: certain, although the two intervals overlap widely.
    assert blend["difference_low"] > 0 and blend["ci_low"] < board["ci_high"].iloc[1]


def test_lower_is_better_where_the_metric_is_an_error():
    board = build_leaderboard(SCORES, KINDS, metric=Metric(higher_is_better=False))
    assert board["model"].tolist() == ["als", "popular", "history", "blend"]
    assert best_baseline(board) == "popular"
    assert board.set_index("model").at["popular", "difference"] == 0
    assert board["difference"].iloc[0] == pytest.approx(-0.2 * BASE.mean())


@pytest.mark.parametrize("higher", [True, False])
def test_a_gain_is_above_zero_where_the_model_is_better(higher):
    metric = Metric(higher_is_better=higher)
    board = build_leaderboard(SCORES, KINDS, metric=metric)
    best, worst = board["model"].iloc[[0, -1]]
    for flat in (leaderboard_metrics(board), leaderboard_metrics(board, best)):
        assert flat["gain_over_baseline_relative"] > 0
        low, high = (flat[f"gain_over_baseline_ci_{end}"] for end in ("low", "high"))
        assert 0 < low < flat["gain_over_baseline"] < high
        assert flat["gain_over_baseline"] == abs(board["difference"].iloc[0])
    flat = leaderboard_metrics(board, worst)
    assert flat["gain_over_baseline_ci_high"] < 0 > flat["gain_over_baseline_relative"]
    gains = with_gains(board).set_index("model")
    assert gains["gain"].is_monotonic_decreasing
    zero = gains.loc[best_baseline(board), ["gain", "gain_low", "gain_high", "relative_gain"]]
    assert (zero == 0).all() and not np.signbit(zero.astype(float)).any()


def test_a_gain_is_a_share_of_a_score_below_zero_too():
    """As log likelihoods are: -1 gains half on -2."""
    board = build_leaderboard(
        {"base": np.full(9, -2.0), "model": np.full(9, -1.0)},
        models(base="baseline", model="blend"),
    )
    assert with_gains(board)["relative_gain"].tolist() == [0.5, 0.0]


def test_a_ratio_metric_needs_no_other_code():
    grouped = {"a": np.array([[2.0, 2], [0.0, 6]]), "b": np.array([[2.0, 2], [6.0, 6]])}
    board = build_leaderboard(
        grouped,
        models(a="baseline", b="ranker"),
        metric=Metric(lambda means: means[..., 0] / means[..., 1]),
    )
    assert board.set_index("model")["score"].to_dict() == {"b": 1.0, "a": 0.25}


def test_ties_go_by_kind_then_name_whatever_the_order():
    tied = {name: BASE for name in ("z", "a", "popular", "m")}
    kinds = models(z="blend", a="blend", popular="baseline", m="ranker")
    forward = build_leaderboard(tied, kinds)
    backward = build_leaderboard(dict(reversed(tied.items())), kinds.iloc[::-1])
    assert forward["model"].tolist() == ["popular", "m", "a", "z"]
    pd.testing.assert_frame_equal(forward, backward, check_exact=True)


def test_costs_notes_and_other_readings_stand_beside_the_score():
    log = KINDS.assign(fit_seconds=[1, 2, 3, 4], note=["", None, "3 seeds of 5", ""])
    readings = pd.DataFrame({"model": ["blend", "als"], "hits": [3.0, 1.0]})
    board = build_leaderboard(SCORES, log.iloc[::-1], readings=readings).set_index("model")
    assert board.at["blend", "fit_seconds"] == 3 and board.at["als", "fit_seconds"] == 4
    assert board["note"].to_dict() == {
        "blend": "3 seeds of 5",
        "history": "",
        "popular": "",
        "als": "",
    }
    assert board.at["als", "hits"] == 1 and np.isnan(board.at["popular", "hits"])
    assert board["peak_memory_mb"].isna().all()


def test_models_left_out_are_named_not_ranked():
    log = pd.concat([KINDS.assign(note=""), models(slow="ranker").assign(note="time budget")])
    board = build_leaderboard(SCORES, log)
    assert "slow" not in set(board["model"])
    assert left_out(log, board).to_dict("records") == [
        {"model": "slow", "kind": "ranker", "note": "time budget"}
    ]


@pytest.mark.parametrize(
    ("scores", "kinds", "message"),
    [
        ({"blend": BASE}, KINDS, "needs a baseline"),
        (SCORES, KINDS.assign(kind="miracle"), "unknown kinds"),
        ({**SCORES, "other": BASE}, KINDS, "does not know"),
        (SCORES, pd.concat([KINDS, KINDS]), "stand twice"),
        ({**SCORES, "als": BASE[:-1]}, KINDS, "different units"),
    ],
)
def test_a_dishonest_leaderboard_is_refused(scores, kinds, message):
    with pytest.raises(LeaderboardError, match=message):
        build_leaderboard(scores, kinds)


def test_metrics_are_flat_finite_and_have_names_that_mlflow_takes():
    from mlflow.utils.validation import _validate_metric_name

    scores = {"log(pop)": BASE, "kNN @16 ünï": BASE * 2, "..": BASE * 0}
    board = build_leaderboard(
        scores, models(**{"log(pop)": "baseline", "kNN @16 ünï": "ranker", "..": "baseline"})
    )
    flat = leaderboard_metrics(board)
    for name, value in flat.items():
        _validate_metric_name(name)
        assert isinstance(value, float) and np.isfinite(value)
    assert flat["score"] == flat["leaderboard.kNN _16 _n_.score"]
    assert flat["gain_over_baseline_relative"] == pytest.approx(1.0)
    assert leaderboard_metrics(board, "log(pop)")["score"] == pytest.approx(BASE.mean())


def test_a_chosen_model_that_is_not_there_is_refused():
    with pytest.raises(LeaderboardError, match="'nobody'"):
        leaderboard_metrics(build_leaderboard(SCORES, KINDS), "nobody")


def test_names_that_fall_together_are_refused():
    board = build_leaderboard(
        {"a@b": BASE, "a#b": BASE}, models(**{"a@b": "baseline", "a#b": "ranker"})
    )
    assert metric_name("a@b") == "a_b"
    with pytest.raises(LeaderboardError, match="share the metric name"):
        leaderboard_metrics(board)


def test_a_model_alone_scores_what_it_scores_on_the_leaderboard():
    units = np.random.default_rng(5).random((30, 2))
    metric = Metric(statistic=lambda means: means[..., 0] / means[..., 1], higher_is_better=False)
    log = pd.DataFrame({"model": ["base"], "kind": ["baseline"]})
    row = build_leaderboard({"base": units}, log, metric=metric, resamples=200, seed=7).iloc[0]
    alone = score_model("base", units, metric, resamples=200, confidence=0.9, seed=7)
    assert (alone.value, alone.units, alone.confidence) == (row["score"], 30, 0.9)
    assert not alone.higher_is_better
    assert np.quantile(alone.draws, [0.025, 0.975]).tolist() == [row["ci_low"], row["ci_high"]]
    assert len(alone.out_of_bag) == 200 and not np.allclose(alone.out_of_bag, alone.draws)

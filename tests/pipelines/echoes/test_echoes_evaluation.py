"""The leaderboard and what stands behind it, against scikit-learn and against tables by hand."""

import numpy as np
import pandas as pd
import pytest
from echoes_tables import EVALUATION, MODELS, USED_UP, logistic, make_tables, run_modeling
from sklearn.metrics import confusion_matrix, f1_score, precision_score

from podium.common.bootstrap import bootstrap
from podium.common.parameters import ParameterError
from podium.fusion.metrics import macro_f1_of_counts
from podium.pipelines.echoes import evaluation as stage


@pytest.fixture(scope="module")
def tables():
    return make_tables(part1=60, part2=30)


@pytest.fixture(scope="module")
def fitted(tables):
    return run_modeling(tables)


def test_the_leaderboard_has_baselines_and_the_scores_of_scikit_learn(tables, fitted):
    board = fitted.leaderboard.set_index("model")
    assert {"majority_class", "logistic_image"} <= set(board.index[board["kind"] == "baseline"])
    assert board["score"].is_monotonic_decreasing
    labels = tables.folds.set_index("id")["label"]
    for model, part in fitted.oof_predictions.groupby("model"):
        # The repeats' counts are averaged first, so both repeats together are one large set.
        wanted = f1_score(labels[part["id"]], part["predicted"], average="macro")
        assert board.loc[model, "score"] == pytest.approx(wanted, abs=1e-12)
    assert (board["ci_low"] <= board["score"]).all() and (board["score"] <= board["ci_high"]).all()


def test_intervals_are_drawn_over_groups_of_near_copies(tables, fitted):
    counts = fitted.group_counts.query("model == 'blend'")
    groups = tables.folds["group"].nunique()
    assert len(counts) == groups < len(tables.train)
    interval = bootstrap(stage.counts_of(counts), macro_f1_of_counts, resamples=200)
    assert interval.units == groups
    row = fitted.leaderboard.set_index("model").loc["blend"]
    assert (interval.low, interval.high) == pytest.approx((row["ci_low"], row["ci_high"]))


def test_part_2_is_scored_by_itself(fitted):
    scores = stage.score_part2(fitted.part2_predictions, EVALUATION)
    assert scores["score"].is_monotonic_decreasing and (scores["rows"] == 30).all()
    for row in scores.itertuples():
        said = fitted.part2_predictions.query("model == @row.model")
        wanted = f1_score(said["label"], said["predicted"], average="macro")
        assert row.score == pytest.approx(wanted, abs=1e-12)
        assert row.ci_low <= row.score <= row.ci_high
    empty = stage.score_part2(fitted.part2_predictions.iloc[:0], EVALUATION)
    assert empty.empty and list(empty) == list(scores)


def test_the_ablation_follows_its_parameter_and_ends_with_the_submission_s_model(fitted):
    models = {**MODELS, "logistic_text": logistic("text", enabled=False)}
    wanted = {"text": "logistic_text", "both": "logistic_both", "image": "logistic_image"}
    table = stage.compare_modalities(fitted.leaderboard, models, {**EVALUATION, "ablation": wanted})
    assert table["given"].tolist() == ["both", "image", "all models"]
    assert table["model"].tolist() == ["logistic_both", "logistic_image", "blend"]
    board = fitted.leaderboard.set_index("model")["score"]
    assert table["score"].tolist() == board[table["model"]].tolist()


@pytest.mark.parametrize(
    "name", ["majority_class", "blend", "logistic_both", "logistic_both_pseudo_labels"]
)
def test_the_ablation_may_name_every_row_of_the_leaderboard(name):
    wanted = {"given": name}
    assert stage.ablation_steps(MODELS, {"ablation": wanted}) == wanted


def test_a_misspelt_model_of_the_ablation_is_refused():
    parameters = {"ablation": {"image": "logistic_image", "text": "logistic_txt"}}
    with pytest.raises(ParameterError, match="evaluation.ablation: 'logistic_txt' not declared"):
        stage.ablation_steps(MODELS, parameters)


def test_a_number_of_hardest_rows_below_zero_is_refused():
    assert stage.Evaluation.parse({"hardest_rows": 0}).hardest_rows == 0
    with pytest.raises(ParameterError, match="hardest_rows"):
        stage.Evaluation.parse({"hardest_rows": -5})


def test_errors_are_ranked_by_their_loss():
    """Three rows, two repeats, by hand."""
    folds = pd.DataFrame({"id": ["a", "b", "c"], "label": [1, 0, 1], "part": [1, 1, 2]})
    said = pd.DataFrame(
        {
            "model": "m",
            "repeat": [1, 1, 1, 2, 2, 2],
            "id": ["c", "b", "a", "a", "b", "c"],
            "probability": [0.1, 0.2, 0.9, 0.7, 0.4, 0.3],
            "predicted": [0, 0, 1, 0, 0, 0],
        }
    )
    features = pd.DataFrame(
        {"id": ["c", "a", "b", "1"], "split": ["train"] * 3 + ["test"], "cosine": [3.0, 1, 2, 9]}
    )
    board = pd.DataFrame({"model": ["m"]})
    table = stage.rank_errors(said, board, folds, features, {"resamples": 200}).set_index("id")
    assert table.index.tolist() == ["c", "b", "a"]
    assert table["probability"].tolist() == pytest.approx([0.2, 0.3, 0.8])
    assert table["wrong"].tolist() == [1, 0, 0.5]
    assert table["loss"].tolist() == pytest.approx(-np.log([0.2, 0.7, 0.8]))
    assert table["cosine"].tolist() == [3, 2, 1]
    assert "split" not in table


def test_metrics_hold_the_chosen_model_part_2_and_the_shift(fitted):
    part2 = stage.score_part2(fitted.part2_predictions, EVALUATION)
    shift = pd.DataFrame({"comparison": ["train and test"], "auc": [0.51]})
    board = fitted.leaderboard.set_index("model")
    for chosen in ("blend", "logistic_both"):
        parameters = {**EVALUATION, "chosen": ["not there", chosen]}
        metrics = stage.summarise_metrics(fitted.leaderboard, part2, shift, parameters)
        assert metrics["score"] == board.loc[chosen, "score"]
        assert metrics["part2_score"] == part2.set_index("model").loc[chosen, "score"]
        assert metrics["part2.blend.score"] == part2.set_index("model").loc["blend", "score"]
        assert metrics["adversarial_auc.train and test"] == 0.51
    without = stage.summarise_metrics(fitted.leaderboard, part2.iloc[:0], shift, EVALUATION)
    assert "part2_score" not in without


def test_the_confusion_matrix_has_true_classes_as_rows(tables, fitted):
    table = stage.confusion_of(fitted.group_counts, "blend")
    labels = tables.folds.set_index("id")["label"]
    said = fitted.oof_predictions.query("model == 'blend'")
    both = confusion_matrix(labels[said["id"]], said["predicted"]) / 2
    np.testing.assert_allclose(table.to_numpy(), both)
    assert table.to_numpy().sum() == pytest.approx(90)


def test_curves_are_those_of_the_probabilities(fitted):
    errors = fitted.row_errors
    threshold = stage.f1_by_threshold(errors)
    assert threshold.index.is_monotonic_increasing
    for cut in threshold.index[::11]:
        predicted = (errors["probability"] >= cut).astype(int)
        wanted = f1_score(errors["label"], predicted, average="macro", zero_division=0)
        assert threshold[cut] == pytest.approx(wanted)
    recall = stage.precision_by_recall(errors)
    assert recall.index.is_monotonic_increasing and recall.index[-1] == 1
    everything = precision_score(errors["label"], np.ones(len(errors)))
    assert recall.iloc[-1] == pytest.approx(everything)


def test_plots_show_what_the_tables_say(fitted):
    errors, board = fitted.row_errors, fitted.leaderboard
    ablation = stage.compare_modalities(board, MODELS, EVALUATION)
    figures = [
        stage.plot_leaderboard(board),
        stage.plot_ablation(ablation),
        stage.plot_confusion(fitted.group_counts, board, EVALUATION),
        stage.plot_threshold(errors),
        stage.plot_precision_recall(errors),
        stage.plot_calibration(errors),
        stage.plot_map(errors),
    ]
    for figure in figures:
        figure.to_json()
        assert figure.layout.title.text
    assert figures[2].data[0].z.sum() == pytest.approx(90)
    assert "blend" in figures[2].layout.title.text
    drawn = {trace.name: list(trace.text) for trace in figures[6].data}
    assert sum(map(len, drawn.values())) == errors["map_x"].notna().sum() == 30
    kinds = dict(zip(errors["id"], stage.map_kinds(errors), strict=True))
    for name, ids in drawn.items():
        assert {kinds[each] for each in ids} == {name}
    wrong = errors.set_index("id")["wrong"] > 0.5
    assert {row for row, kind in kinds.items() if "wrongly" in kind} == set(wrong.index[wrong])


def test_a_run_without_any_model_can_be_plotted(tables):
    made = run_modeling(tables, compute=USED_UP)
    errors = made.row_errors
    for plot in (stage.plot_threshold, stage.plot_precision_recall, stage.plot_calibration):
        plot(errors).to_json()
        plot(errors.assign(probability=0.4)).to_json()

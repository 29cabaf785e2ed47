"""Nested predictions and their blend, part 2, pseudo-labels, and a time budget that is used up."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from echoes_tables import (
    COMPUTE,
    FOLDS,
    MODELING,
    MODELS,
    USED_UP,
    logistic,
    make_tables,
    run_modeling,
)

from podium.common.parameters import ParameterError
from podium.fusion.cross_fitting import NestedLogits
from podium.fusion.embedding_table import EmbeddingTable
from podium.pipelines.echoes import modeling, models

PSEUDO = {**MODELING, "pseudo_labels": {**MODELING["pseudo_labels"], "models": ["logistic_both"]}}


@pytest.fixture(scope="module")
def tables():
    return make_tables(part1=60, part2=30)


@pytest.fixture(scope="module")
def fitted(tables):
    return run_modeling(tables)


def flipped(tables, rows):
    """The same rows with the labels of some turned around."""
    labels = tables.train.labels.copy()
    labels[rows] = 1 - labels[rows]
    train = EmbeddingTable(tables.train.rows.assign(label=labels), tables.train.pairs)
    return replace(tables, train=train, folds=tables.folds.assign(label=labels))


def test_every_model_says_something_of_every_row_in_every_repeat(tables, fitted):
    said = fitted.oof_predictions
    assert list(said["model"].unique()) == ["majority_class", *MODELS, "blend"]
    assert (said.groupby(["model", "repeat"])["id"].nunique() == 90).all()
    assert len(said) == 5 * 2 * 90
    assert said["probability"].between(0, 1).all() and set(said["predicted"]) == {0, 1}
    merged = said.merge(tables.folds, on="id")
    first = merged[merged["repeat"] == 1]
    assert (first["fold"] == first["repeat_1"]).all()


def test_what_is_said_of_a_row_does_not_depend_on_its_label(tables, fitted):
    """Nor on those of its whole fold: models, calibration, weights, threshold are all nested."""
    one_repeat = replace(tables, folds=tables.folds.drop(columns="repeat_2"))
    fold = one_repeat.folds["repeat_1"].to_numpy()
    before = run_modeling(one_repeat).oof_predictions
    after = run_modeling(flipped(one_repeat, np.flatnonzero(fold == 1)[:9])).oof_predictions
    held = (before["fold"] == 1).to_numpy()
    pd.testing.assert_frame_equal(before[held], after[held], check_exact=True)
    assert not before[~held].equals(after[~held])


def test_the_blend_has_weights_and_costs(fitted):
    weights = fitted.blend_weights
    assert weights["model"].tolist() == list(MODELS) and weights["in_blend"].all()
    assert weights["share"].sum() == pytest.approx(1)
    assert (weights["share_low"] <= weights["share"]).all()
    assert (weights["share"] <= weights["share_high"]).all()
    log = fitted.model_log.set_index("model")
    assert log.loc["blend", "note"] == "of 3 members"
    own = log.loc[list(MODELS)]
    assert log.loc["blend", "fit_seconds"] == pytest.approx(own["fit_seconds"].sum())
    assert log.loc["blend", "peak_memory_mb"] == own["peak_memory_mb"].max()
    assert log["kind"].to_dict() == {
        **{name: model["kind"] for name, model in MODELS.items()},
        "majority_class": "baseline",
        "blend": "blend",
    }


def test_a_model_may_stand_outside_the_blend_or_be_switched_off(tables):
    models = {
        **MODELS,
        "logistic_image": logistic("image", member=False),
        "logistic_text": logistic("text", enabled=False),
    }
    made = run_modeling(tables, models)
    weights = made.blend_weights.set_index("model")
    assert weights["in_blend"].to_dict() == {
        "logistic_image": False,
        "logistic_both": True,
        "logistic_interactions": True,
    }
    assert weights.loc["logistic_image", "share"] == 0
    assert "logistic_text" not in set(made.model_log["model"])


def test_a_blend_of_one_is_that_one(tables):
    """What the submission is made by is never chosen by the scores that are reported."""
    outside = {"logistic_image": logistic("image", member=False)}
    made = run_modeling(tables, {"logistic_both": MODELS["logistic_both"], **outside})
    said = made.oof_predictions.set_index("model").drop(columns="repeat")
    pd.testing.assert_frame_equal(
        said.loc["blend"].reset_index(drop=True), said.loc["logistic_both"].reset_index(drop=True)
    )
    log = made.model_log.set_index("model")
    assert log.loc["blend", "note"] == "of logistic_both alone"


def test_a_wrong_argument_shows_before_the_first_fit(tables):
    """And names the class."""
    wrong = {**MODELS, "last": {**logistic("both"), "arguments": {"penalty": 1}}}
    with pytest.raises(ParameterError, match="LogisticRegressionClassifier"):
        modeling.cross_fit_models(
            tables.train, tables.test, tables.folds, wrong, FOLDS, MODELING, COMPUTE
        )
    with pytest.raises(ParameterError, match="kind"):
        models.build_models(
            {"odd": logistic("both", "ranker")},
            models.PseudoLabelParameters.parse(MODELING["pseudo_labels"]),
            tables.test,
            modeling.Compute.parse(COMPUTE),
        )


def test_a_misspelt_model_of_the_pseudo_labels_shows_before_the_first_fit(tables):
    """One that is switched off does not: presets switch models off."""
    settings = modeling.Compute.parse(COMPUTE)
    tried = {**MODELING["pseudo_labels"], "models": ["logistic_both", "off"]}
    declared = {**MODELS, "off": logistic("text", enabled=False)}
    wanted = models.PseudoLabelParameters.parse(tried)
    makes = models.build_models(declared, wanted, tables.test, settings)
    assert list(makes) == [*MODELS, "logistic_both_pseudo_labels"]
    with pytest.raises(
        ParameterError, match="modeling.pseudo_labels.models: 'off' not declared under models"
    ):
        modeling.cross_fit_models(
            tables.train, tables.test, tables.folds, MODELS, FOLDS,
            {**MODELING, "pseudo_labels": tried}, COMPUTE,
        )  # fmt: skip


def test_without_a_part_2_there_is_nothing_to_fit():
    tables = make_tables(part1=60)
    made = run_modeling(tables)
    assert not made.models.classifiers and not made.models.rules
    assert made.part2_predictions.empty
    assert "probability" in made.part2_predictions


def test_part_2_is_predicted_by_models_that_never_saw_it(tables, fitted):
    """Turning every label of part 2 changes no byte of what is said of it."""
    second = np.flatnonzero(tables.train.rows["part"] == 2)
    turned = flipped(tables, second)
    ensemble, said = modeling.fit_models(
        turned.train, turned.folds, fitted.blend_weights, turned.test,
        MODELS, FOLDS, MODELING, COMPUTE,
    )  # fmt: skip
    before = fitted.part2_predictions
    assert before["id"].tolist() == [f"row{at:03}" for at in range(60, 90)] * 4
    assert list(before["model"].unique()) == [*MODELS, "blend"]
    assert (said["label"] == 1 - before["label"]).all()
    pd.testing.assert_frame_equal(
        said.drop(columns="label"), before.drop(columns="label"), check_exact=True
    )
    asked = tables.test.pairs
    for name, answer in ensemble.predict(asked).items():
        np.testing.assert_array_equal(
            answer.probability, fitted.models.predict(asked)[name].probability
        )


def test_part_2_is_predicted_by_models_of_part_1(tables, fitted):
    first = np.flatnonzero(tables.train.rows["part"] == 1)[:20]
    turned = flipped(tables, first)
    _, said = modeling.fit_models(
        turned.train, turned.folds, fitted.blend_weights, turned.test,
        MODELS, FOLDS, MODELING, COMPUTE,
    )  # fmt: skip
    assert not np.allclose(said["probability"], fitted.part2_predictions["probability"], atol=0.01)


def test_a_used_up_time_budget_leaves_every_model_out_and_the_majority_stays(tables):
    made = run_modeling(tables, compute=USED_UP)
    assert made.nested_logits == {} and made.blend_weights.empty
    notes = made.fit_log.set_index("model")["note"]
    assert notes.index.tolist() == list(MODELS)
    assert notes.str.startswith("left out: the time budget is used up").all()
    assert made.leaderboard["model"].tolist() == ["majority_class"]
    assert made.part2_predictions.empty


def test_pseudo_labels_are_tried_beside_the_model_and_only_one_of_both_is_in_the_blend(tables):
    made = run_modeling(tables, parameters=PSEUDO)
    weights = made.blend_weights.set_index("model")
    tried = weights.loc["logistic_both_pseudo_labels"]
    kept = tried["note"].startswith("kept: gain ")
    assert kept or tried["note"].startswith("not kept: gain ")
    assert tried["in_blend"] == kept and weights.loc["logistic_both", "in_blend"] != kept
    assert (weights.drop("logistic_both_pseudo_labels")["note"] == "").all()
    assert "logistic_both_pseudo_labels" in set(made.leaderboard["model"])
    assert "logistic_both_pseudo_labels" in set(made.part2_predictions["model"])


def logits_of(predicted, folds, count):
    """Sure logits, the same in every fold that may look at them."""
    outer = 4.0 * (2 * np.asarray(predicted, float) - 1)[None]
    inner = np.repeat(outer[:, None], count, axis=1)
    for fold in range(count):
        inner[0, fold, folds == fold] = np.nan
    return NestedLogits(folds[None], outer, inner, 1.0, 1.0, 1.0)


def chosen(base, other, labels, groups):
    folds = np.arange(len(labels)) // 2 % 3
    logits = {
        "logistic_image": logits_of(labels, folds, 3),
        "logistic_both": logits_of(base, folds, 3),
        "logistic_both_pseudo_labels": logits_of(other, folds, 3),
    }
    wanted = models.ModelingParameters.parse(PSEUDO)
    settings = models.Compute.parse(COMPUTE)
    return logits, models.choose_members(MODELS, logits, labels, groups, wanted, settings)


@pytest.mark.parametrize("rises", [True, False])
def test_pseudo_labels_are_kept_where_the_score_rises_for_sure(rises):
    labels = np.arange(60) % 2
    poor = np.where(np.arange(60) % 3 == 0, 1 - labels, labels)
    logits, members = chosen(*((poor, labels) if rises else (labels, poor)), labels, np.arange(60))
    name = "logistic_both_pseudo_labels" if rises else "logistic_both"
    assert members.names == ["logistic_image", name]
    np.testing.assert_array_equal(members.nested[1].outer, logits[name].outer)
    np.testing.assert_array_equal(members.nested[1].inner, logits[name].inner)
    sign = "kept: gain +" if rises else "not kept: gain -"
    assert members.notes["logistic_both_pseudo_labels"].startswith(sign)


def test_copies_of_one_lucky_row_are_no_proof_that_pseudo_labels_help():
    """Eighteen copies of a row, better by pseudo-labels: one find, not eighteen."""
    labels = np.arange(60) % 2
    base = labels.copy()
    base[:18] = 1 - base[:18]
    copies = np.concatenate([np.zeros(18, int), np.arange(1, 43)])
    for groups, kept in ((np.arange(60), True), (copies, False)):
        _, members = chosen(base, labels, labels, groups)
        assert members.notes["logistic_both_pseudo_labels"].startswith("kept") == kept


def test_the_choice_for_a_fold_does_not_look_at_it():
    """Pseudo-labels that help in fold 0 alone are kept for the others' blend, not for fold 0."""
    labels = np.arange(90) % 2
    folds = np.arange(90) // 2 % 3
    base = np.where((folds == 0) & (np.arange(90) % 4 < 3), 1 - labels, labels)
    logits, members = chosen(base, labels, labels, np.arange(90))
    assert members.names[1] == "logistic_both_pseudo_labels"
    outer = members.nested[1].outer[0]
    first = folds == 0
    np.testing.assert_array_equal(outer[first], logits["logistic_both"].outer[0, first])


def test_a_part_1_of_one_class_is_said_and_part_2_is_not_scored(tables, caplog):
    train = tables.train.rows.assign(
        label=np.where(tables.train.rows["part"] == 1, 1, tables.train.rows["label"])
    ).astype({"label": "int8"})
    table = EmbeddingTable(train, tables.train.pairs)
    weights = pd.DataFrame({"model": ["logistic_both"], "in_blend": [True]})
    ensemble, said = modeling.fit_models(
        table, tables.folds, weights, tables.test, MODELS, FOLDS, MODELING, COMPUTE
    )
    assert not ensemble.rules and said.empty
    assert "part 2 is not scored" in caplog.text

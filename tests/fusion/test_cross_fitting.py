"""Nesting: no row has a say in what is said of it."""

from functools import partial

import numpy as np
import pytest
from planted_pairs import planted_pairs

from podium.common.folds import repeated_group_folds
from podium.common.time_budget import OutOfTimeError
from podium.fusion.blending import Blend
from podium.fusion.classifiers import PairClassifier
from podium.fusion.cross_fitting import fit_all, nested_predictions
from podium.fusion.decisions import final_rule, fit_rule, nested_decisions
from podium.fusion.kernel_machines import SupportVectorClassifier
from podium.fusion.logistic import LogisticRegressionClassifier
from podium.fusion.metrics import macro_f1
from podium.fusion.networks import EarlyFusionMLP

QUICK = partial(LogisticRegressionClassifier, inverse_penalty=1.0)
MODELS = {
    "image": partial(LogisticRegressionClassifier, inverse_penalty=1.0, view="image"),
    "both": QUICK,
    "interactions": partial(LogisticRegressionClassifier, 1.0, view="interactions"),
    "svm": partial(SupportVectorClassifier, "rbf"),
    "cross": partial(SupportVectorClassifier, "cross"),
    "white": partial(LogisticRegressionClassifier, inverse_penalty=10.0, whiten=True),
}


class Memory(PairClassifier):
    """Knows the rows it was fitted on: answers 1 for them, 0 for others."""

    def _fit(self, pairs, labels, groups, weights):
        self.known = {row.tobytes() for row in pairs.image}
        self.groups = groups

    def _logit(self, pairs):
        return np.array([float(row.tobytes() in self.known) for row in pairs.image])


@pytest.fixture(scope="module")
def data():
    pairs, labels = planted_pairs(90, "image")
    return pairs, labels, repeated_group_folds(labels, np.arange(90) // 2, 3, 2, 0)


def test_no_logit_is_by_a_model_that_saw_the_row(data):
    nested = nested_predictions(Memory, *data)
    assert (nested.outer == 0).all()
    assert (nested.inner[~np.isnan(nested.inner)] == 0).all()


def test_each_fit_has_all_the_rows_it_may_have(data):
    """By hand: which rows the model behind every logit knew."""
    pairs, labels, folds = data
    seen = []

    class Spy(Memory):
        def _fit(self, pairs, labels, groups, weights):
            super()._fit(pairs, labels, groups, weights)
            seen.append(self.known)

    nested_predictions(Spy, pairs, labels, folds[:1])
    every = [row.tobytes() for row in pairs.image]
    without = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]
    for known, left_out in zip(seen, without, strict=True):
        kept = ~np.isin(folds[0], left_out)
        assert known == {row for row, keep in zip(every, kept, strict=True) if keep}


def test_inner_is_missing_on_the_outer_fold_only(data):
    nested = nested_predictions(QUICK, *data)
    for repeat, fold in np.ndindex(2, 3):
        held = data[2][repeat] == fold
        assert np.array_equal(np.isnan(nested.inner[repeat, fold]), held)
    pairs, labels, folds = data
    keep = folds[1] == 2
    model = QUICK().fit(pairs.take(keep), labels[keep])
    wanted = model.predict_logit(pairs.take(folds[1] == 0))
    np.testing.assert_allclose(nested.inner[1, 1, folds[1] == 0], wanted)


def test_groups_reach_the_model(data):
    pairs, labels, folds = data
    groups = np.arange(90) // 2
    seen = []

    class Spy(Memory):
        def _fit(self, pairs, labels, groups, weights):
            super()._fit(pairs, labels, groups, weights)
            seen.append(groups)

    nested_predictions(Spy, pairs, labels, folds[:1], groups=groups)
    np.testing.assert_array_equal(seen[1], groups[folds[0] != 1])


def test_the_label_of_a_scored_row_changes_neither_its_probability_nor_its_threshold(data):
    pairs, labels, folds = data
    changed = labels.copy()
    row = 17
    changed[row] = 1 - changed[row]
    results = []
    for truth in (labels, changed):
        members = [nested_predictions(make, pairs, truth, folds) for make in MODELS.values()]
        results.append(nested_decisions(members, truth, Blend()))
    before, after = results
    for repeat in range(2):
        fold = folds[repeat, row]
        same = folds[repeat] == fold
        np.testing.assert_array_equal(
            before.probability[repeat, same], after.probability[repeat, same]
        )
        assert before.thresholds[repeat, fold] == after.thresholds[repeat, fold]
        assert not np.array_equal(
            before.probability[repeat, ~same], after.probability[repeat, ~same]
        )


@pytest.fixture(scope="module")
def permuted():
    """Labels in random order, and what every model makes of them, four times."""
    pairs, labels = planted_pairs(120, "image")
    draws = []
    for seed in range(4):
        shuffled = np.random.default_rng(seed).permutation(labels)
        folds = repeated_group_folds(shuffled, None, 3, 1, seed)
        members = [nested_predictions(make, pairs, shuffled, folds) for make in MODELS.values()]
        draws.append((shuffled, members))
    return draws


@pytest.mark.parametrize("weighting", ["stacking", "best", "greedy"])
def test_permuted_labels_score_near_chance_however_much_is_chosen(weighting, permuted):
    scores = [
        macro_f1(labels, nested_decisions(members, labels, Blend(weighting)).predicted[0])
        for labels, members in permuted
    ]
    assert np.mean(scores) < 0.56


def test_true_labels_score_well_and_the_final_rule_keeps_the_score(data):
    pairs, labels, folds = data
    members = {
        name: nested_predictions(make, pairs, labels, folds) for name, make in MODELS.items()
    }
    said = nested_decisions(list(members.values()), labels, Blend())
    nested = np.mean([macro_f1(labels, predicted) for predicted in said.predicted])
    assert said.shares.shape == (2, 3, len(MODELS))
    rule = final_rule(list(members.values()), labels, Blend())
    fitted = fit_all(MODELS, pairs, labels)
    unseen, truth = planted_pairs(500, "image", seed=3)
    logits = np.column_stack([model.predict_logit(unseen) for model in fitted.values()])
    score = macro_f1(truth, rule.predict(logits))
    assert rule.shares.sum() == pytest.approx(1)
    assert min(score, nested) > 0.75
    assert score == pytest.approx(nested, abs=0.12)


class Crammer(Blend):
    """Says .8 and .9 of rows it was fitted on, .1 and .2 of others, in the order of the labels."""

    def fresh(self):
        return Crammer()

    def fit(self, logits, labels):
        self.seen = set(logits[:, 0])
        return self

    def predict_probability(self, logits):
        known = np.array([value in self.seen for value in logits[:, 0]])
        return np.where(known, 0.8, 0.1) + np.where(logits[:, 0] > 0, 0.1, 0)


def test_threshold_of_a_rule_is_found_on_folds_its_blend_did_not_see():
    logits = np.random.default_rng(0).normal(size=(60, 1))
    labels = (logits[:, 0] > 0).astype(int)
    rule = fit_rule(logits, labels, np.arange(60) % 3, Crammer(), smoothing=0)
    assert rule.threshold == pytest.approx(0.15)


def test_any_number_of_workers_gives_the_same_bytes(data):
    pairs, labels, folds = data
    make = partial(EarlyFusionMLP, seeds=2, epochs=2, components=8)
    one, two = (
        nested_predictions(make, pairs, labels, folds[:1], workers=workers) for workers in (1, 2)
    )
    assert one.outer.tobytes() == two.outer.tobytes()
    assert one.inner.tobytes() == two.inner.tobytes()


def test_out_of_time_is_seen_early(data):
    with pytest.raises(OutOfTimeError, match="stopped at fit 1 of 12"):
        nested_predictions(QUICK, *data, seconds=1e-6)


def test_refused(data):
    pairs, labels, folds = data
    with pytest.raises(ValueError, match="at least 3 folds"):
        nested_predictions(Memory, pairs, labels, np.arange(90)[None] % 2)
    with pytest.raises(ValueError, match="no model"):
        nested_decisions([], labels, Blend())
    members = [nested_predictions(Memory, pairs, labels, folds[[r]]) for r in (0, 1)]
    with pytest.raises(ValueError, match="different folds"):
        final_rule(members, labels, Blend())

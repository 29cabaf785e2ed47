"""Fitted classifiers with their rules: the rule's arithmetic on the members' own logits."""

import numpy as np

from podium.fusion.blending import Blend
from podium.fusion.decisions import AveragedRule, DecisionRule
from podium.fusion.ensemble import FittedEnsemble
from podium.fusion.logistic import LogisticRegressionClassifier
from podium.fusion.synthetic import SyntheticTask, generate_pairs

MADE = generate_pairs(SyntheticTask(rows=90, length=16, factors=8, near_copies=0), 2)
TRAIN, ASKED = MADE.pairs.take(np.arange(60)), MADE.pairs.take(np.arange(60, 90))
LABELS = MADE.labels[:60]


def classifier(view):
    return LogisticRegressionClassifier(1.0, view=view).fit(TRAIN, LABELS)


def rule(members, *thresholds):
    """The average of the members' calibrated log-odds; a rule per threshold."""
    logits = np.column_stack([MODELS[name].predict_logit(TRAIN) for name in members])
    blend = Blend("average").fit(logits, LABELS)
    return AveragedRule(tuple(DecisionRule(blend, threshold) for threshold in thresholds))


MODELS = {"image": classifier("image"), "both": classifier("both")}
ENSEMBLE = FittedEnsemble(
    MODELS,
    {
        "both": (("both",), rule(["both"], 0.5)),
        "blend": (("both", "image"), rule(["both", "image"], 0.1, 0.4)),
    },
)


def test_a_rule_gets_the_logits_of_its_members_in_its_order():
    said = ENSEMBLE.predict(ASKED)
    assert list(said) == ["both", "blend"]
    for name, members in (("both", ["both"]), ("blend", ["both", "image"])):
        logits = np.column_stack([MODELS[member].predict_logit(ASKED) for member in members])
        wanted = ENSEMBLE.rules[name][1].probability(logits)
        np.testing.assert_array_equal(said[name].probability, wanted)
    # The other way round the members would be calibrated by each other's maps.
    _, rules = ENSEMBLE.rules["blend"]
    assert not np.allclose(rules.probability(logits[:, ::-1]), wanted)


def test_a_label_is_one_at_the_mean_threshold_and_above():
    said = ENSEMBLE.predict(ASKED)
    for name, threshold in (("both", 0.5), ("blend", 0.25)):
        probability = said[name].probability
        np.testing.assert_array_equal(said[name].predicted, (probability >= threshold).astype(int))
        assert 0 < said[name].predicted.mean() < 1


def test_without_a_rule_nothing_is_said():
    assert FittedEnsemble({}, {}).predict(ASKED) == {}
    assert FittedEnsemble(MODELS, {}).predict(ASKED) == {}


def test_the_logits_are_those_of_every_classifier():
    said = ENSEMBLE.logits(ASKED)
    assert list(said) == list(MODELS)
    for name, model in MODELS.items():
        np.testing.assert_array_equal(said[name], model.predict_logit(ASKED))

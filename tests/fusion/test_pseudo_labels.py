"""Pseudo-labels: which rows, at what weight, and when they are kept."""

import numpy as np
import pytest
from planted_pairs import planted_pairs
from sklearn.metrics import roc_auc_score

from podium.common.parameters import ParameterError
from podium.fusion.pairs import EmbeddingPairs
from podium.fusion.pseudo_labels import PseudoLabelled, confident_rows, macro_f1_gain

LINEAR = {
    "type": "podium.fusion.logistic.LogisticRegressionClassifier",
    "arguments": {"inverse_penalty": 3.0},
}


def test_confident_rows_by_hand():
    logits = np.array([0.1, -3.0, 2.0, -0.2, 4.0, -1.0, 0.3, 1.0])
    rows, labels = confident_rows(logits, share_of_ones=0.25, share=0.5)
    assert (rows.tolist(), labels.tolist()) == ([1, 3, 4, 5], [0, 0, 1, 0])
    assert len(confident_rows(logits, 0.5, 0.1)[0]) == 0


def test_rows_of_two_far_clouds_help_where_labels_are_few():
    """Twelve labelled rows do not know the long axis of the clouds; the others show it."""
    gains = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        labels = np.tile([0, 1], 150)
        image = rng.normal(size=(300, 24)).astype(np.float32)
        image[:, :8] += np.float32(0.5) * (2 * labels - 1)[:, None]
        pairs = EmbeddingPairs(image, rng.normal(size=(300, 24)).astype(np.float32))
        known, rest = np.arange(12), np.arange(12, 300)
        model = PseudoLabelled(LINEAR, share=0.8, weight=1.0, unlabelled=pairs.take(rest))
        model.fit(pairs.take(known), labels[known])
        plain = model._make().fit(pairs.take(known), labels[known])
        after, before = (
            roc_auc_score(labels[rest], fitted.predict_logit(pairs.take(rest)))
            for fitted in (model, plain)
        )
        gains.append(after - before)
    assert np.mean(gains) > 0.01


def test_the_smaller_the_weight_the_closer_to_the_plain_model():
    pairs, labels = planted_pairs(60, "image")
    unlabelled, _ = planted_pairs(60, "image", seed=2)
    far, near = (
        PseudoLabelled(LINEAR, weight=weight, unlabelled=unlabelled).fit(pairs, labels)
        for weight in (1.0, 0.01)
    )
    plain = far._make().fit(pairs, labels).predict_logit(unlabelled)
    away = [np.abs(model.predict_logit(unlabelled) - plain).mean() for model in (far, near)]
    assert away[1] < away[0] / 3


def test_unlabelled_rows_are_needed_and_a_wrong_declaration_shows_at_once():
    pairs, labels = planted_pairs(40, "image")
    with pytest.raises(ValueError, match="no unlabelled rows"):
        PseudoLabelled(LINEAR).fit(pairs, labels)
    with pytest.raises(ParameterError):
        PseudoLabelled({"type": "podium.fusion.logistic.Nothing"})


def test_gain_and_its_interval():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 400)
    worse = np.where(rng.random((2, 400)) < 0.3, 1 - labels, labels)
    better = np.where(rng.random((2, 400)) < 0.1, 1 - labels, labels)
    assert macro_f1_gain(labels, worse, better).low > 0.1
    assert macro_f1_gain(labels, better, worse).high < -0.1
    same = macro_f1_gain(labels, better, better, groups=np.arange(400) // 4)
    assert (same.value, same.low, same.high, same.units) == (0, 0, 0, 100)

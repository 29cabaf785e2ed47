"""Telling two sets apart: one half for the same source, near 1 for different ones."""

import numpy as np
import pytest
from planted_pairs import planted_pairs
from sklearn.metrics import roc_auc_score

from podium.fusion.adversarial import adversarial_auc, weighted_auc
from podium.fusion.pairs import EmbeddingPairs


def test_weighted_auc_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    scores, labels = rng.integers(0, 9, 200), rng.integers(0, 2, 200)
    weights = rng.integers(0, 4, 200).astype(float)
    wanted = roc_auc_score(labels, scores, sample_weight=weights)
    assert weighted_auc(scores, labels, weights) == pytest.approx(wanted)


def test_one_source_is_one_half_and_another_is_not():
    first, _ = planted_pairs(200, "image", seed=1)
    same, _ = planted_pairs(150, "image", seed=2)
    alike = adversarial_auc(first, same)
    assert alike.low < 0.5 < alike.high
    shifted = EmbeddingPairs(same.image + np.float32(2.0) * (np.arange(32) % 2), same.text)
    apart = adversarial_auc(first, shifted.take(np.arange(150)))
    assert apart.low > 0.9
    assert apart.low <= apart.value <= apart.high


def test_copies_in_both_sets_share_a_group_and_tell_nothing():
    first, _ = planted_pairs(60, "image", seed=1)
    groups = np.tile(np.arange(60), 2)
    found = adversarial_auc(first, first, groups=groups)
    assert found.units == 60
    assert found.value == pytest.approx(0.5, abs=0.02)


def test_same_seed_same_interval():
    first, second = (planted_pairs(60, "image", seed=seed)[0] for seed in (1, 2))
    assert adversarial_auc(first, second, seed=3) == adversarial_auc(first, second, seed=3)
    assert adversarial_auc(first, second, seed=3) != adversarial_auc(first, second, seed=4)


def test_a_set_of_one_row_is_refused():
    first, _ = planted_pairs(20, "image")
    with pytest.raises(ValueError, match="at least 2 folds"):
        adversarial_auc(first, first.take(np.arange(1)))

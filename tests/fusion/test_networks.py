"""Training of networks: early stopping, folds of their own, seeds, the bilinear start."""

import numpy as np
import pytest
import torch
from planted_pairs import planted_pairs
from sklearn.metrics import log_loss, roc_auc_score

from podium.fusion.calibration import probability
from podium.fusion.contrastive import ContrastiveNeighbours
from podium.fusion.network_layers import EarlyFusion, StackedLinear
from podium.fusion.networks import EarlyFusionMLP, LowRankBilinearNetwork

SMALL = {"seeds": 2, "components": 12}


def test_early_stopping_does_not_learn_noise_by_heart(monkeypatch):
    pairs, labels = planted_pairs(150, "image")
    noise = np.random.default_rng(0).permutation(labels)
    unseen, truth = planted_pairs(400, "image", seed=1)
    long = {**SMALL, "epochs": 60, "dropout": 0.0, "weight_decay": 0.0}

    def loss():
        logits = EarlyFusionMLP(**long).fit(pairs, noise).predict_logit(unseen)
        return log_loss(np.random.default_rng(1).permutation(truth), probability(logits))

    stopped = loss()
    monkeypatch.setattr(
        EarlyFusionMLP, "_validation", lambda self, labels, groups: np.zeros((2, len(labels)), bool)
    )
    # Chance is 0.69; by heart, it is three times as much and more.
    assert stopped < 0.85
    assert loss() > 2


def test_each_seed_is_judged_on_a_fold_of_its_own_and_groups_stay_whole():
    labels, groups = np.tile([0, 0, 1, 1], 25), np.arange(100) // 2
    held = EarlyFusionMLP(seeds=5)._validation(labels, groups)
    assert (held.sum(axis=0) == 1).all()
    assert (held[:, ::2] == held[:, 1::2]).all()
    lonely = EarlyFusionMLP(seeds=3)._validation(np.array([0, 0, 0, 1]), None)
    assert (lonely.shape, lonely.any()) == ((3, 4), False)


@pytest.mark.parametrize("kind", [EarlyFusionMLP, LowRankBilinearNetwork, ContrastiveNeighbours])
def test_seed_decides_and_torch_s_own_state_does_not(kind):
    pairs, labels = planted_pairs(60, "image")
    answers = {}
    for state, seed in ((1, 0), (2, 0), (1, 3)):
        torch.manual_seed(state)
        before = torch.get_rng_state()
        model = kind(**SMALL, epochs=3, seed=seed).fit(pairs, labels)
        answers[state, seed] = model.predict_logit(pairs).tobytes()
        assert torch.equal(torch.get_rng_state(), before)
    assert not torch.are_deterministic_algorithms_enabled()
    assert answers[1, 0] == answers[2, 0] != answers[1, 3]


def test_the_bilinear_start_knows_the_form_before_any_step():
    model = LowRankBilinearNetwork(**SMALL, epochs=0).fit(*planted_pairs(400, "cross"))
    pairs, labels = planted_pairs(400, "cross", seed=1)
    assert roc_auc_score(labels, model.predict_logit(pairs)) > 0.72


def test_a_layer_of_two_seeds_is_two_layers():
    torch.manual_seed(0)
    both = StackedLinear(2, 3, 4)
    rows = torch.randn(2, 5, 3)
    for seed in range(2):
        wanted = rows[seed] @ both.weight[seed] + both.bias[seed]
        torch.testing.assert_close(both(rows)[seed], wanted)
    assert not torch.equal(both.weight[0], both.weight[1])


def test_seeds_do_not_learn_from_each_other():
    torch.manual_seed(0)
    model = EarlyFusion(2, 3, 3, 8, 0.0)
    model(torch.randn(2, 5, 3), torch.randn(2, 5, 3))[0].sum().backward()
    for parameter in model.parameters():
        assert parameter.grad[0].any()
        assert not parameter.grad[1].any()


def test_votes_by_hand():
    """Two neighbours of class 1 and one of class 0, all as close: log of 2 2/3 over 1 1/3."""
    model = ContrastiveNeighbours(neighbours=3)
    model._mass = np.array([[1, 0], [0, 1], [0, 1], [1, 0]], float)
    model._prior = np.array([1 / 3, 2 / 3])
    points = np.array([[1, 0], [1, 0], [1, 0], [-1, 0]], np.float32)
    logit = model._vote(np.array([[1, 0]], np.float32), points)
    np.testing.assert_allclose(logit, np.log((2 + 2 / 3) / (1 + 1 / 3)), rtol=1e-6)


def test_contrastive_loss_by_hand():
    """Anchors at right angles to the other class: -log of e^(1/t) over e^(1/t) + 2."""
    from podium.fusion.contrastive import _ContrastiveLoss

    points = torch.tensor([[[1.0, 0], [1, 0], [0, 1], [0, 1], [1, 0]]])
    labels = torch.tensor([[0.0, 0, 1, 1, 1]])
    weights = torch.tensor([[1.0, 1, 1, 1, 0]])  # the last row is padding
    wanted = -np.log(np.exp(2) / (np.exp(2) + 2))
    found = _ContrastiveLoss(0.5)(points, labels, weights)
    np.testing.assert_allclose(found.numpy(), [wanted], rtol=1e-5)

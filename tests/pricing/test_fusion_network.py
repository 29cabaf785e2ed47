"""The fusion network on generated products: modalities, loss, threads."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from generated_features import divided, priced_rows
from price_model_checks import (
    keeps_the_contract,
    leans_with_the_exponent,
    refuses,
    same_bytes_on_threads,
    score_beside_constant,
    seed_alone_matters,
)

from podium.pricing.fusion_network import FusionNetworkPrice
from podium.pricing.metrics import smape
from podium.pricing.price_network import Noise, Plan, smape_loss
from podium.pricing.smape_objective import SmoothSmape

QUICK = partial(FusionNetworkPrice, seeds=2, hidden=48, epochs=12, batch_size=128, device="cpu")
BRIEF = partial(QUICK, epochs=2)


def test_beats_the_constant():
    score, constant = score_beside_constant(QUICK())
    assert score < constant - 18


def test_contract():
    keeps_the_contract(BRIEF)


def test_threads_do_not_matter():
    before = torch.random.get_rng_state()
    same_bytes_on_threads(partial(BRIEF, seeds=3))
    # Nor does a fit change the numbers that others draw.
    assert torch.equal(torch.random.get_rng_state(), before)


def test_seed_alone_matters():
    seed_alone_matters(BRIEF)


def test_images_are_learned_from_where_there_are_some():
    """The generated image tells the price; rows without one get the rest of the answer."""
    priced = priced_rows()
    given = priced.features
    none = replace(
        given, text=given.text * 0, table=given.table[[]], categories=given.categories[[]]
    )
    train, test = divided(priced._replace(features=none))
    answers = QUICK(image_dropout=0.1).fit(*train).predict(test.features)
    pictured = np.isfinite(test.features.image).all(axis=1)
    with_image, without = (smape(test.prices[m], answers[m]) for m in (pictured, ~pictured))
    assert with_image < without - 15
    assert np.ptp(answers[~pictured]) < 1e-6 < np.ptp(answers[pictured])


def test_no_image_at_all():
    train, test = divided(priced_rows())
    for image in (train.features.image * np.nan, train.features.image[:, :0]):
        features = replace(train.features, image=image)
        asked = replace(test.features, image=np.resize(image, (len(test.prices), image.shape[1])))
        assert np.isfinite(BRIEF().fit(features, *train[1:]).predict(asked)).all()


def test_rows_may_be_weighed_by_their_price():
    leans_with_the_exponent(QUICK)


def test_single_group_and_few_rows():
    few = priced_rows().take(np.arange(5))
    assert BRIEF().fit(few.features, few.prices, np.zeros(5)).epochs_ == [2, 2]
    same = BRIEF().fit(few.features, np.full(5, 9.0), few.groups).predict(few.features)
    np.testing.assert_allclose(same, 9.0, rtol=1e-5)


def test_stops_early_where_there_is_nothing_to_learn():
    train, _ = divided(priced_rows())
    chance = np.random.default_rng(0).permutation(train.prices)
    model = QUICK(epochs=60, patience=3).fit(train.features, chance, train.groups)
    assert max(model.epochs_) < 30


def test_loss_is_that_of_the_trees():
    target, score = np.log1p([0.13, 3.0, 14.0, 2796.0] * 5), np.linspace(0.1, 9, 20)
    ours = smape_loss(torch.from_numpy(score), torch.from_numpy(target), 0.1)
    assert float(ours) == pytest.approx(SmoothSmape(0.1).loss(target, score).mean())


def test_scores_that_are_no_price_come_back():
    score = torch.tensor([-3.0, 60.0], requires_grad=True)
    smape_loss(score, torch.log1p(torch.tensor([14.0, 14.0])), 0.1).backward()
    assert score.grad[0] < 0 < score.grad[1] and torch.isfinite(score.grad).all()


def test_noise_mixes_pairs_and_keeps_the_mean():
    plan = Plan(1, 1, 1, 1.0, 0.0, 0.3, 0.0, 0.0, 0.5, 0.1)
    noise = Noise(plan, 6, 0.75, torch.Generator().manual_seed(0))
    numbers = torch.arange(6.0)
    torch.testing.assert_close(noise.mix(numbers), 0.75 * numbers + 0.25 * numbers[noise.partner])
    dropped = noise.drop(torch.ones(200, 200), 0.3)
    assert dropped.mean() == pytest.approx(1, abs=0.02)
    assert (dropped == 0).float().mean() == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize(
    "arguments",
    [{"seeds": 0}, {"learning_rate": 0.0}, {"dropout": 1.0}, {"mixup": -1.0}, {"smoothing": 0.0}],
)
def test_wrong_arguments(arguments):
    refuses(FusionNetworkPrice, "must|too small", **arguments)

"""Blends: on few rows averaging beats choosing; where one member knows all, it is found."""

import numpy as np
import pytest

from podium.fusion.blending import Blend, greedy_weights, prior_weights, stacked_weights
from podium.fusion.calibration import probability

WEIGHTINGS = ("average", "stacking", "greedy", "best")


def members(rows, noise, seed):
    """Each member sees the true log-odds through noise of its own."""
    rng = np.random.default_rng(seed)
    true = 1.5 * rng.normal(size=rows)
    labels = (rng.random(rows) < probability(true)).astype(int)
    scale = np.linspace(1, 5, len(noise))
    return (true[:, None] + rng.normal(size=(rows, len(noise))) * noise) * scale + 1, labels


def losses(noise, weighting, rows=150, repeats=8, **arguments):
    found = []
    for seed in range(repeats):
        blend = Blend(weighting, **arguments).fit(*members(rows, noise, seed))
        logits, labels = members(3000, noise, 1000 + seed)
        margin = blend.predict_logit(logits)
        found.append(np.mean(np.logaddexp(0, margin) - labels * margin))
    return np.array(found)


EQUAL = np.full(10, 1.5)
ONE_KNOWS = np.array([0.2, *np.full(9, 4.0)])


def test_where_members_are_equally_good_averaging_beats_choosing_on_every_draw():
    assert (losses(EQUAL, "average") < losses(EQUAL, "best") - 0.03).all()
    assert (losses(EQUAL, "stacking") < losses(EQUAL, "best") - 0.03).all()
    assert losses(EQUAL, "stacking").mean() < losses(EQUAL, "stacking", shrinkage=0.0).mean()


def test_where_one_member_knows_stacking_finds_it_and_the_average_does_not():
    average = losses(ONE_KNOWS, "average", rows=400)
    assert (losses(ONE_KNOWS, "stacking", rows=400) < average - 0.01).all()
    assert (losses(ONE_KNOWS, "greedy", rows=400) < average - 0.01).all()


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_shares_are_a_distribution_and_logits_are_calibrated(weighting):
    blend = Blend(weighting).fit(*members(2000, ONE_KNOWS, 0))
    assert blend.shares_.sum() == pytest.approx(1)
    assert (blend.shares_ >= 0).all()
    assert blend.shares_.argmax() == 0 or weighting == "average"
    logits, labels = members(4000, ONE_KNOWS, 1)
    said = blend.predict_probability(logits)
    for low in (0.1, 0.4, 0.7):
        rows = (said >= low) & (said < low + 0.2)
        assert labels[rows].mean() == pytest.approx(said[rows].mean(), abs=0.06)


def test_prior_weights_by_hand():
    """Log losses of 0 and 0.1: weights 1 and 1 / e, and a twentieth each of a tenth."""
    labels = np.array([1.0])
    odds = -np.log(np.expm1([[0.2, 0.3]]))
    shares = np.array([1, np.exp(-1)]) / (1 + np.exp(-1))
    np.testing.assert_allclose(prior_weights(odds, labels), 0.9 * shares + 0.05)


def test_shrinkage_draws_the_weights_to_the_prior():
    odds, labels = members(300, ONE_KNOWS, 0)
    prior = prior_weights(odds, labels)
    gaps = [
        np.abs(stacked_weights(odds, labels, shrinkage) - prior).max()
        for shrinkage in (0.0, 10.0, 1e6)
    ]
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 1e-3


def test_more_rows_need_less_faith_in_the_prior():
    few, many = (stacked_weights(*members(rows, ONE_KNOWS, 0), 4.0)[0] for rows in (100, 5000))
    assert few < many


def test_greedy_by_hand():
    """Two members in a bag of one each: whichever is drawn is taken throughout."""
    odds, labels = members(50, np.array([0.1, 0.1]), 0)
    weights = greedy_weights(odds, labels, seed=0)
    assert weights.sum() == pytest.approx(1)
    assert set(np.round(weights * 20, 9)) <= set(range(21))


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_a_member_without_merit_does_little_harm(weighting):
    noise = np.array([0.5, 0.5, 0.5])
    logits, labels = members(400, noise, 0)
    rng = np.random.default_rng(5)
    noisy = np.column_stack([logits, 100 * rng.normal(size=400)])
    unseen, truth = members(3000, noise, 1)
    both = np.column_stack([unseen, 100 * rng.normal(size=3000)])

    def loss(margin):
        return np.mean(np.logaddexp(0, margin) - truth * margin)

    clean = Blend(weighting).fit(logits, labels).predict_logit(unseen)
    assert loss(Blend(weighting).fit(noisy, labels).predict_logit(both)) < loss(clean) + 0.02


def test_one_member_is_calibrated():
    logits, labels = members(500, np.array([0.5]), 0)
    blend = Blend().fit(logits, labels)
    assert blend.shares_.tolist() == [1.0]
    order = np.argsort(logits[:, 0])
    assert (np.diff(blend.predict_logit(logits)[order]) >= 0).all()


def test_refused():
    with pytest.raises(ValueError, match="weighting must be one of"):
        Blend("median")
    with pytest.raises(ValueError, match="not be below zero"):
        Blend(shrinkage=-1)
    with pytest.raises(ValueError, match="members"):
        Blend().fit(np.empty((5, 0)), np.arange(5) % 2)

"""The objective against finite differences, SMAPE itself, and squared errors on planted prices."""

import lightgbm
import numpy as np
import pytest
import xgboost

from podium.pricing.metrics import smape, smape_contributions
from podium.pricing.smape_objective import (
    LEAST_SCORE,
    MOST_SCORE,
    SmoothSmape,
    lightgbm_smape,
    smape_of_scores,
    start_score,
    xgboost_smape,
)

PRICES = np.array([0.13, 0.5, 1.33, 3.0, 14.0, 145.0, 2796.0])
GRID = np.linspace(0.02, 9.0, 400)


def pairs():
    target, score = np.meshgrid(np.log1p(PRICES), GRID)
    return target.ravel(), score.ravel()


@pytest.mark.parametrize("smoothing", [0.03, 0.1, 0.5])
def test_gradient_is_that_of_the_loss(smoothing):
    objective, step = SmoothSmape(smoothing), 1e-6
    target, score = pairs()
    gradient, _ = objective.gradient_and_hessian(target, score)
    ahead, behind = (objective.loss(target, score + sign * step) for sign in (1, -1))
    np.testing.assert_allclose(gradient, (ahead - behind) / (2 * step), rtol=1e-4, atol=1e-7)


def test_beyond_the_limits_the_loss_goes_on_as_a_line():
    objective = SmoothSmape()
    target = np.full(4, np.log1p(14.0))
    score = np.array([-800.0, LEAST_SCORE - 1, MOST_SCORE + 1, 800.0])
    gradient, hessian = objective.gradient_and_hessian(target, score)
    assert np.isfinite(gradient).all() and (hessian > 0).all()
    assert (gradient[:2] < 0).all() and (gradient[2:] > 0).all()
    ahead, behind = (objective.loss(target, score + move) for move in (0.5, -0.5))
    # Above, the loss is 2 less what rounding eats.
    np.testing.assert_allclose(ahead - behind, gradient, rtol=1e-6, atol=1e-15)


def test_loss_is_smape_but_for_the_kink():
    target, score = pairs()
    share = smape_contributions(np.expm1(target), np.expm1(score)) / 100
    gap = share - SmoothSmape(0.01).loss(target, score)
    assert -1e-9 < gap.min() and gap.max() < 0.02 + 1e-9


def test_parabola_touches_the_loss_and_lies_above_it():
    objective = SmoothSmape()
    for price in PRICES:
        target = np.log1p(price)
        targets = np.full_like(GRID, target)
        loss = objective.loss(targets, GRID)
        gradient, hessian = objective.gradient_and_hessian(targets, GRID)
        assert (hessian > 0).all()
        # Its slope at the score is the loss's; the step to its lowest point leads to the target.
        np.testing.assert_allclose(gradient / hessian, GRID - target, atol=1e-4)
        distance = (GRID - target) ** 2
        parabola = loss[:, None] + hessian[:, None] / 2 * (distance[None] - distance[:, None])
        same_side = (GRID[None] - target) * (GRID[:, None] - target) >= 0
        assert (parabola - loss[None])[same_side].min() > (-1e-3 if price >= 1 else -0.06)
        if price > 2000:
            assert (parabola - loss[None]).min() > -1e-3


def test_hessian_is_smooth_through_the_target():
    objective, target = SmoothSmape(), np.full(5, np.log1p(14.0))
    moves = np.array([-1e-4, -5e-7, 0.0, 5e-7, 1e-4])
    _, hessian = objective.gradient_and_hessian(target, target + moves)
    np.testing.assert_allclose(hessian, hessian[2], rtol=1e-3)


@pytest.mark.parametrize("smoothing", [0.0, -1.0, 1.0, np.nan])
def test_impossible_smoothing_is_refused(smoothing):
    with pytest.raises(ValueError, match="smoothing"):
        SmoothSmape(smoothing)


def test_start_is_the_best_constant():
    prices = np.random.default_rng(0).lognormal(2.6, 1.0, 500)
    start = start_score(np.log1p(prices))
    best = min(smape(prices, np.full(500, value)) for value in np.linspace(1, 60, 3000))
    assert smape(prices, np.full(500, np.expm1(start))) <= best + 1e-3
    assert start_score(np.log1p([4.0, 4.0])) == pytest.approx(np.log1p(4.0))


@pytest.mark.parametrize("targets", [[], [0.0, 1.0], [np.nan]])
def test_start_needs_positive_prices(targets):
    with pytest.raises(ValueError, match="positive and finite"):
        start_score(targets)


def planted(rows=3000, seed=0):
    """Prices with a long tail on one side, so that the mean of the logs is not the best answer."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, 4))
    tail = rng.exponential(0.9, rows) * (rng.random(rows) < 0.35)
    log_price = 2.6 + 0.7 * features[:, 0] + 0.4 * features[:, 1] * (features[:, 2] > 0)
    return features, np.log1p(np.exp(log_price + 0.1 * rng.normal(size=rows) + tail))


LIGHTGBM = {"num_leaves": 7, "learning_rate": 0.1, "verbosity": -1, "num_threads": 1, "seed": 0}
XGBOOST = {"max_depth": 3, "eta": 0.1, "nthread": 1, "seed": 0, "base_score": 0.0}


def boosted(library, objective, features, target, weights=None):
    """Scores of a model on all rows; the first 2,000 are for training."""
    fit = slice(2000)
    start = start_score(target[fit])
    weight = None if weights is None else weights[fit]
    if library == "lightgbm":
        shift = np.full(2000, start) if callable(objective) else None
        data = lightgbm.Dataset(features[fit], target[fit], weight=weight, init_score=shift)
        model = lightgbm.train({**LIGHTGBM, "objective": objective}, data, 80)
        return model.predict(features) + (start if callable(objective) else 0)
    data = xgboost.DMatrix(features[fit], target[fit], weight=weight)
    data.set_base_margin(np.full(2000, start))
    model = xgboost.train(XGBOOST, data, 80, obj=objective)
    every = xgboost.DMatrix(features, base_margin=np.full(len(features), start))
    return model.predict(every, output_margin=True)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_boosting_beats_squares_of_logs(library):
    features, target = planted()
    prices = np.expm1(target[2000:])
    squares = boosted(library, "l2" if library == "lightgbm" else None, features, target)
    ours = boosted(library, getattr(SmoothSmape(), library), features, target)
    score, other = (smape(prices, np.expm1(each[2000:])) for each in (ours, squares))
    constant = smape(prices, np.full(len(prices), np.expm1(start_score(target[:2000]))))
    assert score < other - 2.0 < constant - 20.0


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_weights_count(library):
    features, target = planted()
    target[:1000] += 1.0
    objective = getattr(SmoothSmape(), library)
    light = np.where(np.arange(3000) < 1000, 1e-3, 1.0)
    heavy = np.where(np.arange(3000) < 1000, 1.0, 1e-3)
    means = [boosted(library, objective, features, target, each).mean() for each in (light, heavy)]
    assert means[1] - means[0] > 0.5


def test_scikit_learn_interfaces():
    features, target = planted(800)
    start = np.full(800, start_score(target))
    weights = np.ones(800)
    ours = lightgbm.LGBMRegressor(
        objective=SmoothSmape(), n_estimators=30, num_leaves=7, n_jobs=1, verbose=-1
    )
    ours.fit(features, target, sample_weight=weights, init_score=start)
    other = xgboost.XGBRegressor(
        objective=SmoothSmape(), n_estimators=30, max_depth=3, n_jobs=1, base_score=0.0
    )
    other.fit(features, target, sample_weight=weights, base_margin=start)
    before = smape_of_scores(target, start)[1]
    answers = [ours.predict(features) + start, other.predict(features, base_margin=start)]
    for scores in answers:
        assert smape_of_scores(target, scores)[1] < before - 15


def test_metrics_of_both_libraries():
    target, scores = np.log1p([10.0, 10.0]), np.log1p([30.0, 10.0])
    assert smape_of_scores(target, scores) == ("smape", pytest.approx(50.0), False)
    data = lightgbm.Dataset(np.zeros((2, 1)), target)
    assert lightgbm_smape(scores, data)[1] == pytest.approx(50.0, abs=1e-4)
    matrix = xgboost.DMatrix(np.zeros((2, 1)), target)
    assert xgboost_smape(scores, matrix) == ("smape", pytest.approx(50.0, abs=1e-4))

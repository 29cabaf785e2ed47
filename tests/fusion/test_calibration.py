"""Calibration: never falling, right in the mean, harmless on noise."""

import numpy as np
import pytest

from podium.fusion.calibration import (
    IsotonicCalibration,
    SigmoidCalibration,
    make_calibration,
    probability,
)


def drawn(rows=4000, seed=0):
    """Logits three times too sure and off by one."""
    rng = np.random.default_rng(seed)
    true = rng.normal(size=rows)
    return 3 * true + 1, (rng.random(rows) < probability(true)).astype(int), true


@pytest.mark.parametrize("kind", [SigmoidCalibration, IsotonicCalibration])
def test_never_falls_and_mends_what_was_too_sure(kind):
    logits, labels, true = drawn()
    fitted = kind().fit(logits, labels)
    line = fitted.transform(np.linspace(-20, 20, 500))
    assert (np.diff(line) >= 0).all()
    assert np.isfinite(line).all()
    error = np.abs(probability(fitted.transform(logits)) - probability(true)).mean()
    assert error < 0.03 < np.abs(probability(logits) - probability(true)).mean()


def test_sigmoid_finds_slope_and_intercept():
    logits, labels, _ = drawn(40_000)
    fitted = SigmoidCalibration().fit(logits, labels)
    assert fitted.transform(np.array([1.0])) == pytest.approx(0, abs=0.05)
    assert np.diff(fitted.transform(np.array([1.0, 4.0]))) == pytest.approx(1, abs=0.05)


def test_sigmoid_of_logits_that_point_the_wrong_way_is_the_share_of_ones():
    logits, labels, _ = drawn()
    fitted = SigmoidCalibration().fit(-logits, labels)
    assert fitted.slope == 0
    share = probability(fitted.transform(logits))
    assert share == pytest.approx(np.full(len(logits), labels.mean()), abs=1e-3)


@pytest.mark.parametrize("kind", [SigmoidCalibration, IsotonicCalibration])
def test_perfect_separation_and_equal_logits_stay_finite(kind):
    labels = np.repeat([0, 1], 20)
    for logits in (labels * 2.0, np.zeros(40)):
        assert np.isfinite(kind().fit(logits, labels).transform(logits)).all()


def test_refused():
    with pytest.raises(ValueError, match="finite"):
        SigmoidCalibration().fit(np.array([1.0, np.nan]), np.array([0, 1]))
    with pytest.raises(ValueError, match="shape"):
        SigmoidCalibration().fit(np.zeros(3), np.array([0, 1]))
    with pytest.raises(ValueError, match="calibration must be"):
        make_calibration("beta")

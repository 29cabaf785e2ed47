"""Random views of an image: crops, mirrors, light."""

import numpy as np
import pytest

from podium.vision.augmentation import PLAIN, Augmentation, View

NEAREST = 0


def stripes():
    """Eight columns of ten pixels, each of its own shade."""
    shades = np.arange(8, dtype=np.uint8) * 20 + 40
    return np.repeat(np.repeat(shades, 10)[None, :, None], 40, axis=0).repeat(3, axis=2)


def test_the_plain_view_is_the_image():
    square = PLAIN.square(stripes(), 8, NEAREST)
    np.testing.assert_array_equal(square[0, :, 0], np.arange(8) * 20 + 40)
    assert square.shape == (8, 8, 3) and square.dtype == np.uint8


def test_a_crop_and_its_mirror():
    half = (0.5, 0.0, 1.0, 0.5)
    crop = View(half).square(stripes(), 4, NEAREST)
    np.testing.assert_array_equal(crop[0, :, 0], [120, 140, 160, 180])
    turned = View(half, mirrored=True).square(stripes(), 4, NEAREST)
    np.testing.assert_array_equal(turned[0, :, 0], [180, 160, 140, 120])


def test_light():
    bright = View(light=(1.2, 1.0, 1.0)).square(stripes(), 8, NEAREST)
    np.testing.assert_allclose(bright[0, :, 0], 1.2 * (np.arange(8) * 20 + 40), atol=1)
    colour = np.full((10, 10, 3), (200, 100, 50), np.uint8)
    gray = View(light=(1.0, 1.0, 0.0)).square(colour, 4, NEAREST)
    assert np.ptp(gray[0, 0].astype(int)) == 0


def test_drawn_views_keep_their_limits_and_differ():
    views = Augmentation(0.3, 0.25, 0.1).draw(2000, np.random.default_rng(0))
    left, top, right, bottom = np.array([view.box for view in views]).T
    assert (left >= 0).all() and (top >= 0).all()
    assert (right <= 1 + 1e-9).all() and (bottom <= 1 + 1e-9).all()
    areas = (right - left) * (bottom - top)
    assert areas.min() > 0.29 and areas.min() < 0.35 and areas.max() > 0.95
    aspects = (right - left) / (bottom - top)
    assert aspects.min() < 0.8 and aspects.max() > 1.25
    assert 0.75 - 1e-9 <= aspects.min() and aspects.max() <= 4 / 3 + 1e-9
    assert np.mean([view.mirrored for view in views]) == pytest.approx(0.25, abs=0.04)
    light = np.array([view.light for view in views])
    assert light.min() >= 0.9 and light.max() <= 1.1 and light.std(axis=0).min() > 0.05


def test_nothing_changes_where_nothing_may():
    views = Augmentation(1.0, 0.0, 0.0).draw(20, np.random.default_rng(0))
    for view in views:
        np.testing.assert_array_equal(
            view.square(stripes(), 8, NEAREST), PLAIN.square(stripes(), 8, NEAREST)
        )


@pytest.mark.parametrize(
    "name, value", [("least_area", 0), ("least_area", 1.5), ("mirror", 2), ("light", -0.1)]
)
def test_wrong_arguments(name, value):
    with pytest.raises(ValueError, match=name):
        Augmentation(**{name: value})

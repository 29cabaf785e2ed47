"""Drawn pictures: the same for the same seed, and what they tell of the price can be measured."""

import io

import numpy as np
from PIL import Image

from podium.pricing.image_statistics import NAMES, statistics_of
from podium.pricing.synthetic_pictures import SIDE, draw_picture


def measured(category, pack, surplus, seed=0):
    picture = draw_picture(category, pack, surplus, np.random.default_rng(seed))
    pixels = np.array(Image.open(io.BytesIO(picture)))
    assert pixels.shape == (SIDE, SIDE, 3)
    return dict(zip(NAMES, statistics_of(pixels), strict=True))


def test_the_same_seed_draws_the_same_bytes():
    one, two = (draw_picture(3, 6, 0.5, np.random.default_rng(1)) for _ in range(2))
    assert one == two
    assert one != draw_picture(3, 6, 0.5, np.random.default_rng(2))


def test_dear_things_have_deeper_colours_and_large_packs_fill_the_frame():
    for category in range(6):
        cheap, dear = measured(category, 1, -1.5), measured(category, 1, 1.5)
        assert dear["lab_light_mean"] < cheap["lab_light_mean"]
        assert measured(category, 24, 0)["thing_height"] > measured(category, 1, 0)["thing_height"]

"""Statistics of drawn images whose answers are known."""

import re

import numpy as np
import pytest

from podium.pricing.image_statistics import NAMES, image_statistics, statistics_of


def named(image):
    return dict(zip(NAMES, statistics_of(image).tolist(), strict=True))


def on_white(height, width, box, colour):
    image = np.full((height, width, 3), 255, np.uint8)
    top, bottom, left, right = box
    image[top:bottom, left:right] = colour
    return image


def test_a_red_box_on_white():
    found = named(on_white(100, 160, (20, 60, 100, 140), (220, 20, 20)))
    expected = {
        "log_width": np.log(160),
        "log_height": np.log(100),
        "log_aspect": np.log(1.6),
        "log_pixels": np.log(16000),
        "coloured_share": 0.1,
        "hue_0": 1,
        "hue_cosine": 1,
        "hue_strength": 1,
        "white_share": 0.9,
        "white_border_share": 1,
        "thing_width": 0.25,
        "thing_height": 0.4,
        "thing_fill": 1,
        "thing_log_aspect": 0,
        "thing_off_centre": np.sqrt((0.2**2 + 0.5**2) / 2),
        "light_7": 0.9,
    }
    for name, number in expected.items():
        assert found[name] == pytest.approx(number, abs=1e-3), name
    # The box lies to the right of the middle and above it.
    assert found["edges_0_2"] + found["edges_1_2"] > 0.6
    assert found["edges_2_0"] == found["edges_0_0"] == 0
    assert found["edge_density"] == pytest.approx(160 / 16000, rel=0.3)
    assert found["edge_density_of_thing"] == pytest.approx(10 * found["edge_density"])


@pytest.mark.parametrize(
    ("colour", "hue", "direction"),
    [((20, 220, 20), 4, (-0.5, 0.866)), ((20, 20, 220), 8, (-0.5, -0.866))],
)
def test_hues(colour, hue, direction):
    found = named(np.full((8, 8, 3), colour, np.uint8))
    assert found[f"hue_{hue}"] == 1 and found["coloured_share"] == 1
    assert (found["hue_cosine"], found["hue_sine"]) == pytest.approx(direction, abs=0.02)
    assert found["white_share"] == found["edge_density"] == found["log_sharpness"] == 0
    assert found["saturation_mean"] == pytest.approx(1 - 20 / 220, abs=0.01)
    assert found["value_spread"] == found["light_entropy"] == 0


def test_gray_has_no_hue_and_noise_is_sharp():
    gray = named(np.full((30, 30, 3), 128, np.uint8))
    assert gray["coloured_share"] == gray["hue_strength"] == gray["colourfulness"] == 0
    assert gray["light_4"] == 1
    noise = named(np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8))
    assert noise["log_sharpness"] > 5 and noise["light_entropy"] > 6
    assert noise["colourfulness"] > 0.3


def test_shares_of_a_histogram_add_up():
    noise = named(np.random.default_rng(0).integers(0, 256, (50, 300, 3), dtype=np.uint8))
    for kind in ("hue", "saturation", "light", "edges"):
        shares = [noise[name] for name in NAMES if re.match(rf"{kind}_[0-9]", name)]
        assert sum(shares) == pytest.approx(1, abs=1e-5)


def test_size_hardly_matters_but_for_the_size():
    box = on_white(90, 120, (30, 60, 20, 80), (20, 90, 200))
    small, large = named(box), named(np.kron(box, np.ones((8, 8, 1), np.uint8)))
    assert large["log_pixels"] - small["log_pixels"] == pytest.approx(np.log(64), abs=1e-4)
    # Large images are looked at from as far away.
    assert large["edge_density"] > small["edge_density"] / 2.5
    for name in ("white_share", "thing_width", "thing_fill", "saturation_mean", "lab_light_mean"):
        assert large[name] == pytest.approx(small[name], abs=0.02)


def test_the_size_is_that_before_scaling_down():
    image = on_white(30, 60, (5, 10, 5, 10), (0, 0, 0))
    (row,) = image_statistics([image], sizes=[(1200, 600)])
    found = dict(zip(NAMES, row, strict=True))
    assert found["log_width"] == pytest.approx(np.log(1200))
    assert found["log_pixels"] == pytest.approx(np.log(720_000))
    np.testing.assert_array_equal(row[4:], statistics_of(image)[4:])


def test_missing_images_are_nan_rows():
    image = on_white(20, 20, (5, 10, 5, 10), (0, 0, 0))
    rows = image_statistics(iter([image, None]))
    assert rows.shape == (2, len(NAMES)) and rows.dtype == np.float32
    assert np.isfinite(rows[0]).all() and np.isnan(rows[1]).all()
    assert image_statistics([]).shape == (0, len(NAMES))
    assert len(set(NAMES)) == len(NAMES)


def test_the_same_on_any_number_of_threads_in_order():
    rng = np.random.default_rng(1)
    images = [rng.integers(0, 256, (40 + 7 * at, 300, 3), dtype=np.uint8) for at in range(9)]
    one, three = image_statistics(images), image_statistics(images, threads=3)
    assert one.tobytes() == three.tobytes()
    np.testing.assert_array_equal(one[4], statistics_of(images[4]))


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 4000, 3), (4000, 1, 3), (2, 2, 3)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_odd_images_give_finite_numbers(shape, level):
    assert np.isfinite(statistics_of(np.full(shape, level, np.uint8))).all()


def test_bad_images_are_refused():
    for image in (
        np.zeros((5, 5), np.uint8),
        np.zeros((5, 5, 4), np.uint8),
        np.zeros((5, 5, 3), np.float32),
        np.zeros((0, 5, 3), np.uint8),
    ):
        with pytest.raises(ValueError, match="uint8"):
            image_statistics([image])
    with pytest.raises(ValueError):
        image_statistics([None, None], sizes=[(4, 4)])

"""Colour histograms of blocks: worked by hand, and compared to a loop over pixels."""

import colorsys
import pickle

import numpy as np
import pytest

from podium.retrieval.colour_blocks import ColourBlocks, colour_blocks
from podium.vision.synthetic_paintings import paint

RED, GREEN, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 0)


def plain(colour: tuple[int, int, int], height: int = 8, width: int = 8) -> np.ndarray:
    return np.full((height, width, 3), colour, dtype="uint8")


def test_four_plain_quarters_worked_by_hand() -> None:
    top = np.concatenate([plain(RED), plain(GREEN)], axis=1)
    image = np.concatenate([top, np.concatenate([plain(BLACK), plain(RED)], axis=1)])
    # Bins of hue around 0, 120 and 240 degrees, one of saturation, two of value.
    histograms = colour_blocks(image, grid=2, bins=(3, 1, 2)).reshape(5, 6)
    red, green, black = 1, 3, 0
    expected = np.zeros((5, 6))
    expected[[0, 1, 2, 3], [red, green, black, red]] = 1
    expected[4, [red, green, black]] = 0.5, 0.25, 0.25
    np.testing.assert_allclose(histograms, np.sqrt(expected / 5), atol=1e-6)
    assert histograms.dtype == np.float32


def test_equals_a_loop_over_pixels() -> None:
    image = np.random.default_rng(0).integers(0, 256, size=(13, 22, 3)).astype("uint8")
    grid, bins = 3, (5, 3, 4)
    counts = np.zeros((grid, grid, *bins))
    for row, column in np.ndindex(13, 22):
        hue, saturation, value = colorsys.rgb_to_hsv(*(image[row, column] / 255))
        # OpenCV rounds to 180 hues and 256 levels first.
        place = (
            int((round(hue * 180) % 180) / 180 * bins[0] + 0.5) % bins[0],
            min(int(round(saturation * 255) / 256 * bins[1]), bins[1] - 1),
            int(round(value * 255) / 256 * bins[2]),
        )
        counts[(row * grid // 13, column * grid // 22, *place)] += 1
    whole = counts.sum(axis=(0, 1)).ravel()
    counts = np.vstack([counts.reshape(9, -1), whole])
    shares = counts / counts.sum(axis=1, keepdims=True)
    # A pixel or two may round to the next bin.
    differences = colour_blocks(image, grid, bins) ** 2 * 10 - shares.ravel()
    assert np.abs(differences).sum() < 0.2


def test_shades_around_red_share_a_bin() -> None:
    one, other = colour_blocks(plain((255, 0, 20))), colour_blocks(plain((255, 20, 0)))
    np.testing.assert_array_equal(one, other)
    assert one @ colour_blocks(plain(GREEN)) == 0


def test_a_layout_tells_apart_what_the_whole_does_not() -> None:
    image = np.concatenate([plain(RED, 32, 16), plain(GREEN, 32, 16)], axis=1)
    mirrored = image[:, ::-1]
    one, other = colour_blocks(image), colour_blocks(mirrored)
    assert one @ other == pytest.approx(1 / 17, abs=1e-6)


def test_blocks_without_a_pixel_are_zero() -> None:
    narrow = colour_blocks(plain(RED, 8, 2), grid=4, bins=(2, 1, 1)).reshape(17, 2)
    filled = narrow.any(axis=1)
    assert filled[:16].reshape(4, 4).any(axis=0).sum() == 2
    assert np.linalg.norm(narrow) == pytest.approx(1)
    assert not colour_blocks(np.empty((0, 0, 3), "uint8")).any()


def test_images_are_made_small_one_by_one() -> None:
    paintings = [paint(1, artist=artist, number=1, longest_side=200) for artist in range(3)]
    encoder = ColourBlocks(grid=3, bins=(6, 3, 3), longest_side=64)
    vectors = encoder.encode(iter([*paintings, np.empty((0, 5, 3), "uint8"), plain(RED)]))
    assert vectors.shape == (5, 10 * 54) == (5, encoder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 0, 1], atol=1e-6)
    whole = [colour_blocks(image, 3, (6, 3, 3)) for image in paintings]
    assert not np.array_equal(vectors[0], whole[0])
    likeness = vectors[:3] @ np.array(whole).T
    assert (likeness.argmax(axis=1) == np.arange(3)).all()
    again = pickle.loads(pickle.dumps(encoder)).encode(paintings)
    assert again.tobytes() == vectors[:3].tobytes()
    assert encoder.encode([]).shape == (0, 540)


def test_a_thin_image_keeps_a_pixel() -> None:
    thin = ColourBlocks(longest_side=10).encode([plain(RED, 1, 400)])
    assert np.linalg.norm(thin) == pytest.approx(1)


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4), "uint8"), np.zeros((4, 4, 4), "uint8"), np.zeros((4, 4, 3))]
)
def test_refuses_what_is_no_rgb_image(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected"):
        colour_blocks(image)
    with pytest.raises(ValueError, match="expected"):
        ColourBlocks(longest_side=2).encode([image])


def test_refuses_numbers_out_of_range() -> None:
    for settings in ({"grid": 0}, {"longest_side": 0}, {"bins": (0, 1, 1)}, {"bins": (8, 4, 257)}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            ColourBlocks(**settings)
    with pytest.raises(ValueError, match="bins"):
        colour_blocks(plain(RED), bins=(8, 4))

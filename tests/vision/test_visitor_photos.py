"""Each effect does what its name says, more so at each strength, and the geometry is the truth."""

import math

import cv2
import numpy as np
import pytest

from podium.vision.photo_camera import expose
from podium.vision.photo_geometry import (
    corner_points,
    quarter_turns,
    resizing,
    transform,
    visible_share,
)
from podium.vision.photo_settings import PhotoSettings, photo_settings
from podium.vision.synthetic_paintings import paint
from podium.vision.visitor_photos import (
    EFFECTS,
    STRENGTHS,
    simulate,
    simulate_with_homography,
)

SIDE = 256


@pytest.fixture(scope="module")
def paintings():
    return [paint(7, artist, 0, SIDE) for artist in range(7)]


@pytest.fixture
def cv2_threads():
    before = cv2.getNumThreads()
    yield cv2.setNumThreads
    cv2.setNumThreads(before)


def photos(paintings, effect, strength, side=SIDE):
    return [
        simulate_with_homography(image, effect, strength, np.random.default_rng(at), side)
        for at, image in enumerate(paintings)
    ]


def matches(image, photo):
    """Places in image and photo that SIFT holds for the same (ratio test), (n, 2) each."""
    sift = cv2.SIFT_create(400)
    (points, features), (others, other_features) = (
        sift.detectAndCompute(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), None)
        for picture in (image, photo)
    )
    if features is None or other_features is None or len(others) < 2:
        return np.empty((0, 2)), np.empty((0, 2))
    pairs = cv2.BFMatcher().knnMatch(features, other_features, k=2)
    good = [one for one, two in pairs if one.distance < 0.8 * two.distance]
    here = np.array([points[match.queryIdx].pt for match in good]).reshape(-1, 2)
    return here, np.array([others[match.trainIdx].pt for match in good]).reshape(-1, 2)


def on_target(image, photo, homography, within=4.0):
    """Matches, and how many of them lie where the homography says."""
    here, there = matches(image, photo)
    if not len(here):
        return 0, 0
    gap = np.linalg.norm(transform(here, homography) - there, axis=1)
    return len(gap), int((gap < within).sum())


def sharpness(photo, side=SIDE):
    scale = side / max(photo.shape)
    size = (round(photo.shape[1] * scale), round(photo.shape[0] * scale))
    grey = cv2.cvtColor(cv2.resize(photo, size), cv2.COLOR_RGB2GRAY)
    return cv2.Laplacian(grey, cv2.CV_64F).var()


@pytest.mark.parametrize("effect", EFFECTS)
def test_same_state_same_bytes_on_any_number_of_threads(effect, paintings, cv2_threads):
    made = []
    for threads in (1, 4):
        cv2_threads(threads)
        made.append(simulate(paintings[0], effect, 3, np.random.default_rng(5), 640))
    assert made[0].tobytes() == made[1].tobytes()
    other = simulate(paintings[0], effect, 3, np.random.default_rng(6), 640)
    assert other.tobytes() != made[0].tobytes()


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("shape", [(60, 400), (400, 60), (8, 8), (900, 700)])
def test_size_and_type(effect, shape):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    untouched = image.copy()
    for strength in STRENGTHS:
        photo = simulate(image, effect, strength, np.random.default_rng(strength), 200)
        assert photo.dtype == np.uint8 and photo.ndim == 3 and photo.shape[2] == 3
        assert photo.flags.c_contiguous
        if effect in ("low_resolution", "mixed"):
            assert 128 <= max(photo.shape) <= 200
        else:
            assert max(photo.shape) == 200
        assert max(photo.shape) <= 2.6 * min(photo.shape[:2])
    assert (image == untouched).all()


def test_a_photo_is_never_smaller_than_128_px_unless_asked(paintings):
    for state in range(5):
        photo = simulate(paintings[0], "low_resolution", 3, np.random.default_rng(state), 160)
        assert max(photo.shape) == 128
    assert max(simulate(paintings[0], "crop", 1, np.random.default_rng(0), 64).shape) == 64


@pytest.mark.parametrize("effect", EFFECTS)
def test_most_matches_lie_where_the_homography_says_at_strength_1(effect, paintings):
    total, right = np.sum(
        [
            on_target(image, *photo)
            for image, photo in zip(paintings, photos(paintings, effect, 1), strict=True)
        ],
        axis=0,
    )
    assert right > 0.75 * total
    assert right > 20 * len(paintings)


def test_a_robust_estimate_finds_the_viewpoint_at_strength_1(paintings):
    near = 0
    for image, (photo, homography) in zip(
        paintings, photos(paintings, "viewpoint", 1, 400), strict=True
    ):
        here, there = matches(image, photo)
        found, inliers = cv2.findHomography(here, there, cv2.USAC_MAGSAC, 3.0)
        corners = corner_points(image.shape[1], image.shape[0])
        gap = np.abs(transform(corners, found) - transform(corners, homography)).max()
        near += inliers.sum() >= 30 and gap < 6
    assert near >= len(paintings) - 1


def test_the_homography_holds_for_photos_on_their_side(paintings):
    turned = 0
    for state in range(40):
        rng = np.random.default_rng(state)
        photo, homography = simulate_with_homography(paintings[1], "mixed", 1, rng, SIDE)
        middle = np.array([[100.0, 100], [101, 100]])
        one, other = transform(middle, homography)
        if abs(math.degrees(math.atan2(*(other - one)[::-1]))) > 60:
            turned += 1
            total, right = on_target(paintings[1], photo, homography)
            assert right > 0.6 * total > 0
    assert 2 <= turned <= 12


@pytest.mark.parametrize("effect", EFFECTS)
def test_stronger_is_harder_on_average(effect, paintings):
    found = [
        sum(
            on_target(image, *photo)[1]
            for image, photo in zip(paintings, photos(paintings, effect, strength), strict=True)
        )
        for strength in STRENGTHS
    ]
    assert found[0] > found[1] > found[2]


def test_low_light_is_darker(paintings):
    mild = [photo for photo, _ in photos(paintings, "crop", 1)]
    light = [np.mean([photo.mean() for photo in mild])]
    for strength in STRENGTHS:
        made = [photo for photo, _ in photos(paintings, "low_light", strength)]
        light.append(np.mean([photo.mean() for photo in made]))
    assert light[0] > 1.2 * light[1] > 1.2 * light[2] > 1.2 * light[3]


def noise_variance(light, shot, read):
    """Of a flat grey of so much linear light, in linear light."""
    settings = PhotoSettings(shot_noise=(shot, shot), read_noise=(read, read), gamma=(1, 1))
    flat = np.full((200, 200, 3), light, np.float32)
    picture = expose(flat, np.ones(3, np.float32), settings, np.random.default_rng(0))
    return ((picture / 255.0) ** 2).var()


def test_noise_is_that_of_a_sensor():
    # Shot noise: variance grows with the light. Read noise: the same without light.
    assert 3.6 < noise_variance(0.6, 4e-3, 0.0) / noise_variance(0.15, 4e-3, 0.0) < 4.4
    assert 0.9 < noise_variance(0.6, 0.0, 0.02) / noise_variance(0.15, 0.0, 0.02) < 1.1
    assert 3.6 < noise_variance(0.3, 0.0, 0.04) / noise_variance(0.3, 0.0, 0.02) < 4.4
    settings = [photo_settings("low_light", strength, None) for strength in STRENGTHS]
    for one, harder in zip(settings, settings[1:], strict=False):
        assert max(one.shot_noise) <= min(harder.shot_noise)
        assert max(one.exposure) > max(harder.exposure)


def test_blur_and_low_resolution_take_the_fine_detail(paintings):
    sharp = np.mean([sharpness(photo) for photo, _ in photos(paintings, "crop", 1)])
    for effect in ("blur", "low_resolution"):
        left = [
            np.mean([sharpness(photo) for photo, _ in photos(paintings, effect, strength)])
            for strength in STRENGTHS
        ]
        assert sharp > left[0] > left[1] > left[2]
        assert left[2] < 0.5 * sharp


def test_low_resolution_has_the_size_of_its_settings(paintings):
    for strength in STRENGTHS:
        low, high = photo_settings("low_resolution", strength, np.random.default_rng(0)).size
        for photo, _ in photos(paintings, "low_resolution", strength, 640):
            assert low * 640 - 1 <= max(photo.shape) <= high * 640 + 1


def test_crop_shows_the_share_of_its_settings(paintings):
    for strength in STRENGTHS:
        low, high = photo_settings("crop", strength, np.random.default_rng(0)).visible
        for image, (photo, homography) in zip(
            paintings, photos(paintings, "crop", strength), strict=True
        ):
            sides = np.array(image.shape[1::-1], float)
            share = visible_share(sides, np.array(photo.shape[1::-1], float), homography)
            assert low - 0.02 < share < high + 0.02


def test_a_full_view_shows_all_of_the_painting(paintings):
    whole = 0
    for image, (photo, homography) in zip(
        paintings, photos(paintings, "viewpoint", 3), strict=True
    ):
        corners = transform(corner_points(image.shape[1], image.shape[0]), homography)
        whole += (corners > -1).all() and (corners < np.array(photo.shape[1::-1]) + 1).all()
    assert whole >= 4


def test_viewpoint_foreshortens_more_with_strength(paintings):
    squeezed = []
    for strength in STRENGTHS:
        ratios = []
        for image, (_, homography) in zip(
            paintings, photos(paintings, "viewpoint", strength), strict=True
        ):
            middle = np.array(image.shape[1::-1]) / 2
            around = transform(middle + np.array([[0, 0], [1, 0], [0, 1]]), homography)
            stretch = np.linalg.svd((around[1:] - around[0]).T, compute_uv=False)
            ratios.append(stretch[1] / stretch[0])
        squeezed.append(ratios)
    # The cosine of the tilt, within what perspective adds off the axis.
    for strength, ratios in zip(STRENGTHS, squeezed, strict=True):
        low, high = photo_settings("viewpoint", strength, np.random.default_rng(0)).tilt
        assert math.cos(math.radians(high)) - 0.1 < np.mean(ratios)
        assert np.mean(ratios) < math.cos(math.radians(low)) + 0.1
    assert np.mean(squeezed[0]) > np.mean(squeezed[1]) > np.mean(squeezed[2])


def test_glare_saturates_and_shadow_takes_light():
    grey = np.full((240, 240, 3), 110, np.uint8)

    def shares(effect, strength, of):
        made = [
            simulate(grey, effect, strength, np.random.default_rng(at), SIDE) for at in range(12)
        ]
        return np.mean([of(photo[60:-60, 60:-60].min(axis=2)) for photo in made])

    bright = [shares("glare", strength, lambda part: (part > 235).mean()) for strength in STRENGTHS]
    assert shares("crop", 1, lambda part: (part > 235).mean()) < bright[0] < bright[1] < bright[2]
    dark = [
        shares("shadow", strength, lambda part: np.percentile(part, 2)) for strength in STRENGTHS
    ]
    assert shares("crop", 1, lambda part: np.percentile(part, 2)) > dark[0] > dark[1] > dark[2]


def test_mixed_always_has_a_viewpoint_and_sometimes_the_rest():
    rng = np.random.default_rng(0)
    mild = PhotoSettings()
    drawn = [photo_settings("mixed", 2, rng) for _ in range(300)]
    viewpoint = photo_settings("viewpoint", 2, rng)
    assert all(settings.tilt == viewpoint.tilt for settings in drawn)
    for field, probability in (
        ("shadow", 0.35),
        ("motion", 0.35),
        ("size", 0.3),
        ("exposure", 0.3),
        ("glare_spots", 0.35),
        ("visible", 0.35),
    ):
        share = np.mean([getattr(settings, field) != getattr(mild, field) for settings in drawn])
        assert abs(share - probability) < 0.1


@pytest.mark.parametrize("turns", range(4))
def test_quarter_turns_follow_rot90(turns):
    image = np.arange(12).reshape(3, 4)
    turned = np.rot90(image, turns)
    for x, y in ((0, 0), (3, 0), (1, 2)):
        column, row = np.rint(
            transform(np.array([[x, y]], float), quarter_turns(turns, 3, 4))[0]
        ).astype(int)
        assert turned[row, column] == image[y, x]


def test_resizing_keeps_the_outline():
    # The outer edge of the first and last pixel stay the outer edges.
    edges = transform(np.array([[-0.5, -0.5], [9.5, 19.5]]), resizing(0.5, 0.1))
    assert np.allclose(edges, [[-0.5, -0.5], [4.5, 1.5]])


@pytest.mark.parametrize(
    ("image", "effect", "strength", "side", "message"),
    [
        (np.zeros((20, 20, 3), np.uint8), "rain", 1, 64, "effect must be one of"),
        (np.zeros((20, 20, 3), np.uint8), "blur", 4, 64, "strength must be"),
        (np.zeros((20, 20, 3), np.float32), "blur", 1, 64, "uint8"),
        (np.zeros((20, 20), np.uint8), "blur", 1, 64, "uint8"),
        (np.zeros((20, 20, 4), np.uint8), "blur", 1, 64, "uint8"),
        (np.zeros((20, 4, 3), np.uint8), "blur", 1, 64, "at least 8"),
        (np.zeros((20, 20, 3), np.uint8), "blur", 1, 4, "at least 8"),
    ],
)
def test_what_it_cannot_do_is_refused(image, effect, strength, side, message):
    with pytest.raises(ValueError, match=message):
        simulate(image, effect, strength, np.random.default_rng(0), side)

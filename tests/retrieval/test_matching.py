"""Photos of a painting verify with it, other paintings do not; impossible homographies are out."""

import cv2
import numpy as np
import pytest

from podium.retrieval.local_features import LocalFeatures, extract_features, no_features
from podium.retrieval.matching import (
    MatchingRules,
    believable,
    count_inliers,
    fit_homography,
    match_descriptors,
)
from podium.vision.synthetic_paintings import paint
from podium.vision.visitor_photos import simulate_with_homography

PAINTINGS = 4


@pytest.fixture(scope="module")
def paintings() -> list[np.ndarray]:
    return [paint(5, artist=artist, number=1, longest_side=320) for artist in range(PAINTINGS)]


@pytest.fixture(scope="module")
def features(paintings: list[np.ndarray]) -> list[LocalFeatures]:
    return [extract_features(image, most_keypoints=400) for image in paintings]


@pytest.mark.parametrize("number", range(PAINTINGS))
def test_a_photo_verifies_with_its_painting_alone(
    paintings: list[np.ndarray], features: list[LocalFeatures], number: int
) -> None:
    photo, truth = simulate_with_homography(
        paintings[number], "viewpoint", 1, np.random.default_rng(number), longest_side=320
    )
    query = extract_features(photo, most_keypoints=400)
    inliers = [count_inliers(query, other) for other in features]
    assert int(np.argmax(inliers)) == number
    assert inliers[number] >= 30
    assert max(count for i, count in enumerate(inliers) if i != number) < inliers[number] / 2

    rules = MatchingRules()
    matches = match_descriptors(query, features[number], rules.ratio)
    homography, explained = fit_homography(query, features[number], matches, rules)
    # The painting's own centre, seen in the photo and led back.
    height, width = paintings[number].shape[:2]
    centre = np.array([[[width / 2, height / 2]]])
    back = cv2.perspectiveTransform(cv2.perspectiveTransform(centre, truth), homography)
    assert np.abs(back - centre).max() < 5
    assert len(explained) == inliers[number]


def test_a_keypoint_matches_once(features: list[LocalFeatures]) -> None:
    matches = match_descriptors(features[0], features[1], ratio=0.99)
    assert len(matches) > 10
    assert len(np.unique(matches[:, 0])) == len(np.unique(matches[:, 1])) == len(matches)


def test_a_repeated_pattern_fails_the_ratio_test() -> None:
    rng = np.random.default_rng(0)
    one = rng.integers(50, 200, (1, 128), dtype="uint8")
    geometry = np.zeros((2, 4), dtype="float32")
    # Both differ a little, in other places.
    nearly = np.repeat(one, 2, axis=0)
    nearly[0, :8] += 20
    nearly[1, 8:16] += 21
    query = LocalFeatures(one, geometry[:1])
    assert len(match_descriptors(query, LocalFeatures(nearly, geometry), ratio=0.8)) == 0
    nearly[1] = 255 - one
    assert match_descriptors(query, LocalFeatures(nearly, geometry), 0.8).tolist() == [[0, 0]]


def test_images_without_keypoints_have_no_inliers(features: list[LocalFeatures]) -> None:
    assert count_inliers(no_features(), features[0]) == 0
    assert count_inliers(features[0], no_features()) == 0


def test_the_same_images_give_the_same_inliers(features: list[LocalFeatures]) -> None:
    shifted = LocalFeatures(features[0].descriptors, features[0].geometry + 3)
    assert len({count_inliers(features[0], shifted) for _ in range(5)}) == 1


@pytest.mark.parametrize("enlarged", [2.0, 0.5])
def test_keypoints_on_one_spot_of_either_image_count_once(enlarged: float) -> None:
    x, y = np.meshgrid(np.arange(10, 110, 10), np.arange(10, 60, 10))
    grid = np.column_stack([x.ravel(), y.ravel()])
    # Beside each its like, on one spot of the smaller image only.
    points = np.concatenate([grid, grid + max(1 / enlarged, 1) * 0.4]).astype("float32")
    descriptors = np.zeros((len(points), 128), dtype="uint8")
    first = LocalFeatures(descriptors, np.pad(points, ((0, 0), (0, 2))))
    second = LocalFeatures(descriptors, np.pad(points * enlarged, ((0, 0), (0, 2))))
    matches = np.repeat(np.arange(len(points))[:, None], 2, axis=1)
    homography, explained = fit_homography(first, second, matches, MatchingRules())
    np.testing.assert_allclose(
        homography / homography[2, 2], np.diag([enlarged, enlarged, 1]), atol=1e-3
    )
    assert len(explained) == len(grid)


@pytest.mark.parametrize(
    ("homography", "expected"),
    [
        (np.eye(3), True),
        (np.diag([3.0, 3.0, 1.0]), True),
        (np.diag([-1.0, 1.0, 1.0]), False),  # a mirror image
        (np.diag([0.01, 0.01, 1.0]), False),  # all on one spot
        (np.diag([40.0, 40.0, 1.0]), False),
        (np.array([[1, 0, 0], [0, 1, 0], [-0.02, 0, 1.0]]), False),  # the horizon at x = 50
        (np.full((3, 3), np.nan), False),
    ],
)
def test_only_what_a_camera_can_see_is_believed(homography: np.ndarray, expected: bool) -> None:
    points = np.array([[0, 0], [100, 0], [0, 100], [100, 100]], dtype="float32")
    assert believable(homography, points, MatchingRules()) is expected
    assert not believable(homography, points[:0], MatchingRules())

"""Which pairs are believed."""

import numpy as np

from podium.retrieval.local_features import extract_features, no_features, pack_features
from podium.retrieval.pair_verification import inliers_of_pairs
from podium.retrieval.verified_neighbours import AcceptanceRules, accept_pairs, shortlisted_pairs
from podium.vision.synthetic_paintings import paint
from podium.vision.visitor_photos import simulate

RULES = AcceptanceRules(fewest_inliers=30, margin=2.0)


def test_each_shortlisted_pair_stands_once() -> None:
    shortlists = np.array([[1, 2], [0, -1], [2, 1]])
    assert shortlisted_pairs(shortlists) == [(0, 1), (0, 2), (1, 2)]


def test_a_clear_pair_is_accepted() -> None:
    assert accept_pairs({(0, 1): 60, (0, 2): 20}, RULES) == {(0, 1): 60}


def test_too_few_inliers_are_not() -> None:
    assert accept_pairs({(0, 1): 29}, RULES) == {}
    assert accept_pairs({(0, 1): 30}, RULES) == {(0, 1): 30}


def test_rivals_on_both_sides_forbid_a_pair() -> None:
    # 0 has the rival 2, and 1 has the rival 3; 2 and 3 have no other choice.
    inliers = {(0, 1): 60, (0, 2): 40, (1, 3): 45}
    assert accept_pairs(inliers, RULES) == {(0, 2): 40, (1, 3): 45}


def test_photos_without_a_rival_of_their_own_find_their_painting() -> None:
    # The painting 0 cannot choose between its photos, and need not.
    assert accept_pairs({(0, 1): 60, (0, 2): 40}, RULES) == {(0, 1): 60, (0, 2): 40}


def test_another_photo_of_the_same_painting_is_no_rival_and_believed_too() -> None:
    inliers = {(0, 1): 60, (0, 2): 50, (1, 2): 55, (0, 3): 20}
    assert accept_pairs(inliers, RULES) == {(0, 1): 60, (0, 2): 50, (1, 2): 55}
    # With strong rivals on either side the weakest of the three pairs is not.
    inliers |= {(0, 3): 29, (2, 4): 29}
    assert accept_pairs(inliers, RULES) == {(0, 1): 60, (1, 2): 55}


def test_photos_are_verified_with_their_paintings_on_any_number_of_threads() -> None:
    images = [paint(5, artist=artist, number=1, longest_side=256) for artist in range(3)]
    photos = [simulate(image, "viewpoint", 1, np.random.default_rng(1), 256) for image in images]
    features = [extract_features(image, most_keypoints=300) for image in images + photos]
    table = pack_features([*features, no_features()])
    pairs = [(a, b) for a in range(7) for b in range(a + 1, 7)]
    counts = inliers_of_pairs(table, table, pairs)
    np.testing.assert_array_equal(inliers_of_pairs(table, table, pairs, threads=2), counts)
    inliers = {pair: int(count) for pair, count in zip(pairs, counts, strict=True) if count}
    assert sorted(accept_pairs(inliers, RULES)) == [(0, 3), (1, 4), (2, 5)]

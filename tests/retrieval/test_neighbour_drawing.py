"""How far pairs are believed, and how that moves vectors and ranks."""

from dataclasses import replace

import numpy as np
import pytest

from podium.retrieval.neighbour_drawing import (
    DrawingRules,
    DrawnImages,
    draw_together,
    pairs_from,
    weigh_pairs,
)
from podium.retrieval.query_ranking import rank_queries
from podium.retrieval.verified_neighbours import AcceptanceRules

RULES = DrawingRules(
    AcceptanceRules(fewest_inliers=30, margin=2.0),
    doubtful=0.5,
    fewest_inliers=8,
    half_weight_inliers=0,
)


@pytest.fixture
def vectors():
    rows = np.random.default_rng(0).normal(size=(6, 16)).astype("float32")
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_an_accepted_pair_has_the_whole_weight():
    assert weigh_pairs({(0, 1): 60, (0, 2): 5}, RULES) == {(0, 1): 1.0}


def test_a_doubtful_pair_weighs_by_its_inliers_and_their_share():
    # 19 of 30 inliers, from 8 on: one half; seen from 1 it is the best there is.
    weights = weigh_pairs({(0, 1): 19, (0, 2): 38}, RULES)
    assert weights == {(0, 1): pytest.approx(0.5 * 0.5), (0, 2): 1.0}
    # Of 0 and 3 each has a better partner, 24 and 20, neither of them believed.
    weights = weigh_pairs({(0, 3): 15, (0, 1): 24, (2, 3): 20}, RULES)
    assert weights[0, 3] == pytest.approx(0.5 * 7 / 22 * 15 / 20)
    assert weigh_pairs({(0, 1): 8}, RULES) == {}


def test_more_inliers_weigh_more():
    graded = replace(RULES, half_weight_inliers=10)
    assert weigh_pairs({(0, 1): 30, (2, 3): 90}, graded) == {(0, 1): 0.75, (2, 3): 0.9}
    # A doubtful one weighs what it weighed before, times its evidence.
    assert weigh_pairs({(0, 1): 19}, graded)[0, 1] == pytest.approx(0.5 * 0.5 * 19 / 29)


def test_among_photos_of_one_painting_the_surest_comes_first(vectors):
    images = DrawnImages(vectors[:4], {(0, 1): 60}, replace(RULES, half_weight_inliers=10))
    found = [{0: 40, 1: 200}, {0: 200, 1: 40}]
    ranking = images.rank(vectors[4:], found, np.array([1, 0]))
    assert ranking.ranks.tolist() == [1, 1]
    assert (ranking.similarities[:, 0] > ranking.similarities[:, 1] + 1e-3).all()


def test_neighbours_come_closer_and_the_others_stay(vectors):
    drawn = draw_together(vectors, {(0, 3): 1.0, (3, 5): 0.5}, 0.5)
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1, atol=1e-6)
    for first, second in ((0, 3), (3, 5)):
        assert drawn[first] @ drawn[second] > vectors[first] @ vectors[second] + 0.1
    np.testing.assert_array_equal(drawn[[1, 2, 4]], vectors[[1, 2, 4]])


def test_strength_goes_from_nothing_to_one_vector(vectors):
    weights = {(0, 3): 1.0, (1, 2): 1.0}
    np.testing.assert_allclose(draw_together(vectors, weights, 0.0), vectors, atol=1e-7)
    whole = draw_together(vectors, weights, 1.0)
    np.testing.assert_allclose(whole[0], whole[3], atol=1e-6)
    assert whole[0] @ whole[1] < 0.99
    np.testing.assert_array_equal(draw_together(vectors, {}, 1.0), vectors)


def test_a_query_is_drawn_as_an_image_would_be(vectors):
    """Asked as a query, or as one more image: the same similarities."""
    images, query = vectors[:5], vectors[5:]
    among = {(0, 1): 60, (2, 3): 20}
    found = [{1: 19, 4: 40}]
    truth = np.array([4])
    ranking = DrawnImages(images, among, RULES).rank(query, found, truth, top=5)
    all_pairs = among | {(image, 5): count for image, count in found[0].items()}
    weights = weigh_pairs(all_pairs, RULES)
    drawn = draw_together(vectors, weights, RULES.strength)
    np.testing.assert_allclose(
        np.sort(ranking.similarities[0])[::-1], np.sort(drawn[:5] @ drawn[5])[::-1], atol=1e-6
    )
    assert ranking.ranks.tolist() == [1]


def test_queries_do_not_see_each_other(vectors):
    images = DrawnImages(vectors[:4], {}, RULES)
    both = images.rank(vectors[4:], [{0: 50}, {0: 50}], np.array([0, 0]))
    alone = images.rank(vectors[5:], [{0: 50}], np.array([0]))
    np.testing.assert_allclose(both.similarities[1], alone.similarities[0], atol=1e-6)


def test_without_any_pair_the_ranks_are_those_of_the_vectors(vectors):
    truth = np.array([0, 1])
    plain = rank_queries(vectors[4:], vectors[:4], truth)
    drawn = DrawnImages(vectors[:4], {}, RULES).rank(vectors[4:], [{}, {}], truth)
    np.testing.assert_array_equal(plain.ranks, drawn.ranks)
    np.testing.assert_array_equal(plain.top, drawn.top)


def test_pairs_without_an_inlier_are_left_out():
    columns = (np.array([0, 1]), np.array([2, 3]), np.array([0, 9]))
    assert pairs_from(*columns) == {(1, 3): 9}

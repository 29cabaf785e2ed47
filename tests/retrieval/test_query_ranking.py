"""Ranks of true images, and what stands first."""

import numpy as np
import pytest

from podium.retrieval.query_ranking import join_rankings, rank_queries, rank_similarities


def test_ranks_and_first_images_by_hand():
    similarities = np.array([[0.1, 0.9, 0.5], [0.5, 0.5, 0.2]], dtype="float32")
    found = rank_similarities(similarities, np.array([2, 1]), 2)
    assert found.ranks.tolist() == [2, 2]  # the tie counts against the query
    assert found.top.tolist() == [[1, 2], [0, 1]]
    np.testing.assert_allclose(found.similarities[0], [0.9, 0.5])


def test_blocks_give_what_one_gives():
    draw = np.random.default_rng(0)
    queries, images = (draw.normal(size=(n, 8)).astype("float32") for n in (700, 40))
    truth = draw.integers(40, size=700)
    found = rank_queries(queries, images, truth, top=40)
    order = np.argsort(-(queries @ images.T), axis=1, kind="stable")
    np.testing.assert_array_equal(found.top, order)
    np.testing.assert_array_equal(found.ranks, (order == truth[:, None]).argmax(axis=1) + 1)


def test_without_a_query_there_is_no_ranking():
    with pytest.raises(ValueError, match="no query"):
        join_rankings([])

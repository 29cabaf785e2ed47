"""An image on its side is turned towards its neighbour, and only where a margin says so."""

import numpy as np

from podium.retrieval.turned_views import take_turns, turns_of_images, turns_of_queries


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype("float32")


def drawn_views(images, seed=0, dimensions=64):
    """Views under four turns that have nothing in common, as of an encoder that knows up."""
    return unit(np.random.default_rng(seed).normal(size=(images, 4, dimensions)))


def with_copy(views, original, turn):
    """One more image: a copy of another, turned, so that its views are the other's, shifted."""
    return np.concatenate([views, np.roll(views[original], -turn, axis=0)[None]])


def test_a_turned_copy_meets_its_original():
    views = with_copy(with_copy(drawn_views(30), 4, 1), 9, 2)
    turns = turns_of_images(views, 0.2)
    vectors = take_turns(views, turns)
    assert vectors[4] @ vectors[30] > 0.999
    assert vectors[9] @ vectors[31] > 0.999
    # One of each pair has turned, by what its copy had been turned back; nobody else has.
    assert sorted(np.flatnonzero(turns)) == [4, 9]
    assert turns[[4, 9]].tolist() == [1, 2]


def test_a_turn_needs_its_margin():
    views = with_copy(drawn_views(30), 4, 1)
    gain = 1 - np.sort(views[4, 0] @ views[:30, 0].T)[-2]
    assert turns_of_images(views, float(gain) + 0.05).sum() == 0
    assert turns_of_images(drawn_views(30), 0.5).sum() == 0


def test_of_three_in_a_row_the_middle_one_stays():
    """Two copies of one image, turned differently: both turn to it, or it to one of them."""
    views = with_copy(with_copy(drawn_views(30), 4, 1), 4, 3)
    vectors = take_turns(views, turns_of_images(views, 0.2))
    near = (vectors[[4, 30, 31]] @ vectors[[4, 30, 31]].T > 0.999).sum()
    assert near >= 5  # each with itself, and at least one pair


def test_a_query_turns_towards_the_images_which_stay():
    images = drawn_views(30)
    queries = np.stack([np.roll(images[7], -3, axis=0), drawn_views(1, seed=5)[0], images[2]])
    turns = turns_of_queries(queries, np.ascontiguousarray(images[:, 0]), 0.3)
    assert turns.tolist() == [1, 0, 0]
    assert take_turns(queries, turns)[0] @ images[7, 0] > 0.999

"""Places of vectors on a plane."""

import numpy as np

from podium.common.embedding_map import embedding_map


def clusters():
    """Two far clusters of 20 rows each."""
    generator = np.random.default_rng(1)
    centres = np.repeat([[10.0, 0, 0, 0], [0, 10, 0, 0]], 20, axis=0)
    sides = [(centres + generator.normal(size=(40, 4))).astype(np.float32) for _ in range(2)]
    return np.concatenate(sides, axis=1)


def test_neighbours_stay_neighbours_on_the_map():
    places = embedding_map(clusters(), 100, 5)
    assert places.shape == (40, 2) and places.dtype == np.float32
    distance = np.linalg.norm(places[:, None] - places, axis=2) + 1e9 * np.eye(40)
    nearest = distance.argmin(axis=1)
    assert (nearest // 20 == np.arange(40) // 20).all()
    assert places.tobytes() == embedding_map(clusters(), 100, 5).tobytes()


def test_of_many_rows_some_are_drawn_and_few_have_no_map():
    places = embedding_map(clusters(), 15, 5)
    known = ~np.isnan(places).any(axis=1)
    assert known.sum() == 15
    other = ~np.isnan(embedding_map(clusters(), 15, 6)).any(axis=1)
    assert not np.array_equal(known, other)
    assert np.isnan(embedding_map(clusters()[:9], 100, 5)).all()


def test_equal_rows_have_no_map_and_a_line_has_one():
    assert np.isnan(embedding_map(np.ones((12, 3), np.float32), 100, 5)).all()
    line = np.repeat(np.arange(6.0), 2)[:, None].astype(np.float32)
    assert np.isfinite(embedding_map(line, 100, 5)).all()

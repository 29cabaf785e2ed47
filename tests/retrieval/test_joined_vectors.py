"""Blocks of several encoders, whitened and joined."""

import numpy as np
import pytest

from podium.retrieval.joined_vectors import JoinedVectors


def blocks(rows=60):
    draw = np.random.default_rng(1)
    return {
        name: draw.normal(size=(rows, width)).astype("float32")
        for name, width in (("a", 20), ("b", 12))
    }


def test_single_and_joined_vectors_have_unit_length_and_the_asked_dimensions():
    joining = JoinedVectors({"a": 1.0, "b": 0.5}, dimensions=8, block_dimensions=16)
    single, joined = joining.fit(blocks()).transform(blocks())
    for found in (*single.values(), joined):
        assert found.shape == (60, 8)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_one_block_alone_is_the_joined_vector():
    joining = JoinedVectors({"a": 1.0, "b": 0.0}, dimensions=8)
    single, joined = joining.fit(blocks()).transform(blocks())
    np.testing.assert_array_equal(joined, single["a"])


def test_a_weight_says_how_much_a_block_counts():
    data = blocks()

    def likeness(weight):
        joining = JoinedVectors({"a": 1.0, "b": weight}, dimensions=None)
        single, joined = joining.fit(data).transform(data)
        pair = np.triu_indices(60, 1)
        cosines = [(vectors @ vectors.T)[pair] for vectors in (joined, single["b"])]
        return np.corrcoef(*cosines)[0, 1]

    assert likeness(2.0) > likeness(0.5) + 0.1


def test_without_a_weight_there_is_nothing_to_join():
    with pytest.raises(ValueError, match="weight above 0"):
        JoinedVectors({"a": 0.0})

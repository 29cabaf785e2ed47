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


def test_without_a_number_of_dimensions_none_is_given_up():
    data = blocks()  # of 20 and 12 numbers, both more than a block is reduced to
    full = JoinedVectors({"a": 1.0, "b": 0.5}, dimensions=None, block_dimensions=4).fit(data)
    single, joined = full.transform(data)
    assert {name: block.shape[1] for name, block in single.items()} == {"a": 20, "b": 12}
    assert joined.shape[1] == 32
    some = JoinedVectors({"a": 1.0, "b": 0.5}, dimensions=14, block_dimensions=4).fit(data)
    single, joined = some.transform(data)
    assert {name: block.shape[1] for name, block in single.items()} == {"a": 14, "b": 12}
    assert joined.shape[1] == 14
    few = JoinedVectors({"a": 1.0, "b": 0.5}, dimensions=3, block_dimensions=4).fit(data)
    _, joined = few.transform(data)
    assert joined.shape[1] == 3


def test_a_block_that_tells_no_image_apart_leaves_the_others_as_they_are():
    data = blocks() | {"same": np.ones((60, 7), dtype="float32")}
    one = np.zeros((60, 7), dtype="float32")
    one[4] = 2
    data["of one image"] = one
    weights = {"a": 1.0, "same": 1.0, "of one image": 1.0}
    single, joined = JoinedVectors(weights, dimensions=8).fit(data).transform(data)
    np.testing.assert_allclose(single["same"], np.ones((60, 1)), rtol=1e-6)
    np.testing.assert_array_equal(single["of one image"][:, 0], np.arange(60) == 4)
    assert joined.shape == (60, 8) and np.isfinite(joined).all()


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


def test_of_a_block_with_turns_the_matching_one_is_taken():
    draw = np.random.default_rng(3)
    turned = draw.normal(size=(60, 4, 300)).astype("float32")
    turned[59] = np.roll(turned[5], -1, axis=0)  # a copy of image 5 on its side
    joining = JoinedVectors({"a": 1.0}, dimensions=None, turn_margin=0.7).fit({"a": turned[:59]})
    single, joined = joining.transform({"a": turned})
    assert joined[5] @ joined[59] > 0.999
    plain = JoinedVectors({"a": 1.0}, dimensions=None).fit({"a": turned[:59, 0]})
    others = np.delete(np.arange(59), 5)
    upright, _ = plain.transform({"a": turned[others, 0]})
    np.testing.assert_allclose(joined[others], upright["a"], atol=1e-6)
    asked, _ = joining.transform({"a": turned[59:]}, {"a": single["a"][:59]})
    assert (single["a"][:59] @ asked["a"][0]).argmax() == 5

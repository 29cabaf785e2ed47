"""Vectors on their way through a CSV file."""

import numpy as np

from podium.retrieval.fallback_vectors import fill_zero_rows
from podium.retrieval.vector_table import VectorTable, read_vectors


def test_a_file_gives_the_same_bits_and_so_the_same_cosines(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(3000, 7)).astype("float32")
    vectors[0, :3] = [1e-30, -3.4e38, 0]
    names = [f"bild, {number}.jpg" for number in range(3000)]
    VectorTable(np.arange(3000), names, vectors).write_csv(tmp_path / "table.csv")
    read = read_vectors(tmp_path / "table.csv")
    assert read.vectors.tobytes() == vectors.tobytes() and list(read.names) == names
    first = (tmp_path / "table.csv").read_text().splitlines()[0]
    assert first == "ID,image_name," + ",".join(f"feature_{number}" for number in range(7))


def test_a_feature_may_begin_with_whole_numbers(tmp_path):
    """So many of them that a reader that judges by a first part of the file sees no others."""
    vectors = np.ones((200_000, 2), dtype="float32")
    vectors[-1] = [0.5, 1e-7]
    names = [f"{number}.jpg" for number in range(len(vectors))]
    VectorTable(np.arange(len(vectors)), names, vectors).write_csv(tmp_path / "table.csv")
    whole = (tmp_path / "table.csv").read_text().replace("1.0,1.0", "1,1")
    (tmp_path / "table.csv").write_text(whole)
    assert read_vectors(tmp_path / "table.csv").vectors.tobytes() == vectors.tobytes()


def test_rows_without_content_get_a_vector_of_their_name():
    vectors = np.zeros((3, 64), dtype="float32")
    vectors[1, 0] = 1
    filled, count = fill_zero_rows(vectors, ["a", "b", "c"], 1)
    assert count == 2 and not vectors[0].any()
    np.testing.assert_allclose(np.linalg.norm(filled, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(filled[1], vectors[1])
    assert abs(filled[0] @ filled[2]) < 0.5
    again, _ = fill_zero_rows(vectors[::-1].copy(), ["c", "b", "a"], 1)
    np.testing.assert_array_equal(again[::-1], filled)
    same, none = fill_zero_rows(filled, ["a", "b", "c"], 1)
    assert none == 0 and same is filled

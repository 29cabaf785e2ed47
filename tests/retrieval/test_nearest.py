"""The nearest vectors are those of a plain double loop, ties and all, on any number of threads."""

import faiss
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from podium.retrieval import nearest
from podium.retrieval.nearest import exact_top_k, inner_products


def plain_top_k(
    queries: np.ndarray, gallery: np.ndarray, k: int, exclude: np.ndarray | None = None
) -> np.ndarray:
    rows = []
    for number, query in enumerate(queries.astype("float64")):
        near = [
            (-float((query * other).sum()), index)
            for index, other in enumerate(gallery.astype("float64"))
            if exclude is None or exclude[number] != index
        ]
        rows.append([index for _, index in sorted(near)[:k]])
    return np.array(rows)


@pytest.fixture
def gallery() -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(150, 16)).astype("float32")
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("block", [7, 1024])
@pytest.mark.parametrize("k", [1, 10, 145])
def test_equals_a_plain_double_loop(gallery: np.ndarray, k: int, block: int) -> None:
    queries = gallery[::5] + np.float32(0.1)
    found = exact_top_k(queries, gallery, k, block=block)
    np.testing.assert_array_equal(found, plain_top_k(queries, gallery, k))
    assert found.dtype == np.int64


def test_inner_products_are_those_of_the_named(gallery: np.ndarray) -> None:
    queries = gallery[::5] + np.float32(0.1)
    found = exact_top_k(queries, gallery, 12)
    products = inner_products(queries, gallery, found)
    expected = np.take_along_axis(queries.astype("float64") @ gallery.T, found, axis=1)
    np.testing.assert_allclose(products, expected, atol=1e-7)
    assert products.dtype == np.float32
    assert (np.diff(products, axis=1) <= 0).all()


@pytest.mark.parametrize("k", [3, 149, 150, 400])
def test_its_own_index_is_left_out(gallery: np.ndarray, k: int) -> None:
    own = np.arange(150)
    found = exact_top_k(gallery, gallery, k, exclude=own, block=64)
    assert found.shape == (150, min(k, 149))
    np.testing.assert_array_equal(found, plain_top_k(gallery, gallery, k, own))


def test_a_negative_index_leaves_nothing_out(gallery: np.ndarray) -> None:
    none = np.full(150, -1)
    found = exact_top_k(gallery, gallery, 150, exclude=none)
    np.testing.assert_array_equal(found[:, 0], np.arange(150))
    none[3] = 3
    mixed = exact_top_k(gallery, gallery, 2, exclude=none)
    np.testing.assert_array_equal(mixed[4:], found[4:, :2])
    np.testing.assert_array_equal(mixed[3], found[3, 1:3])


def test_of_equal_similarities_the_smaller_index_is_first(gallery: np.ndarray) -> None:
    # Each vector thirty times, out of order: many more ties than there are spare candidates.
    copies = np.random.default_rng(1).permutation(np.repeat(np.arange(5), 30))
    repeated = gallery[copies]
    queries = gallery[:40]
    for k in (4, 31, 70):
        found = exact_top_k(queries, repeated, k)
        np.testing.assert_array_equal(found, plain_top_k(queries, repeated, k))
    found = exact_top_k(np.zeros((2, 16)), repeated, 3, exclude=np.array([1, -1]))
    np.testing.assert_array_equal(found, [[0, 2, 3], [0, 1, 2]])


def test_finds_what_single_precision_hides() -> None:
    # The last differs from the others by less than the rounding of a sum near 4096.
    gallery = np.zeros((40, 3), dtype="float32")
    gallery[:, 0] = 4096
    gallery[39, 1] = 1e-4
    found = exact_top_k(np.ones((1, 3)), gallery, 2)
    np.testing.assert_array_equal(found, [[39, 0]])


def test_same_answer_on_any_number_of_threads_and_in_any_blocks() -> None:
    vectors = np.random.default_rng(2).normal(size=(600, 128)).astype("float32")
    answers = []
    for threads, block in ((1, 1024), (2, 1024), (2, 33)):
        with threadpool_limits(threads):
            faiss.omp_set_num_threads(threads)
            answers.append(exact_top_k(vectors, vectors, 20, block=block))
    assert answers[1].tobytes() == answers[2].tobytes() == answers[0].tobytes()


def test_candidates_are_weighed_in_parts(
    gallery: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = np.repeat(gallery[:50], 3, axis=0)
    whole = exact_top_k(copies, copies, 20)
    values = inner_products(copies, copies, whole)
    monkeypatch.setattr(nearest, "_VALUES_AT_ONCE", 50)
    monkeypatch.setattr(nearest, "_CANDIDATES_AT_ONCE", 400)
    parts = exact_top_k(copies, copies, 20)
    assert whole.tobytes() == parts.tobytes()
    assert values.tobytes() == inner_products(copies, copies, parts).tobytes()


def test_nothing_to_find(gallery: np.ndarray) -> None:
    assert exact_top_k(gallery[:0], gallery, 3).shape == (0, 3)
    assert exact_top_k(gallery, gallery[:0], 3).shape == (150, 0)
    assert exact_top_k(gallery[:1], gallery[:1], 3, exclude=np.array([0])).shape == (1, 0)


def test_refuses_what_does_not_fit(gallery: np.ndarray) -> None:
    for arguments, options, message in (
        ((gallery, gallery, 0), {}, "positive"),
        ((gallery, gallery, 1), {"block": 0}, "positive"),
        ((gallery, gallery[:, :3], 1), {}, "16 and a gallery of 3"),
        ((gallery, gallery, 1), {"exclude": np.arange(3)}, "one index"),
        ((gallery, gallery, 1), {"exclude": np.full(150, 150)}, "one index"),
        ((gallery * np.nan, gallery, 1), {}, "not finite"),
        ((gallery, gallery * np.inf, 1), {}, "not finite"),
    ):
        with pytest.raises(ValueError, match=message):
            exact_top_k(*arguments, **options)


@pytest.mark.parametrize("k", [1, 7, 60])
@pytest.mark.parametrize("block", [17, 64, 8192])
def test_a_gallery_that_asks_itself_is_answered_as_by_others(k: int, block: int) -> None:
    rng = np.random.default_rng(4)
    once = rng.normal(size=(90, 8)).astype("float32")
    # Some three times: of equal ones the smaller index is first, whatever is excluded.
    vectors = np.concatenate([once, once[:30], once[:30]])
    exclude = rng.integers(-1, len(vectors), len(vectors))
    others = exact_top_k(vectors.copy(), vectors, k, exclude=exclude, block=block)
    np.testing.assert_array_equal(
        exact_top_k(vectors, vectors, k, exclude=exclude, block=block), others
    )
    np.testing.assert_array_equal(others, plain_top_k(vectors, vectors, k, exclude))

"""Whitened components have equal variance; few rows, many rows and odd rows are all served."""

import pickle

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from podium.retrieval.whitening import PcaWhitening, join_blocks, unit_rows


@pytest.fixture
def vectors() -> np.ndarray:
    rng = np.random.default_rng(3)
    return (rng.normal(size=(300, 12)) @ rng.normal(size=(12, 12)) + 2).astype("float32")


def whiten_plainly(vectors: np.ndarray, count: int, shrinkage: float) -> np.ndarray:
    """By the singular values of the centred rows, all in double precision."""
    centred = vectors.astype("float64") - vectors.astype("float64").mean(axis=0)
    _, singular, axes = np.linalg.svd(centred, full_matrices=False)
    variances = singular[:count] ** 2 / (len(vectors) - 1)
    axes = axes[:count]
    axes = axes * np.sign(axes[np.arange(count), np.abs(axes).argmax(axis=1)])[:, None]
    damped = (1 - shrinkage) * variances + shrinkage * variances.mean()
    projected = centred @ axes.T / np.sqrt(damped)
    return projected / np.linalg.norm(projected, axis=1, keepdims=True)


@pytest.mark.parametrize("shape", [(300, 12), (12, 300)], ids=["many rows", "few rows"])
@pytest.mark.parametrize("shrinkage", [0.0, 0.3, 1.0])
def test_equals_a_plain_singular_value_decomposition(
    shape: tuple[int, int], shrinkage: float
) -> None:
    vectors = np.random.default_rng(1).gamma(1.0, size=shape).astype("float32")
    whitening = PcaWhitening(5, shrinkage).fit(vectors)
    expected = whiten_plainly(vectors, 5, shrinkage)
    assert whitening.kept == 5
    np.testing.assert_allclose(whitening.transform(vectors), expected, atol=2e-5)


def test_a_case_worked_by_hand() -> None:
    # Variances 6 and 1.5 along the axes, mean (1, 1).
    vectors = np.array([[4, 1], [-2, 1], [1, 2.5], [1, -0.5]]) + 0.0
    whitening = PcaWhitening(None, shrinkage=0.0).fit(vectors)
    np.testing.assert_allclose(whitening.variances, [6, 1.5])
    white = whitening.transform(np.array([[3, 2], [3, 1], [1, 0]]))
    # (2, 1) divided by (sqrt 6, sqrt 1.5) is a multiple of (1, 1).
    np.testing.assert_allclose(white, [[0.5**0.5, 0.5**0.5], [1, 0], [0, -1]], atol=1e-6)
    # Halfway to the mean variance: 4.875 and 2.625.
    half = PcaWhitening(None, shrinkage=0.5).fit(vectors).transform(np.array([[3, 2]]))
    np.testing.assert_allclose(half[0, 0] / half[0, 1], 2 * np.sqrt(2.625 / 4.875), rtol=1e-5)


def test_keeps_no_more_components_than_the_rows_have(vectors: np.ndarray) -> None:
    assert PcaWhitening(512).fit(vectors).kept == 12
    assert PcaWhitening(512).fit(vectors[:6]).kept == 5
    assert PcaWhitening(None).fit(vectors[:6]).transform(vectors).shape == (300, 5)
    twice = np.concatenate([vectors[:4], vectors[:4]])
    assert PcaWhitening(None).fit(twice).kept == 3
    flat = np.concatenate([vectors, vectors[:, :3]], axis=1)
    assert PcaWhitening(None).fit(flat).kept == 12


def test_a_zero_row_is_left_out_and_stays_zero(vectors: np.ndarray) -> None:
    mixed = np.concatenate([vectors[:100], np.zeros((50, 12), "float32"), vectors[100:]])
    white = PcaWhitening(6).fit(mixed).transform(mixed)
    assert not white[100:150].any()
    filled = np.delete(white, np.s_[100:150], axis=0)
    np.testing.assert_allclose(filled, PcaWhitening(6).fit(vectors).transform(vectors), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(filled, axis=1), 1, atol=1e-6)


def test_same_bytes_on_any_number_of_threads_and_after_pickling() -> None:
    vectors = np.random.default_rng(5).normal(size=(700, 400)).astype("float32")
    outputs = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            whitening = PcaWhitening(64).fit(vectors)
            outputs.append(whitening.transform(vectors).tobytes())
    outputs.append(pickle.loads(pickle.dumps(whitening)).transform(vectors).tobytes())
    assert len(set(outputs)) == 1


def test_large_tables_are_worked_on_in_parts(
    vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = np.ascontiguousarray(vectors.T)
    whole = [PcaWhitening(4).fit(v).transform(v) for v in (vectors, wide)]
    monkeypatch.setattr("podium.retrieval.whitening._VALUES_AT_ONCE", 80)
    parts = [PcaWhitening(4).fit(v).transform(v) for v in (vectors, wide)]
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_refuses_what_is_not_finite(vectors: np.ndarray, bad: float) -> None:
    whitening = PcaWhitening(4).fit(vectors)
    vectors[7, 3] = bad
    for refuse in (PcaWhitening().fit, whitening.transform, lambda v: join_blocks([v], [1])):
        with pytest.raises(ValueError, match="row 7 has a value that is not finite"):
            refuse(vectors)


@pytest.mark.parametrize("rows", [1, 9])
def test_of_rows_that_do_not_differ_what_they_have_in_common_is_kept(rows: int) -> None:
    known = np.tile(np.array([3.0, 0.0, 4.0]), (rows, 1))
    known = np.vstack([np.zeros(3), known])
    whitening = PcaWhitening().fit(known)
    assert whitening.kept == 1 and whitening.variances.tolist() == [1]
    # The cosine's sign with the common vector; nothing of what is at right angles to it.
    others = np.array([[6.0, 0, 8], [-1, 5, 0], [0, 0, 0], [0, 1, 0]])
    np.testing.assert_allclose(whitening.transform(known[1:]), np.ones((rows, 1)))
    assert whitening.transform(others).tolist() == [[1], [-1], [0], [0]]


def test_refuses_what_cannot_be_whitened(vectors: np.ndarray) -> None:
    with pytest.raises(ValueError, match="all zero"):
        PcaWhitening().fit(np.zeros((9, 4)))
    with pytest.raises(ValueError, match="less than rounding"):
        PcaWhitening().fit(np.eye(4) * 1e-200)
    with pytest.raises(ValueError, match="3 dimensions, learned from 12"):
        PcaWhitening().fit(vectors).transform(vectors[:, :3])
    with pytest.raises(ValueError, match="shape"):
        PcaWhitening().fit(vectors[0])
    with pytest.raises(ValueError, match="dimensions must be positive"):
        PcaWhitening(0)
    with pytest.raises(ValueError, match="shrinkage"):
        PcaWhitening(shrinkage=1.5)


def test_joined_blocks_are_of_unit_length_times_their_weight() -> None:
    first = np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 1e-30]])
    second = np.array([[0, 7], [2, 0], [0, 0]])
    joined = join_blocks([first, second], [1, 0.5])
    expected = [[0.6, 0.8, 0, 0.5], [0, 0, 0.5, 0], [0, 1, 0, 0]]
    np.testing.assert_allclose(joined, expected, atol=1e-7)
    assert joined.dtype == np.float32


def test_refuses_blocks_that_do_not_fit() -> None:
    block = np.ones((2, 3))
    for blocks, weights, message in (
        ([], [], "0 blocks"),
        ([block], [1, 2], "1 blocks and 2 weights"),
        ([block, block[:1]], [1, 1], "2, 1 rows"),
        ([block], [-1], "not negative"),
        ([block], [np.nan], "finite"),
    ):
        with pytest.raises(ValueError, match=message):
            join_blocks(blocks, weights)


def test_unit_rows_of_extreme_numbers() -> None:
    rows = np.array([[3e-40, 4e-40], [3e38, 0], [0, 0]], dtype="float32")
    np.testing.assert_allclose(unit_rows(rows), [[0.6, 0.8], [1, 0], [0, 0]], atol=1e-4)
    assert unit_rows(np.empty((0, 4))).shape == (0, 4)

"""VLAD is the sum of residuals that a plain loop over keypoints gives, and holds for odd tables."""

import pickle
from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from podium.retrieval.codebook import TooFewKeypointsError
from podium.retrieval.local_features import LocalFeatures, LocalFeatureTable, pack_features
from podium.retrieval.vlad import VladEncoder, raise_to_power, sum_by_cell

COUNTS = (40, 0, 70, 1, 0, 90, 55)


@pytest.fixture(scope="module")
def table() -> LocalFeatureTable:
    rng = np.random.default_rng(4)
    centres = rng.integers(0, 120, size=(6, 128))
    images = []
    for count in COUNTS:
        noise = rng.normal(scale=20, size=(count, 128))
        descriptors = np.clip(centres[rng.integers(6, size=count)] + noise, 0, 255)
        images.append(LocalFeatures(descriptors.astype("uint8"), np.zeros((count, 4), "float32")))
    return pack_features(images)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = LocalFeatureTable.blocks

    def small(self: LocalFeatureTable, keypoints: int = 0) -> Iterator[tuple[int, int]]:
        return blocks(self, 60)

    monkeypatch.setattr(LocalFeatureTable, "blocks", small)


def encode_plainly(
    table: LocalFeatureTable, centres: np.ndarray, axes: np.ndarray | None, power: float
) -> np.ndarray:
    rows = []
    for image in range(len(table)):
        sums = np.zeros(centres.shape)
        for root in table.roots(image, image + 1).astype("float64"):
            point = root if axes is None else (root - axes[0]) @ axes[1:].T
            word = int(np.argmin(((centres - point) ** 2).sum(axis=1)))
            sums[word] += point - centres[word]
        for word in sums:
            word /= np.linalg.norm(word) or 1  # noqa: PLW2901
        row = np.sign(sums.ravel()) * np.abs(sums.ravel()) ** power
        rows.append(row / (np.linalg.norm(row) or 1))
    return np.array(rows)


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_equals_a_plain_loop(table: LocalFeatureTable, power: float) -> None:
    encoder = VladEncoder(5, power=power).fit(table)
    vectors = encoder.encode(table)
    expected = encode_plainly(table, encoder.centres.astype("float64"), None, power)
    assert vectors.shape == (len(COUNTS), 5 * 128) == (len(COUNTS), encoder.dimensions)
    assert vectors.dtype == np.float32
    # A number of the sums that is nearly zero differs by more after its root.
    np.testing.assert_allclose(vectors, expected, atol=2e-3 if power < 1 else 1e-5)


def test_equals_a_plain_loop_on_principal_components(table: LocalFeatureTable) -> None:
    encoder = VladEncoder(5, components=8, power=1.0).fit(table)
    roots = table.roots(0, len(table)).astype("float64")
    mean = roots.mean(axis=0)
    axes = np.linalg.svd(roots - mean, full_matrices=False)[2][:8]
    axes *= np.sign(axes[np.arange(8), np.abs(axes).argmax(axis=1)])[:, None]
    expected = encode_plainly(
        table, encoder.centres.astype("float64"), np.vstack([mean, axes]), power=1.0
    )
    np.testing.assert_allclose(encoder.encode(table), expected, atol=1e-4)


def test_images_without_a_keypoint_are_zero_and_others_of_length_one(
    table: LocalFeatureTable,
) -> None:
    vectors = VladEncoder(4, components=16).fit(table).encode(table)
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(lengths, [float(count > 0) for count in COUNTS], atol=1e-6)
    encoder = VladEncoder(4).fit(table)
    assert not encoder.encode(table.take([1, 4])).any()
    assert encoder.encode(table.take([])).shape == (0, 4 * 128)


@pytest.mark.usefixtures("small_blocks")
def test_blocks_give_what_single_images_give(table: LocalFeatureTable) -> None:
    encoder = VladEncoder(4, components=16).fit(table)
    assert len(list(table.blocks())) > 3
    singles = [encoder.encode(table.take([image])) for image in range(len(table))]
    np.testing.assert_allclose(encoder.encode(table), np.concatenate(singles), atol=1e-4)


def test_same_bytes_on_any_number_of_threads_and_after_pickling(table: LocalFeatureTable) -> None:
    outputs = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            encoder = VladEncoder(8, components=32, seed=3).fit(table)
            outputs.append(encoder.encode(table, threads=threads).tobytes())
    outputs.append(pickle.loads(pickle.dumps(encoder)).encode(table).tobytes())
    assert len(set(outputs)) == 1
    other = VladEncoder(8, components=32, seed=4).fit(table).encode(table)
    assert other.tobytes() != outputs[0]


def test_few_keypoints_give_fewer_words_and_none_an_error(table: LocalFeatureTable) -> None:
    few = table.take([0])
    assert len(VladEncoder(64).fit(few).centres) == 2
    with pytest.raises(TooFewKeypointsError, match="too few for a visual word"):
        VladEncoder(64).fit(table.take([1, 3]))
    with pytest.raises(TooFewKeypointsError, match="40 keypoints are too few for 64 components"):
        VladEncoder(2, components=64).fit(few)


@pytest.mark.parametrize(
    "settings",
    [{"words": 0}, {"components": 0}, {"components": 129}, {"power": 0.0}, {"power": 1.1}],
)
def test_refuses_numbers_out_of_range(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        VladEncoder(**settings)


def test_rows_are_summed_by_cell() -> None:
    values = np.array([[1, 2], [3, 4], [5, 6], [7, 8]], dtype="float32")
    sums = sum_by_cell(values, np.array([3, 1, 3, 0]), 5)
    np.testing.assert_array_equal(sums, [[7, 8], [3, 4], [0, 0], [6, 8], [0, 0]])
    assert not sum_by_cell(values[:0], np.empty(0, "int64"), 2).any()


def test_powers_keep_the_sign() -> None:
    values = np.array([-4.0, 0.0, 9.0], dtype="float32")
    np.testing.assert_array_equal(raise_to_power(values, 0.5), [-2, 0, 3])

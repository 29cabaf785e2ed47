"""Fisher vectors are the gradients that a plain loop gives, and that finite differences give."""

import pickle

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from podium.retrieval import fisher
from podium.retrieval.codebook import TooFewKeypointsError
from podium.retrieval.fisher import FisherEncoder
from podium.retrieval.local_features import LocalFeatures, LocalFeatureTable, pack_features

COUNTS = (60, 0, 1, 90, 45)
WORDS, COMPONENTS = 3, 5


@pytest.fixture(scope="module")
def table() -> LocalFeatureTable:
    rng = np.random.default_rng(6)
    centres = rng.integers(0, 120, size=(4, 128))
    images = []
    for count in COUNTS:
        noise = rng.normal(scale=30, size=(count, 128))
        descriptors = np.clip(centres[rng.integers(4, size=count)] + noise, 0, 255)
        images.append(LocalFeatures(descriptors.astype("uint8"), np.zeros((count, 4), "float32")))
    return pack_features(images)


@pytest.fixture(scope="module")
def encoder(table: LocalFeatureTable) -> FisherEncoder:
    return FisherEncoder(WORDS, COMPONENTS, power=1.0).fit(table)


def log_likelihood(
    points: np.ndarray, weights: np.ndarray, means: np.ndarray, deviations: np.ndarray
) -> float:
    standard = (points[:, None] - means) / deviations
    density = weights * np.exp(-0.5 * (standard**2).sum(axis=2)) / deviations.prod(axis=1)
    return float(np.log(density.sum(axis=1)).sum())


def test_equals_the_gradients_of_the_likelihood(
    table: LocalFeatureTable, encoder: FisherEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fisher, "_LEAST_POSTERIOR", 0.0)
    weights, means = encoder.mixture.weights_, encoder.mixture.means_
    deviations = np.sqrt(encoder.mixture.covariances_)
    points = encoder._projection.apply(table.roots(3, 4)).astype("float64")
    step = 1e-6
    gradients = np.zeros((2, WORDS, COMPONENTS))
    for index in np.ndindex(WORDS, COMPONENTS):
        shift = np.zeros((WORDS, COMPONENTS))
        shift[index] = step * deviations[index]
        by_mean = [log_likelihood(points, weights, means + s * shift, deviations) for s in (1, -1)]
        by_size = [log_likelihood(points, weights, means, deviations + s * shift) for s in (1, -1)]
        # Scaled by the closed form of the Fisher information of means and deviations.
        gradients[0][index] = (by_mean[0] - by_mean[1]) / (2 * step) / np.sqrt(weights[index[0]])
        gradients[1][index] = (by_size[0] - by_size[1]) / (2 * step)
        gradients[1][index] /= np.sqrt(2 * weights[index[0]])
    expected = gradients.ravel() / np.linalg.norm(gradients)
    np.testing.assert_allclose(encoder.encode(table)[3], expected, atol=1e-4)


def test_small_posteriors_are_dropped_and_powers_taken(
    table: LocalFeatureTable, encoder: FisherEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    posteriors = np.array([[0.9995, 0.0005, 0.0], [0.5, 0.25, 0.25]])
    kept = fisher._sparse_posteriors(posteriors)
    np.testing.assert_allclose(kept, [[1, 0, 0], [0.5, 0.25, 0.25]])
    plain = encoder.encode(table)
    monkeypatch.setattr(encoder, "power", 0.5)
    rooted = np.sign(plain) * np.sqrt(np.abs(plain))
    lengths = np.maximum(np.linalg.norm(rooted, axis=1, keepdims=True), 1e-9)
    np.testing.assert_allclose(encoder.encode(table), rooted / lengths, atol=1e-5)


def test_images_without_a_keypoint_are_zero_and_others_of_length_one(
    table: LocalFeatureTable, encoder: FisherEncoder
) -> None:
    vectors = encoder.encode(table)
    assert vectors.shape == (5, 2 * WORDS * COMPONENTS) == (5, encoder.dimensions)
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(lengths, [float(count > 0) for count in COUNTS], atol=1e-6)
    assert encoder.encode(table.take([])).shape == (0, 30)


def test_blocks_give_what_the_whole_gives(
    table: LocalFeatureTable, encoder: FisherEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = encoder.encode(table)
    monkeypatch.setattr(fisher, "_KEYPOINTS_AT_ONCE", 50)
    np.testing.assert_allclose(encoder.encode(table), whole, atol=1e-5)


def test_same_bytes_on_any_number_of_threads_and_after_pickling(table: LocalFeatureTable) -> None:
    outputs = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            encoder = FisherEncoder(4, 16, seed=1).fit(table)
            outputs.append(encoder.encode(table, threads=threads).tobytes())
    outputs.append(pickle.loads(pickle.dumps(encoder)).encode(table).tobytes())
    assert len(set(outputs)) == 1
    other = FisherEncoder(4, 16, seed=2).fit(table).encode(table)
    assert other.tobytes() != outputs[0]


def test_the_mixture_fits_better_than_its_start(table: LocalFeatureTable) -> None:
    roots = table.roots(0, len(table))
    scores = []
    for iterations in (1, 50):
        encoder = FisherEncoder(4, 8, iterations=iterations).fit(table)
        scores.append(encoder.mixture.score(encoder._projection.apply(roots)))
    assert scores[1] >= scores[0]
    assert len(FisherEncoder(4, None).fit(table).mixture.means_) == 4


def test_few_keypoints_give_fewer_words_and_none_an_error(table: LocalFeatureTable) -> None:
    assert len(FisherEncoder(64, 4).fit(table.take([0])).mixture.means_) == 3
    with pytest.raises(TooFewKeypointsError, match="too few for a visual word"):
        FisherEncoder(2, None).fit(table.take([1, 2]))
    with pytest.raises(TooFewKeypointsError, match="60 keypoints are too few for 64 components"):
        FisherEncoder(2, 64).fit(table.take([0]))


@pytest.mark.parametrize(
    "settings",
    [{"words": 0}, {"components": 0}, {"components": 129}, {"power": 0.0}, {"iterations": 0}],
)
def test_refuses_numbers_out_of_range(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        FisherEncoder(**settings)

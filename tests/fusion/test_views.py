"""Features of pairs, learned from training rows only."""

import numpy as np
import pytest
from planted_pairs import WIDTH, planted_pairs

from podium.fusion.pairs import EmbeddingPairs
from podium.fusion.views import PairView


@pytest.mark.parametrize(
    ("view", "width", "blocks"),
    [("image", 32, 1), ("text", 32, 1), ("both", 64, 2), ("interactions", 4 * WIDTH + 1, 5)],
)
def test_shape_and_scale(view, width, blocks):
    pairs, _ = planted_pairs(100, "image")
    features = PairView(view).fit(pairs).transform(pairs)
    assert (features.dtype, features.shape) == (np.float32, (100, width))
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-5)
    assert np.square(features).sum(axis=1).mean() == pytest.approx(blocks, rel=1e-4)


def test_interactions_by_hand():
    """Two rows whose sides are opposite: centred, they point along (1, -1) and back."""
    image = np.array([[3, 0], [0, 5]], np.float32)
    text = np.array([[0, 2], [7, 0]], np.float32)
    view = PairView("interactions").fit(EmbeddingPairs(image, text))
    blocks = view._blocks(EmbeddingPairs(image, text).normalised())
    half, root = 0.5, np.sqrt(0.5)
    np.testing.assert_allclose(blocks[0], [[half, -half], [-half, half]], atol=1e-6)
    np.testing.assert_allclose(blocks[1], [[-half, half], [half, -half]], atol=1e-6)
    np.testing.assert_allclose(blocks[2], np.full((2, 2), -half), atol=1e-6)
    np.testing.assert_allclose(blocks[3], np.full((2, 2), 2 * root), atol=1e-6)
    np.testing.assert_allclose(blocks[4], [[-1], [-1]], atol=1e-6)


def test_one_side_says_nothing_of_the_other():
    pairs, _ = planted_pairs(60, "image")
    other = EmbeddingPairs(pairs.image, pairs.text[::-1].copy())
    image = PairView("image")
    assert image.fit_transform(pairs).tobytes() == image.fit_transform(other).tobytes()
    assert PairView("text").fit_transform(pairs).tobytes() != (
        PairView("text").fit_transform(other).tobytes()
    )


def test_fit_transform_is_transform_after_fit():
    pairs, _ = planted_pairs(60, "image")
    view = PairView("both", components=5, whiten=True)
    np.testing.assert_array_equal(view.fit_transform(pairs), view.transform(pairs))


@pytest.mark.parametrize("rows", [20, 200])
def test_whitened_components_have_equal_variance_and_no_relation(rows):
    pairs, _ = planted_pairs(rows, "image", noise=0)
    features = PairView("both", whiten=True).fit_transform(pairs).astype(np.float64)
    covariance = np.cov(features.T)
    size = features.shape[1]
    assert size < 64  # neither directions without rows nor rounding errors are blown up
    np.testing.assert_allclose(covariance, np.eye(size) / size, atol=2e-3 / size)


@pytest.mark.parametrize("rows", [40, 200])
@pytest.mark.parametrize("whiten", [False, True])
def test_leading_components_are_those_of_a_whole_decomposition(rows, whiten):
    from sklearn.decomposition import PCA

    pairs, _ = planted_pairs(rows, "image")
    found = PairView("both", components=12, whiten=whiten).fit_transform(pairs)
    pca = PCA(12, svd_solver="full", whiten=whiten)
    wanted = pca.fit_transform(PairView("both").fit_transform(pairs).astype(np.float64))
    if whiten:
        wanted /= np.sqrt(12)
    signs = np.sign((found * wanted).sum(axis=0))
    np.testing.assert_allclose(found * signs, wanted, atol=2e-3 * np.abs(wanted).max())
    again = PairView("both", components=12, whiten=whiten).fit_transform(pairs)
    assert found.tobytes() == again.tobytes()


def test_number_or_share_of_components():
    pairs, _ = planted_pairs(100, "image", noise=0)
    assert PairView("both", components=7).fit_transform(pairs).shape[1] == 7
    assert PairView("both", components=1000).fit_transform(pairs).shape[1] <= 64
    half = PairView("both", components=0.5).fit_transform(pairs).shape[1]
    most = PairView("both", components=0.99).fit_transform(pairs).shape[1]
    assert 1 <= half < most < 40


def test_a_zero_vector_stands_at_the_mean():
    pairs, _ = planted_pairs(50, "image")
    view = PairView("image").fit(pairs)
    nothing = EmbeddingPairs(np.zeros((1, WIDTH), np.float32), pairs.text[:1])
    np.testing.assert_allclose(view.transform(nothing), 0, atol=1e-6)


def test_interactions_need_sides_of_one_width():
    pairs = EmbeddingPairs(np.ones((3, 4), np.float32), np.ones((3, 5), np.float32))
    with pytest.raises(ValueError, match="interactions of 4 with 5"):
        PairView("interactions").fit(pairs)

"""Photos find their painting by shared local features; small cases of the votes by hand."""

import pickle

import numpy as np
import pytest

from podium.retrieval.codebook import (
    TooFewKeypointsError,
    VocabularyTree,
    learn_words,
    nearest_words,
)
from podium.retrieval.inverted_file import (
    HammingEmbedding,
    InvertedFile,
    Matching,
    _without_bursts,
    learn_hamming_embedding,
)
from podium.retrieval.local_features import (
    LocalFeatures,
    LocalFeatureTable,
    extract_features,
    no_features,
    pack_features,
    quantise_roots,
    unit_descriptors,
)
from podium.vision.synthetic_paintings import paint
from podium.vision.visitor_photos import simulate

PAINTINGS = 20


def _features(images: list[np.ndarray]) -> list[LocalFeatures]:
    return [extract_features(image, most_keypoints=200) for image in images]


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    return [paint(3, artist=number, number=1, longest_side=256) for number in range(PAINTINGS)]


@pytest.fixture(scope="module")
def table(images: list[np.ndarray]) -> LocalFeatureTable:
    return pack_features(_features(images))


@pytest.fixture(scope="module")
def photos(images: list[np.ndarray]) -> LocalFeatureTable:
    taken = [simulate(image, "mixed", 1, np.random.default_rng(1), 256) for image in images]
    return pack_features(_features(taken))


@pytest.fixture(scope="module")
def embedding(table: LocalFeatureTable) -> HammingEmbedding:
    return learn_hamming_embedding(table, words=128, iterations=5)


def test_photos_find_their_paintings(
    table: LocalFeatureTable, photos: LocalFeatureTable, embedding: HammingEmbedding
) -> None:
    found, scores = InvertedFile(table, embedding).search(photos, 3)
    assert (found[:, 0] == np.arange(PAINTINGS)).mean() >= 0.85
    assert (np.diff(scores, axis=1) <= 0).all()
    loose = InvertedFile(table, embedding, Matching(most_different_bits=64, bandwidth=1e6))
    voted = loose.search(photos, 3)[1]
    # Without signatures every image votes, so that the right one stands out less.
    assert (scores[:, 0] / scores[:, 1]).mean() > (voted[:, 0] / voted[:, 1]).mean()


def test_several_blocks_at_a_time_give_what_one_after_another_gives(
    table: LocalFeatureTable, embedding: HammingEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, everyone = InvertedFile(table, embedding), np.arange(PAINTINGS)
    whole = index.search(table, 3, exclude=everyone)
    blocks = LocalFeatureTable.blocks
    monkeypatch.setattr(LocalFeatureTable, "blocks", lambda self: blocks(self, 600))
    assert len(list(table.blocks())) > 3
    single = index.search(table, 3, exclude=everyone)
    # A product of another shape rounds otherwise, so that a keypoint may get another word.
    assert (single[0] == whole[0]).mean() > 0.9
    np.testing.assert_allclose(single[1], whole[1], rtol=0.2)
    double = index.search(table, 3, exclude=everyone, threads=2)
    np.testing.assert_array_equal(single[0], double[0])
    np.testing.assert_array_equal(single[1], double[1])


def test_scores_are_those_of_every_pair_compared_by_itself(
    table: LocalFeatureTable, photos: LocalFeatureTable, embedding: HammingEmbedding
) -> None:
    rules = Matching()
    roots = table.roots(0, PAINTINGS)
    words = embedding.tree.nearest(roots)[:, 0]
    signatures, images = embedding.signatures(roots, words), table.images(0, PAINTINGS)
    holders = [len(np.unique(images[words == word])) for word in range(len(embedding.tree.words))]
    rarity = np.log((1 + PAINTINGS) / (1 + np.array(holders)))
    expected = np.zeros((3, PAINTINGS))
    for photo in range(3):
        for root in photos.roots(photo, photo + 1):
            best = np.zeros(PAINTINGS)
            for word in embedding.tree.nearest(root[None], rules.assignments)[0]:
                own = embedding.signatures(root[None], np.array([word]))
                differ = np.bitwise_count(signatures ^ own)
                votes = np.exp(-((differ / rules.bandwidth) ** 2)) * rarity[word] ** 2
                votes[(words != word) | (differ > rules.most_different_bits)] = 0
                np.maximum.at(best, images, votes)
            expected[photo] += best / np.sqrt(max(best.sum(), 1e-6))
    found, scores = InvertedFile(table, embedding).search(photos.take([0, 1, 2]), 5)
    np.testing.assert_allclose(scores, -np.sort(-expected, axis=1)[:, :5], rtol=1e-4)
    np.testing.assert_array_equal(found[:, 0], expected.argmax(axis=1))


def test_an_image_is_not_its_own_neighbour(
    table: LocalFeatureTable, embedding: HammingEmbedding
) -> None:
    index = InvertedFile(table, embedding)
    everyone = np.arange(PAINTINGS)
    assert index.search(table, 1)[0][:, 0].tolist() == everyone.tolist()
    others, _ = index.search(table, PAINTINGS + 5, exclude=everyone)
    assert not (others == everyone[:, None]).any()
    assert (others[:, PAINTINGS:] == -1).all()


def test_images_without_keypoints_share_nothing(
    table: LocalFeatureTable, embedding: HammingEmbedding
) -> None:
    index = InvertedFile(table, embedding)
    found, scores = index.search(pack_features([table[0], no_features(), table[1]]), 2)
    assert found[[0, 2], 0].tolist() == [0, 1]
    assert found[1].tolist() == [-1, -1]
    assert scores[1].tolist() == [0, 0]
    alone, _ = index.search(pack_features([no_features()]), 2)
    assert alone.tolist() == [[-1, -1]]


def test_the_same_answers_after_pickling_and_on_any_number_of_threads(
    table: LocalFeatureTable, photos: LocalFeatureTable, embedding: HammingEmbedding
) -> None:
    import faiss

    found, scores = InvertedFile(table, embedding).search(photos, 5)
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        again = InvertedFile(table, pickle.loads(pickle.dumps(embedding))).search(photos, 5)
    finally:
        faiss.omp_set_num_threads(threads)
    np.testing.assert_array_equal(found, again[0])
    np.testing.assert_array_equal(scores, again[1])


def test_a_keypoint_votes_once_for_an_image_and_shares_its_vote_among_images() -> None:
    keypoint, image = np.array([0, 0, 0, 1]), np.array([4, 4, 5, 4], dtype="int32")
    weight = np.array([0.5, 1.0, 3.0, 4.0], dtype="float32")
    kept = _without_bursts(keypoint, image, weight, keypoints=2, images=9)
    assert kept[0].tolist() == [0, 0, 1]
    assert kept[1].tolist() == [4, 5, 4]
    # Of keypoint 0 the votes 1 and 3, over the root of their sum; of keypoint 1 the vote 4 / 2.
    assert kept[2].tolist() == pytest.approx([0.5, 1.5, 2.0])


def test_the_tree_finds_nearly_always_the_nearest_word(table: LocalFeatureTable) -> None:
    points = table.roots(0, PAINTINGS)
    tree = VocabularyTree.learn(points, 128, iterations=5)
    exact = nearest_words(points, tree.words)[:, 0]
    found = tree.nearest(points, 3)
    assert found.shape == (len(points), 3)
    assert (found[:, 0] == exact).mean() > 0.95
    assert (np.sort(found, axis=1)[:, 1:] != np.sort(found, axis=1)[:, :-1]).all()


def test_few_points_give_few_words() -> None:
    points = np.random.default_rng(0).random((45, 8), dtype="float32")
    assert learn_words(points, 100).shape == (2, 8)
    with pytest.raises(TooFewKeypointsError, match="too few"):
        learn_words(points[:10], 4)


def test_blocks_cover_all_images_in_order(table: LocalFeatureTable) -> None:
    blocks = list(table.blocks(keypoints=450))
    assert [start for start, _ in blocks] == [0, *(stop for _, stop in blocks[:-1])]
    assert blocks[-1][1] == PAINTINGS
    assert all(table.offsets[b] - table.offsets[a] <= 450 for a, b in blocks if b > a + 1)


def test_bytes_keep_the_descriptors() -> None:
    sift = np.random.default_rng(0).gamma(0.5, 40, size=(50, 128)).astype("float32")
    roots = np.sqrt(sift / sift.sum(axis=1, keepdims=True))
    cosines = (unit_descriptors(quantise_roots(sift)) * roots).sum(axis=1)
    assert cosines.min() > 0.999
    grey = np.full((64, 64, 3), 127, dtype="uint8")
    assert len(extract_features(grey)) == 0


def test_taking_images_takes_their_keypoints(table: LocalFeatureTable) -> None:
    taken = table.take([3, 0])
    np.testing.assert_array_equal(taken[0].descriptors, table[3].descriptors)
    np.testing.assert_array_equal(taken[1].geometry, table[0].geometry)
    assert taken.counts.tolist() == [table.counts[3], table.counts[0]]

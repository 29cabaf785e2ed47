"""Near copies are found as a full matrix of cosines would find them, on any number of threads."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from podium.fusion import near_duplicates
from podium.fusion.near_duplicates import count_zero_vectors, find_copies, group_near_duplicates
from podium.fusion.pairs import EmbeddingPairs

THRESHOLD = 0.95


def random_pairs(rows, seed=0, width=8):
    rng = np.random.default_rng(seed)
    return EmbeddingPairs(
        rng.normal(size=(rows, width)).astype(np.float32),
        rng.normal(size=(rows, width)).astype(np.float32),
    )


def with_copies(rows=120, seed=0, noise=0.05):
    """Rows of which some are made of others, in chains."""
    pairs = random_pairs(rows, seed)
    rng = np.random.default_rng([seed, 1])
    for copy, original in rng.permutation(rows)[: rows // 2].reshape(-1, 2):
        for vectors in (pairs.image, pairs.text):
            vectors[copy] = vectors[original] * (1 + noise * rng.normal(size=vectors.shape[1]))
    return pairs


def above(left, right, threshold):
    """The full matrix."""

    def cosines(one, other):
        unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (one, other)]
        return unit[0].astype(np.float64) @ unit[1].astype(np.float64).T

    image, text = cosines(left.image, right.image), cosines(left.text, right.text)
    return (image >= threshold) & (text >= threshold), image + text


def components(linked):
    """Groups by following links until nothing changes."""
    groups = np.arange(len(linked))
    for _ in range(len(linked)):
        lowest = np.where(linked | np.eye(len(linked), dtype=bool), groups, len(linked)).min(axis=1)
        if (lowest == groups).all():
            break
        groups = lowest
    return groups


@pytest.mark.parametrize("tile", [7, 64, 1024])
@pytest.mark.parametrize("seed", [0, 1])
def test_groups_are_those_of_the_full_matrix(monkeypatch, tile, seed):
    monkeypatch.setattr(near_duplicates, "_TILE", tile)
    pairs = with_copies(seed=seed)
    groups = group_near_duplicates(pairs, THRESHOLD)
    wanted = components(above(pairs, pairs, THRESHOLD)[0])
    assert len(set(wanted)) < len(pairs) - 10
    np.testing.assert_array_equal(groups[:, None] == groups, wanted[:, None] == wanted)
    firsts = [int(np.flatnonzero(groups == group)[0]) for group in range(groups.max() + 1)]
    assert firsts == sorted(firsts)


def test_edges_are_joined_in_parts(monkeypatch):
    pairs = with_copies()
    whole = group_near_duplicates(pairs, THRESHOLD)
    monkeypatch.setattr(near_duplicates, "_MOST_EDGES", 1)
    monkeypatch.setattr(near_duplicates, "_TILE", 7)
    monkeypatch.setattr(near_duplicates, "_VERIFIED_AT_ONCE", 2)
    np.testing.assert_array_equal(group_near_duplicates(pairs, THRESHOLD), whole)


def test_both_halves_must_be_alike():
    pairs = random_pairs(4)
    pairs.image[1], pairs.text[3] = pairs.image[0], pairs.text[2]
    assert group_near_duplicates(pairs, 0.9).tolist() == [0, 1, 2, 3]
    pairs.text[1] = pairs.text[0]
    assert group_near_duplicates(pairs, 0.9).tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize("half", ["image", "text"])
@pytest.mark.parametrize(("cosine", "groups"), [(0.94995, [0, 1]), (0.95005, [0, 0])])
def test_the_threshold_is_exact_for_both_halves(half, cosine, groups):
    same = np.float32([[1, 0], [2, 0]])
    apart = np.float32([[1, 0], [cosine, np.sqrt(1 - cosine**2)]])
    pairs = EmbeddingPairs(apart, same) if half == "image" else EmbeddingPairs(same, apart)
    assert group_near_duplicates(pairs, 0.95).tolist() == groups


def test_length_does_not_matter_and_large_numbers_do_no_harm():
    pairs = random_pairs(3)
    pairs.image[1], pairs.text[1] = pairs.image[0] * 1e30, pairs.text[0] * 1e-30
    assert group_near_duplicates(pairs, 0.999).tolist() == [0, 0, 1]


def test_zero_vectors_are_alike_among_themselves_only():
    pairs = random_pairs(4)
    pairs.image[:3] = 0
    pairs.text[1] = pairs.text[0] * 2
    assert group_near_duplicates(pairs, 0.99).tolist() == [0, 0, 1, 2]
    assert count_zero_vectors(pairs) == (3, 0)


def test_many_exact_copies_are_one_group():
    pairs = random_pairs(3)
    many = pairs.take(np.arange(3000) % 3)
    groups = group_near_duplicates(many, 0.999)
    assert groups.tolist() == [at % 3 for at in range(3000)]


def test_copies_in_another_table_are_the_nearest():
    rows, originals = with_copies(80, 3), with_copies(60, 4)
    originals.image[:20], originals.text[:20] = rows.image[:20] * 2, rows.text[:20]
    originals.image[30], originals.text[30] = originals.image[5], originals.text[5]
    linked, closeness = above(rows, originals, THRESHOLD)
    found = {copy.row: copy for copy in find_copies(rows, originals, THRESHOLD)}
    assert list(found) == np.flatnonzero(linked.any(axis=1)).tolist()
    for row, copy in found.items():
        best = np.where(linked[row], closeness[row].round(6), -9).argmax()
        assert copy.copy_of == best
        assert copy.image_cosine + copy.text_cosine == pytest.approx(closeness[row, best], abs=1e-5)
    assert found[5].copy_of == 5


def test_threads_do_not_matter_at_the_threshold():
    pairs = with_copies(400, noise=0.2)
    image = above(pairs, pairs, 0)[1]
    results = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            results.append(
                [group_near_duplicates(pairs, cut).tolist() for cut in np.sort(image[3] / 2)[-9:-1]]
            )
    assert results[0] == results[1]


@pytest.mark.parametrize("threshold", [0, 1, -0.5, 1.5])
def test_a_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(ValueError, match="between 0 and 1"):
        group_near_duplicates(random_pairs(2), threshold)

"""Groups of equal and nearly equal texts against all pairs."""

import numpy as np
import pytest
from catalogue_features import catalogue
from scipy.sparse import csr_matrix, random
from scipy.sparse.csgraph import connected_components
from sklearn.preprocessing import normalize

from podium.pricing import duplicate_groups as module
from podium.pricing.duplicate_groups import duplicate_groups, joined_groups


def distinct(count):
    return [f"text {number}" for number in range(count)]


def by_all_pairs(terms, threshold):
    cosines = (terms @ terms.T).toarray()
    return connected_components(cosines >= threshold, directed=False)[1]


def same_partition(left, right):
    return len(np.unique(left)) == len(np.unique(right)) == len(np.unique([left, right], axis=1).T)


def test_equal_but_for_case_punctuation_and_spaces():
    texts = [
        "Item Name: Green Tea, 2.5 oz",
        "Item Name: Black Tea",
        "item name: green  TEA - 2.5 OZ!",
        "Item Name: Green Tea, 25 oz",
        "",
        "Item Name: BLACK tea.",
        None,
    ]
    groups = duplicate_groups(texts)
    assert groups.tolist() == [0, 1, 0, 2, 3, 1, 4] and groups.dtype == np.int64


@pytest.mark.parametrize("threshold", [0.3, 0.6, 0.8, 0.95])
def test_near_duplicates_are_exactly_those_of_all_pairs(threshold, monkeypatch):
    rng = np.random.default_rng(0)
    base = random(150, 400, density=0.05, random_state=1, format="csr")
    noise = random(600, 400, density=0.01, random_state=2, format="csr")
    terms = normalize(base[rng.integers(0, 150, 600)] + 0.7 * noise).astype(np.float32)
    monkeypatch.setattr(module, "_PRODUCTS_AT_ONCE", 3000)
    monkeypatch.setattr(module, "_PAIRS_AT_ONCE", 50)
    groups = duplicate_groups(distinct(600), csr_matrix(terms), threshold, threads=3)
    assert 1 < len(np.unique(groups)) < 600
    assert same_partition(groups, by_all_pairs(terms, threshold))
    # Numbered by first rows.
    firsts = np.unique(groups, return_index=True)[1]
    assert (np.diff(firsts) > 0).all() and groups.max() + 1 == len(firsts)


def test_listings_of_a_generated_catalogue():
    known = catalogue()
    terms = known.features.terms
    groups = duplicate_groups(known.texts, terms, 0.8)
    assert same_partition(groups, by_all_pairs(terms.astype(np.float64), 0.8))
    again = duplicate_groups(known.texts, terms, 0.8)
    assert groups.tobytes() == again.tobytes()
    # Most that are joined are listings of one product.
    pairs = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
    joined = [rows for rows in pairs if len(rows) > 1]
    assert len(joined) > 20
    right = sum(len(np.unique(known.products[rows])) == 1 for rows in joined)
    assert right > 0.8 * len(joined)


def test_bounds_are_those_of_the_prefixes_worked_out_by_row():
    rng = np.random.default_rng(3)
    dense = np.where(rng.random((40, 30)) < 0.3, rng.random((40, 30)), 0)
    dense[7] = 0
    terms = csr_matrix(normalize(dense).astype(np.float32))
    rest = 0.7
    prefixes = module._Prefixes(terms, rest)
    dense = terms.toarray()[:, np.argsort((dense > 0).sum(axis=0), kind="stable")].astype(float)
    # By row: the length of its terms from each one on, and which of them are in the prefix.
    lengths = np.sqrt(np.cumsum(np.square(dense)[:, ::-1], axis=1)[:, ::-1])
    inside = (lengths >= rest - module._MARGIN) & (dense > 0)
    outside = np.sqrt(np.square(np.where(inside, 0, dense)).sum(axis=1))
    last = np.where(inside.any(axis=1), 29 - np.argmax(inside[:, ::-1], axis=1), -1)
    product = np.where(inside, dense, 0) @ np.where(inside, dense, 0).T
    left, right = np.triu_indices(40, 1)
    bounds = prefixes.bound(left, right, product[left, right])
    for one, two, bound in zip(left, right, bounds, strict=True):
        first, other = (one, two) if last[one] <= last[two] else (two, one)
        tail = np.sqrt(np.square(dense[other, last[first] + 1 :]).sum())
        assert bound == pytest.approx(product[one, two] + outside[first] * tail, abs=1e-6)
        assert bound >= dense[one] @ dense[two] - 1e-6


def test_groups_that_share_a_key_are_one():
    groups = np.array([0, 1, 1, 2, 3, 4])
    assert joined_groups(groups, ["", "a", "", "b", "a", "b"]).tolist() == [0, 1, 1, 2, 1, 2]
    assert joined_groups(np.array([], np.int64), []).tolist() == []


def test_a_chain_is_one_group():
    angles = np.deg2rad([0, 20, 40, 60])
    terms = csr_matrix(np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32))
    assert duplicate_groups(distinct(4), terms, 0.9).tolist() == [0, 0, 0, 0]
    assert duplicate_groups(distinct(4), terms, 0.95).tolist() == [0, 1, 2, 3]


def test_rows_without_terms_stand_alone():
    terms = csr_matrix(np.array([[0, 0], [1, 0], [0, 0], [1, 0]], np.float32))
    assert duplicate_groups(distinct(4), terms, 0.5).tolist() == [0, 1, 2, 1]


def test_bad_input():
    terms = csr_matrix(np.eye(2, dtype=np.float32))
    with pytest.raises(ValueError, match="between 0 and 1"):
        duplicate_groups(distinct(2), terms, 1.0)
    with pytest.raises(ValueError, match="3 texts, 2 rows"):
        duplicate_groups(distinct(3), terms)
    with pytest.raises(ValueError, match="negative"):
        duplicate_groups(distinct(2), -terms)

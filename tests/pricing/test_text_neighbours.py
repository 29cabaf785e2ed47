"""The nearest texts against all cosines."""

import numpy as np
import pytest
from catalogue_features import catalogue
from scipy.sparse import csr_matrix

from podium.pricing.text_neighbours import TextRows, nearest_texts


@pytest.fixture(scope="module")
def halves():
    features = catalogue().features
    rows = TextRows.of(features.terms, features.text)
    return rows.take(np.arange(200)), rows.take(np.arange(200, 1200))


def test_candidates_come_from_vectors_and_their_order_from_terms(halves):
    queries, known = halves
    cosines, places = nearest_texts(queries, known, 10, candidates=100)
    exact = (queries.terms @ known.terms.T).toarray()
    np.testing.assert_allclose(cosines, np.take_along_axis(exact, places, axis=1), atol=1e-5)
    assert (np.diff(cosines, axis=1) <= 0).all()
    best = np.sort(exact, axis=1)[:, ::-1][:, :10]
    assert np.isclose(cosines[:, 0], best[:, 0], atol=1e-5).mean() > 0.9
    # With every row a candidate nothing is missed.
    np.testing.assert_allclose(nearest_texts(queries, known, 10, 1000)[0], best, atol=1e-5)
    alone = nearest_texts(queries, known, 10, candidates=10)[1]
    assert not np.array_equal(np.sort(alone), np.sort(places))


def test_same_bytes_on_any_number_of_threads(halves):
    queries = halves[1]
    one, three = (nearest_texts(queries, halves[0], 5, 20, threads) for threads in (1, 3))
    assert [part.tobytes() for part in one] == [part.tobytes() for part in three]


def test_few_rows_and_rows_without_terms(halves):
    queries, known = halves
    cosines, places = nearest_texts(queries, known.take(np.array([5])), 20)
    assert places.shape == (200, 1) and not places.any()
    nothing = TextRows.of(csr_matrix(known.terms.shape, dtype=np.float32)[:2], np.zeros((2, 48)))
    cosines, _ = nearest_texts(nothing, known, 3)
    assert cosines.shape == (2, 3) and not cosines.any()
    empty = nearest_texts(queries.take(np.arange(0)), known, 3)
    assert [part.shape for part in empty] == [(0, 3), (0, 3)]
    with pytest.raises(ValueError, match="2 rows of terms, 3"):
        TextRows.of(known.terms[:2], known.vectors[:3])

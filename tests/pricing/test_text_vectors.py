"""TF-IDF terms against scikit-learn's own, and dense vectors that keep their geometry."""

import pickle

import numpy as np
import pytest
from catalogue_features import catalogue
from sklearn.feature_extraction.text import TfidfVectorizer

from podium.pricing import text_vectors
from podium.pricing.normalised_text import TOKEN, normalised, normalised_titles_and_texts
from podium.pricing.text_vectors import TextVectors


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bob's  TEA, 2.5-oz (Pack of 12)!", "bob s tea 2.5 oz pack of 12"),
        ("1,000 ﬁne ½ Straße", "1,000 fine 1 2 strasse"),
        ("25 oz", "25 oz"),
        ("... ", ""),
    ],
)
def test_normalised_text_keeps_words_and_numbers(text, expected):
    assert normalised(text) == expected


def test_labels_are_no_words():
    text = "Item Name: Green Tea\nBullet Point 1: <b>Fresh</b>\nValue: 3.0\nUnit: Ounce"
    assert normalised_titles_and_texts([text, None]) == (
        ["green tea", ""],
        ["green tea fresh 3.0 ounce", ""],
    )


def test_terms_are_those_of_scikit_learn():
    texts = catalogue().texts[:300]
    terms, _ = TextVectors(character_features=0, components=8).fit_transform(texts)
    words = TfidfVectorizer(
        token_pattern=TOKEN, ngram_range=(1, 2), min_df=2, sublinear_tf=True, lowercase=False
    ).fit_transform(normalised_titles_and_texts(texts)[1])
    assert terms.dtype == np.float32
    # Of 2,300 terms one or two share a bucket with another.
    assert terms.shape[0] == words.shape[0] and abs(terms.shape[1] - words.shape[1]) < 3
    difference = np.abs((terms @ terms.T - words @ words.T).toarray())
    assert difference.mean() < 1e-4 and difference.max() < 0.03


def test_rows_have_unit_length_and_dense_vectors_keep_cosines():
    known = catalogue()
    terms, dense = known.features.terms, known.features.text
    np.testing.assert_allclose(terms.power(2).sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(dense, axis=1), 1, atol=1e-5)
    left, right = np.random.default_rng(0).integers(0, len(known.prices), (2, 2000))
    exact = np.asarray(terms[left].multiply(terms[right]).sum(axis=1)).ravel()
    assert np.corrcoef(exact, (dense[left] * dense[right]).sum(axis=1))[0, 1] > 0.88


def test_new_texts_get_the_vectors_that_they_had_in_fitting():
    texts = catalogue().texts[:200]
    vectors = TextVectors(components=8)
    terms, dense = vectors.fit_transform(texts)
    again, dense_again = pickle.loads(pickle.dumps(vectors)).transform(texts[50:60])
    assert (again != terms[50:60]).nnz == 0
    np.testing.assert_array_equal(dense_again, dense[50:60])
    assert [part.shape for part in vectors.transform([])] == [(0, terms.shape[1]), (0, 8)]
    unknown, nothing = vectors.transform(["", "Item Name: qqqqq"])
    assert unknown[0].nnz == 0 and not nothing[0].any() and np.isfinite(nothing).all()


def test_same_bytes_on_any_number_of_threads_and_signs_are_fixed(monkeypatch):
    texts = catalogue().texts[:400]
    options = {"components": 16, "svd_rows": 250, "seed": 3}
    vectors = TextVectors(**options)
    first = vectors.fit_transform(texts)[1]
    second = TextVectors(**options, threads=3).fit(texts).transform(texts)[1]
    assert first.tobytes() == second.tobytes()
    monkeypatch.setattr(text_vectors, "_TEXTS_AT_ONCE", 150)
    third = TextVectors(**options, threads=2).fit(texts).transform(texts)[1]  # by processes
    assert first.tobytes() == third.tobytes()
    axes = vectors._axes.T
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    assert (largest > 0).all()
    assert not np.allclose(first, TextVectors(**options | {"seed": 4}).fit_transform(texts)[1])


@pytest.mark.filterwarnings("ignore:.*in divide")
def test_limits_are_kept_and_the_commonest_terms_stay():
    texts = [f"Item Name: alpha beta {word}" for word in ("one", "two", "one", "three", "two")]
    vectors = TextVectors(2, (1, 1), character_features=3, components=50)
    terms, dense = vectors.fit_transform(texts)
    assert terms.shape == (5, 5) and dense.shape[1] <= 5
    alone = TextVectors(2, (1, 1), character_features=0, components=1).fit(texts)
    assert alone.transform(["Item Name: alpha", "Item Name: one"])[0].getnnz(axis=1).tolist() == [
        1,
        0,
    ]


def test_bad_input():
    with pytest.raises(ValueError, match="no term"):
        TextVectors().fit(["Item Name: one", "Item Name: two"])
    with pytest.raises(ValueError, match="no term"):
        TextVectors().fit([])
    with pytest.raises(ValueError, match="positive"):
        TextVectors(components=0)
    with pytest.raises(ValueError, match="rising"):
        TextVectors(word_ngrams=(2, 1))


def test_one_single_term_is_its_own_component():
    terms, dense = TextVectors(character_features=0).fit_transform(["Tea", "Tea", ""])
    assert terms.shape == (3, 1)
    np.testing.assert_array_equal(dense[:, 0], [1, 1, 0])


def test_terms_alone_are_those_of_the_fit():
    texts = ["green tea", "green coffee", "black tea", "black"]
    alone = TextVectors(character_features=0).terms_alone(texts)
    np.testing.assert_array_equal(
        alone.toarray(), TextVectors(character_features=0).fit_transform(texts)[0].toarray()
    )
    assert TextVectors(character_features=0).terms_alone(["tea", "rice"]).shape == (2, 0)

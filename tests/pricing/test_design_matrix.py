"""Matrices from features: gaps, unknown categories, scales."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from generated_features import priced_rows
from scipy import sparse

from podium.pricing.design_matrix import DenseMatrix, SparseMatrix, TreeMatrix, text_scale
from podium.pricing.table_encoding import CategoryCodes, OneHotCategories, ScaledTable

TABLE = pd.DataFrame({"a": [1.0, 3.0, np.nan, 5.0], "b": [0.0, 0.0, 0.0, 1e9]})


def test_gaps_become_the_median_and_a_flag():
    scaled = ScaledTable().fit(TABLE).transform(TABLE)
    assert scaled.shape == (4, 3) and scaled.dtype == np.float32
    # The median of a is 3, as in the second row; only the third has a gap.
    assert scaled[2, 0] == scaled[1, 0]
    assert scaled[2, 2] > 0 > scaled[1, 2]


def test_minmax_and_limit():
    minmax = ScaledTable("minmax").fit(TABLE).transform(TABLE)
    np.testing.assert_allclose(minmax[:, 0], [0, 0.5, 0.5, 1])
    far = pd.DataFrame({"a": [1e30], "b": [-1e30]})
    assert np.abs(ScaledTable(limit=3).fit(TABLE).transform(far)).max() == 3
    assert ScaledTable("minmax").fit(TABLE).transform(far)[0, :2].tolist() == [1, 0]


def test_empty_columns_and_no_columns():
    nothing = pd.DataFrame({"a": [np.nan, np.nan]})
    assert np.isfinite(ScaledTable().fit(nothing).transform(nothing)).all()
    assert ScaledTable().fit(nothing[[]]).transform(nothing[[]]).shape == (2, 0)


@pytest.mark.parametrize("arguments", [{"scaling": "robust"}, {"limit": 0}])
def test_wrong_scaling(arguments):
    with pytest.raises(ValueError, match="scaling"):
        ScaledTable(**arguments)


@pytest.mark.parametrize("kind", [object, "str", "category"])
def test_one_hot_of_the_frequent_texts(kind):
    texts = pd.DataFrame({"brand": ["b", "a", "b", "c", None, "a", "b", None]}).astype(kind)
    encoder = OneHotCategories(min_rows=2).fit(texts)
    columns = encoder.transform(texts)
    # No brand, a, b, and all that is rare; each row is in one of them.
    assert columns.shape == (8, 4) and columns.dtype == np.float32
    assert (columns.sum(axis=1) == 1).all() and columns.sum(axis=0).tolist() == [2, 2, 3, 1]
    new = pd.DataFrame({"brand": ["z", "a"]}).astype(kind)
    np.testing.assert_array_equal(encoder.transform(new), columns[[3, 1]])
    few = OneHotCategories(min_rows=1, most=2).fit(texts).transform(texts)
    np.testing.assert_array_equal(few[:, 0], columns[:, 2])
    assert OneHotCategories().fit(texts[[]]).transform(texts[[]]).shape == (8, 0)


@pytest.mark.parametrize("kind", [object, "str", "category"])
def test_codes_by_frequency(kind):
    texts = pd.DataFrame({"brand": ["b", "a", "b", "c", None, "a", "b"]}).astype(kind)
    codes = CategoryCodes(min_rows=2).fit(texts)
    assert codes.sizes == [3]
    assert codes.transform(texts)[:, 0].tolist() == [1, 2, 1, 0, 0, 2, 1]
    new = pd.DataFrame({"brand": ["z", "a", None]}).astype(kind)
    assert codes.transform(new)[:, 0].tolist() == [0, 2, 0]


def test_order_of_rows_does_not_change_codes():
    texts = pd.DataFrame({"brand": list("cabcab")})
    one, other = (CategoryCodes().fit(each).transform(texts) for each in (texts, texts[::-1]))
    np.testing.assert_array_equal(one, other)


def test_tree_matrix_keeps_what_is_unknown():
    features = priced_rows(300, 8).features
    matrix = TreeMatrix(text_components=5, min_rows=4).fit(features)
    numbers = matrix.transform(features)
    assert numbers.shape == (300, len(matrix.names)) and numbers.dtype == np.float32
    assert matrix.names[4:6] == ["text_4", "image_0"]
    np.testing.assert_array_equal(numbers[:, 5:11], features.image)
    brands = numbers[:, matrix.categorical[0]]
    assert np.nanmin(brands) == 0 and np.isnan(brands).any()
    known = features.categories["brand"].value_counts()
    assert np.nanmax(brands) == (known >= 4).sum() - 1


def test_sparse_matrix_weighs_the_table():
    features = priced_rows(300, 8).features
    alone = SparseMatrix(0).fit(features).transform(features)
    assert alone.shape == features.terms.shape
    both = SparseMatrix(0.5).fit(features).transform(features)
    assert sparse.issparse(both) and both.dtype == np.float32
    table = both[:, features.terms.shape[1] :].toarray()
    assert np.sqrt(np.square(table).sum(axis=1).mean()) == pytest.approx(0.5, rel=0.25)
    with pytest.raises(ValueError, match="table_weight"):
        SparseMatrix(-1)


def with_encoded(features, width=6):
    encoded = 3 + np.random.default_rng(4).normal(size=(len(features), width)) * [9, *[1] * 5]
    return replace(features, encoded=encoded.astype(np.float32))


def test_vectors_of_a_pretrained_model_stand_beside_the_terms_where_they_are_wanted():
    features = with_encoded(priced_rows(300, 8).features)
    without = SparseMatrix(0.5).fit(features).transform(features)
    both = SparseMatrix(0.5, encoded_weight=2.0).fit(features).transform(features)
    assert (both[:, : without.shape[1]] != without).nnz == 0
    vectors = both[:, without.shape[1] :].toarray()
    assert np.sqrt(np.square(vectors).sum(axis=1).mean()) == pytest.approx(2, rel=1e-3)
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=1e-5)
    with pytest.raises(ValueError, match="encoded_weight"):
        SparseMatrix(encoded_weight=-1)
    with pytest.raises(ValueError, match="FeatureSet has none"):
        SparseMatrix(encoded_weight=1).fit(replace(features, encoded=None))


def test_trees_get_the_first_principal_components_of_these_vectors():
    features = with_encoded(priced_rows(300, 8).features)
    matrix = TreeMatrix(5, 4, encoded_components=2).fit(features)
    numbers = matrix.transform(features)
    assert numbers.shape == (300, len(matrix.names))
    assert matrix.names[11:13] == ["encoded_0", "encoded_1"]
    first = np.corrcoef(numbers[:, 11], features.encoded[:, 0])[0, 1]
    assert abs(first) > 0.99
    assert len(TreeMatrix(5, 4, encoded_components=99).fit(features).names) == len(matrix.names) + 4


def test_dense_matrix_has_one_scale_for_the_text():
    features = priced_rows(300, 8).features
    numbers = DenseMatrix().fit(features).transform(features)
    assert np.square(numbers[:, :8]).mean() == pytest.approx(1, rel=1e-4)
    ratio = numbers[:, :8] / features.text
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-5)
    assert text_scale(np.full((2, 3), np.nan, np.float32)) == 1

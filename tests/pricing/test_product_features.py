"""Features as one fitted object: by counts that folds share, and without the held-out rows."""

import numpy as np
import pytest

from podium.pricing.catalog_text import parse_catalog
from podium.pricing.product_features import ProductFeatures, Products
from podium.pricing.supervised_features import SupervisedFeatures
from podium.pricing.synthetic import SyntheticCatalog, generate_rows
from podium.pricing.text_vectors import TextVectors


@pytest.fixture(scope="module")
def catalogue():
    rows, _ = generate_rows(SyntheticCatalog(80, 1), 3)
    texts = rows.table["catalog_content"]
    image = np.full((len(texts), 2), np.nan, np.float32)
    image[::2] = 1.0
    return Products.of(texts.tolist(), parse_catalog(texts), image), rows


def declared(**more):
    vectors = TextVectors(components=8, character_features=500)
    return ProductFeatures(vectors, SupervisedFeatures(inner_folds=3, neighbours=(1, 3)), **more)


class Lengths:
    """An encoder: how long a text is."""

    calls = 0

    def encode(self, texts):
        self.calls += 1
        return np.array([[len(text)] for text in texts], np.float32)


def same(left, right):
    assert (left.terms != right.terms).nnz == 0
    np.testing.assert_array_equal(left.text, right.text)
    np.testing.assert_array_equal(left.image, right.image)
    assert left.table.equals(right.table) and left.categories.equals(right.categories)


def test_shared_counts_and_vectors_change_nothing(catalogue):
    products, rows = catalogue
    prices, groups = rows.table["price"].to_numpy()[:60], rows.product[:60]
    encoder = Lengths()
    whole = declared(encoder=encoder).prepared(products)
    assert encoder.calls == 1
    plain, shared = declared(encoder=Lengths()), declared(encoder=encoder)
    fitted, held = np.arange(60), np.arange(60, 80)
    own = plain.fit_transform(products.take(fitted), prices, groups)
    same(own, shared.fit_transform(whole.take(fitted), prices, groups))
    same(plain.transform(products.take(held)), shared.transform(whole.take(held)))
    assert encoder.calls == 1
    np.testing.assert_array_equal(own.encoded[:, 0], [len(text) for text in products.texts[:60]])


def test_texts_are_handed_on_where_wanted(catalogue):
    products, rows = catalogue
    prices, groups = rows.table["price"].to_numpy(), rows.product
    assert declared().fit_transform(products, prices, groups).texts is None
    kept = declared(keep_texts=True).fit_transform(products, prices, groups)
    assert kept.texts.tolist() == list(products.texts)


def test_held_out_texts_move_nothing(catalogue):
    """The features of a row are the same whatever other rows are asked about."""
    products, rows = catalogue
    features = declared()
    features.fit_transform(
        products.take(np.arange(60)), rows.table["price"].to_numpy()[:60], rows.product[:60]
    )
    both, one = features.transform(products.take(np.arange(60, 80))), np.array([7])
    same(both.take(one), features.transform(products.take(60 + one)))


def test_parts_of_different_lengths_are_refused(catalogue):
    products, _ = catalogue
    with pytest.raises(ValueError, match="80 texts, 80 parsed, 79 of images"):
        Products.of(products.texts, parse_catalog(products.texts), products.image[:79])

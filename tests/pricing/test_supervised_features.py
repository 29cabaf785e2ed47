"""Features of other rows' prices: they tell something, and nothing of a row's own price."""

import pickle

import numpy as np
import pytest
from catalogue_features import catalogue

from podium.pricing.supervised_features import SupervisedFeatures


def added(before, after):
    names = [name for name in after.table if name not in before.table]
    return after.table[names]


def correlations(columns, target):
    varied = columns.loc[:, columns.std() > 0]
    return varied.corrwith(np.log1p(target_series(target, varied))).fillna(0)


def target_series(target, like):
    return type(like.iloc[:, 0])(target, index=like.index)


@pytest.fixture(scope="module")
def made():
    known = catalogue()
    supervised = SupervisedFeatures(neighbours=(1, 5))
    made = supervised.fit_transform(known.features, known.prices, known.products)
    return known, supervised, added(known.features, made)


def test_the_columns_tell_of_the_price(made):
    known, _, columns = made
    assert (columns.dtypes == np.float32).all() and len(columns) == len(known.prices)
    found = correlations(columns, known.prices)
    for name in ("log_price_of_brand", "log_price_median_of_product_word"):
        assert found[name] > 0.2
    assert found["log_price_of_brand_and_unit"] > 0.2
    assert found["neighbours_log_price_5"] > 0.3
    assert found["neighbours_price_by_rate_5"] > 0.5


def test_a_random_price_leaves_no_signal_and_would_if_rows_saw_themselves():
    known = catalogue()
    random = np.exp(np.random.default_rng(7).normal(2.6, 1.0, len(known.prices)))
    supervised = SupervisedFeatures(neighbours=(1, 5))
    fair = added(known.features, supervised.fit_transform(known.features, random, known.products))
    assert correlations(fair, random).abs().max() < 0.13
    leaking = added(known.features, supervised.transform(known.features))
    found = correlations(leaking, random)
    assert found["log_price_of_first_three_words"] > 0.5
    assert found["neighbours_log_price_1"] > 0.8


def test_rows_of_a_group_do_not_see_each_other():
    known = catalogue()
    # The price is that of the product and tells nothing beyond it.
    draws = np.random.default_rng(8).normal(2.6, 1.0, known.products.max() + 1)
    prices = np.exp(draws)[known.products]
    supervised = SupervisedFeatures(neighbours=(1, 5))
    whole = supervised.fit_transform(known.features, prices, known.products)
    apart = supervised.fit_transform(known.features, prices, np.arange(len(prices)))
    several = np.bincount(known.products)[known.products] > 1
    name = ["neighbours_log_price_1"]
    assert abs(correlations(whole.table.loc[several, name], prices[several]).iloc[0]) < 0.15
    assert correlations(apart.table.loc[several, name], prices[several]).iloc[0] > 0.25


def test_no_row_is_changed_by_its_own_price(made):
    known, _, columns = made
    prices = known.prices.copy()
    prices[17] *= 3
    supervised = SupervisedFeatures(neighbours=(1, 5))
    after = added(known.features, supervised.fit_transform(known.features, prices, known.products))
    # But for the prior, to which all rows belong.
    shared = [name for name in columns if not name.startswith("log_price")]
    np.testing.assert_array_equal(after.loc[17, shared], columns.loc[17, shared])
    np.testing.assert_allclose(after.loc[17], columns.loc[17], atol=2e-3)
    assert not np.array_equal(after[shared], columns[shared], equal_nan=True)


def test_new_rows_are_told_by_all_fitted_rows(made):
    known, supervised, columns = made
    features = known.features
    some = features.take(np.arange(100))
    told = added(some, supervised.transform(some))
    assert list(told) == list(columns)
    np.testing.assert_allclose(told["neighbours_log_price_1"], np.log1p(known.prices[:100]), atol=2)
    assert (told["neighbours_similarity_1"] > 0.999).all()
    again = pickle.loads(pickle.dumps(supervised)).transform(some)
    assert added(some, again).to_numpy().tobytes() == told.to_numpy().tobytes()
    one = features.take(np.array([3]))
    np.testing.assert_allclose(added(one, supervised.transform(one)), told.iloc[[3]], atol=1e-5)


def test_same_bytes_on_any_number_of_threads_and_another_seed_differs(made):
    known, _, columns = made
    for options, same in (({"threads": 3}, True), ({"seed": 1}, False)):
        other = SupervisedFeatures(neighbours=(1, 5), **options)
        table = other.fit_transform(known.features, known.prices, known.products)
        equal = added(known.features, table).to_numpy().tobytes() == columns.to_numpy().tobytes()
        assert equal == same


def test_few_rows_and_unknown_levels():
    features, prices = catalogue().features.take(np.arange(6)), catalogue().prices[:6]
    supervised = SupervisedFeatures(inner_folds=5, neighbours=(1, 20))
    table = supervised.fit_transform(features, prices, np.array([0, 0, 0, 1, 1, 1])).table
    assert np.isfinite(table["neighbours_log_price_20"]).all()
    new = supervised.transform(catalogue().features.take(np.arange(600, 605))).table
    assert np.isfinite(new["log_price_of_brand"]).all()


def test_bad_input():
    features, prices = catalogue().features.take(np.arange(6)), catalogue().prices[:6]
    groups = np.arange(6)
    supervised = SupervisedFeatures()
    with pytest.raises(ValueError, match="prices of shape"):
        supervised.fit_transform(features, prices[:5], groups)
    with pytest.raises(ValueError, match="groups of shape"):
        supervised.fit_transform(features, prices, groups[:5])
    with pytest.raises(ValueError, match="positive and finite"):
        supervised.fit_transform(features, prices * 0, groups)
    with pytest.raises(ValueError, match="two groups"):
        supervised.fit_transform(features, prices, groups * 0)
    with pytest.raises(ValueError, match="lack colour, shade"):
        SupervisedFeatures(pairs=[("colour", "shade")]).fit_transform(features, prices, groups)
    with pytest.raises(ValueError, match="lack weight"):
        SupervisedFeatures(amount="weight").fit_transform(features, prices, groups)
    for options in (
        {"inner_folds": 1},
        {"neighbours": ()},
        {"neighbours": (0,)},
        {"smoothing": -1},
    ):
        with pytest.raises(ValueError, match="must|needed"):
            SupervisedFeatures(**options)

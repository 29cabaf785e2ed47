"""Prices out of fold: no row's own fold is learnt from, and time is kept."""

import time
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from podium.common.time_budget import OutOfTimeError
from podium.pricing.cross_fitting import FoldFeatures, out_of_fold
from podium.pricing.feature_set import FeatureSet
from podium.pricing.price_models import ConstantPrice, PriceModel

PRICES = np.array([1.0, 1.0, 1.0, 5.0, 5.0, 5.0, 20.0, 20.0, 20.0])
FOLDS = np.repeat([0, 1, 2], 3)
GROUPS = np.arange(9)


def features(rows):
    bare = np.empty((len(rows), 0), np.float32)
    table = pd.DataFrame({"row": rows.astype(np.float32)})
    none = pd.DataFrame(index=table.index)
    return FeatureSet(csr_matrix((len(rows), 1), dtype=np.float32), bare, bare, table, none)


def split(number):
    fitted, held = np.flatnonzero(FOLDS != number), np.flatnonzero(FOLDS == number)
    return FoldFeatures(features(fitted), features(held), fitted, held)


SPLITS = {f"fold_{number}": partial(split, number) for number in range(3)}


class Remembers(PriceModel):
    """Says the largest price that it has learnt from."""

    def _fit(self, features, target, groups):
        self.largest = target.max()

    def _score(self, features):
        return np.full(len(features), self.largest)


class Sleeps(ConstantPrice):
    """Takes its time."""

    def _fit(self, features, target, groups):
        time.sleep(0.5)
        super()._fit(features, target, groups)


def test_a_row_is_priced_by_the_other_folds():
    said = out_of_fold(Remembers, SPLITS, PRICES, GROUPS, float("inf"))
    np.testing.assert_allclose(said.prices, np.repeat([20.0, 20.0, 5.0], 3))
    assert said.fit_seconds > 0 and said.peak_memory_mb > 0


def test_rows_that_no_split_holds_out_have_no_price():
    said = out_of_fold(Remembers, {"one": SPLITS["fold_2"]}, PRICES, GROUPS, float("inf"))
    assert np.isnan(said.prices[:6]).all() and (said.prices[6:] > 4.99).all()


def test_a_model_that_will_not_be_in_time_is_stopped_early():
    with pytest.raises(OutOfTimeError, match="stopped at fit 1 of 3"):
        out_of_fold(Sleeps, SPLITS, PRICES, GROUPS, 0.9)

"""Sums that are the same to the last bit in whatever order their terms come."""

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.recommendation.exact import SCALE, exact_sum, half_life_weight


def summed(terms, groups=None):
    frame = pd.DataFrame(
        {"term": np.asarray(terms, float), "group": 0 if groups is None else groups}
    )
    table = ibis.memtable(frame)
    totals = table.group_by("group").agg(total=exact_sum(table.term)).order_by("group")
    return totals.to_pandas()["total"].to_numpy()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1000), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_order_changes_no_bit_and_the_value_is_close(terms, random):
    total = summed(terms)
    random.shuffle(terms)
    assert summed(terms).tobytes() == total.tobytes()
    assert total[0] == pytest.approx(sum(terms), abs=len(terms) / SCALE)


def test_many_terms_of_many_groups():
    rng = np.random.default_rng(1)
    terms, groups = rng.random(200_000), rng.integers(0, 50, 200_000)
    order = rng.permutation(200_000)
    totals = summed(terms, groups)
    assert summed(terms[order], groups[order]).tobytes() == totals.tobytes()
    assert totals == pytest.approx(np.bincount(groups, terms), rel=1e-6)


def test_nothing_to_add_is_null_and_missing_terms_are_passed_over():
    assert summed([0.5, np.nan, 0.25]).tolist() == [0.75]
    empty = ibis.memtable(pd.DataFrame({"term": pd.Series([], dtype="float64")}))
    assert empty.agg(total=exact_sum(empty.term)).to_pyarrow()["total"].to_pylist() == [None]


def test_a_listen_halves_with_every_half_life():
    table = ibis.memtable(pd.DataFrame({"age": [0, 86_400, 7 * 86_400, 14 * 86_400]}))
    weights = table.select(weight=half_life_weight(table.age, 7)).to_pandas()["weight"]
    assert weights.tolist() == pytest.approx([1, 0.5 ** (1 / 7), 0.5, 0.25], rel=1e-12)

import tracemalloc
import warnings

import numpy as np
import pytest

from podium.common.bootstrap import (
    bootstrap,
    bootstrap_mean,
    out_of_bag_means,
    resampled_means,
    sums_and_counts,
)


def test_the_interval_of_a_mean_has_the_width_that_theory_gives():
    values = np.random.default_rng(1).normal(5, 2, size=2000)
    interval = bootstrap_mean(values, resamples=4000)
    error = values.std() / np.sqrt(len(values))
    assert interval.value == pytest.approx(values.mean(), abs=1e-12)
    assert interval.high - interval.value == pytest.approx(1.96 * error, rel=0.06)
    assert interval.value - interval.low == pytest.approx(1.96 * error, rel=0.06)
    assert interval.units == 2000


def test_the_interval_covers_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(2)
    covered = 0
    for repetition in range(300):
        sample = generator.binomial(1, 0.3, size=200)
        interval = bootstrap_mean(sample, resamples=400, seed=repetition)
        covered += interval.low <= 0.3 <= interval.high
    assert 0.91 <= covered / 300 <= 0.985


def test_three_units_worked_by_hand():
    # Of the 27 samples of (0, 0, 3) the mean is 0, 1, 2, 3 with chance 8, 12, 6, 1 in 27.
    means = resampled_means(np.array([0.0, 0, 3]), resamples=27_000, seed=5)[:, 0]
    found = np.bincount(np.rint(means).astype(int), minlength=4) / 27_000
    assert found == pytest.approx(np.array([8, 12, 6, 1]) / 27, abs=0.01)


def test_same_seed_same_bytes_whatever_the_memory():
    values = np.random.default_rng(3).random((500, 3))
    whole = resampled_means(values, resamples=301, seed=7)
    blocks = resampled_means(values, resamples=301, seed=7, memory_mb=0.05)
    assert whole.tobytes() == blocks.tobytes()
    assert not np.array_equal(whole, resampled_means(values, resamples=301, seed=8))


def test_the_samples_are_drawn_in_blocks_below_the_memory():
    values = np.random.default_rng(3).random(1000)
    tracemalloc.start()
    try:
        resampled_means(values, resamples=400, memory_mb=0.5)
        peak_mb = tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()
    # At once they would take 9 MB; the bound is a rough one.
    assert peak_mb < 1.5


def test_one_sample_is_enough_to_draw():
    assert resampled_means([1.0, 2.0], resamples=1).shape == (1, 1)


def test_groups_are_drawn_whole():
    # 20 groups of 50 equal rows hold 20 independent facts, not 1000.
    facts = np.random.default_rng(6).random(20)
    rows, groups = np.repeat(facts, 50), np.repeat(np.arange(20), 50)
    grouped = bootstrap_mean(rows, groups=groups)
    alone = bootstrap_mean(facts)
    assert grouped.value == pytest.approx(facts.mean())
    assert grouped.high - grouped.low == pytest.approx(alone.high - alone.low, rel=1e-9)
    assert grouped.units == 20


def test_a_grouped_mean_stays_a_mean_over_rows():
    assert sums_and_counts([1, 2, 6], ["b", "a", "b"]).tolist() == [[2, 1], [7, 2]]
    assert bootstrap_mean([1, 2, 6], groups=["b", "a", "b"]).value == 3


def test_macro_f1_fits_the_same_routine():
    truth = np.array([0, 0, 1, 1, 1, 0] * 50)
    guess = np.array([0, 1, 1, 1, 0, 0] * 50)
    counts = [
        column.astype(float)
        for label in (0, 1)
        for column in (
            (truth == label) & (guess == label),
            (truth == label).astype(int) + (guess == label),
        )
    ]

    def macro_f1(means):
        return (2 * means[..., 0] / means[..., 1] + 2 * means[..., 2] / means[..., 3]) / 2

    interval = bootstrap(np.column_stack(counts), macro_f1)
    assert interval.value == pytest.approx(2 / 3)
    assert 0.55 < interval.low < 2 / 3 < interval.high < 0.75


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrap_mean([]), "needs rows"),
        (lambda: bootstrap_mean([1.0, np.nan]), "finite"),
        (lambda: bootstrap_mean([1.0, np.nan], groups=[1, 2]), "finite"),
        (lambda: bootstrap_mean([1.0, 2.0], groups=[1]), "group labels"),
        (lambda: bootstrap_mean([1.0, 2.0], confidence=95), "between 0 and 1"),
        (lambda: bootstrap_mean([1.0, 2.0], confidence=1.0), "between 0 and 1"),
        (lambda: bootstrap_mean([1.0, 2.0], confidence=0.0), "between 0 and 1"),
        (lambda: bootstrap_mean([1.0, 2.0], resamples=0), "at least 1"),
    ],
)
def test_wrong_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_out_of_bag_means_are_those_of_the_units_that_the_same_sample_lacks():
    values = 2.0 ** np.arange(6)  # a sum of them tells which they are
    samples = resampled_means(np.eye(6), resamples=50, seed=4)
    left = out_of_bag_means(np.column_stack([values, np.ones(6)]), resamples=50, seed=4)
    for counts, (mean, one) in zip(samples, left, strict=True):
        outside = values[counts == 0]
        assert mean == pytest.approx(outside.mean()) and one == 1


def test_a_sample_that_holds_every_unit_leaves_none():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(out_of_bag_means([3.0], resamples=4)).all()


def test_out_of_bag_means_do_not_depend_on_the_memory():
    values = np.random.default_rng(1).normal(size=40)
    whole = out_of_bag_means(values, resamples=30, seed=2)
    assert (out_of_bag_means(values, resamples=30, seed=2, memory_mb=1e-3) == whole).all()

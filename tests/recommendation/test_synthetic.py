"""The generator: repeatable, with the noise it says and the shape of real listening."""

from dataclasses import fields

import numpy as np
import pytest

from podium.recommendation import synthetic_noise
from podium.recommendation.synthetic import TICKS_PER_DAY, SampleSize, Synthetic, generate
from podium.recommendation.synthetic_listens import affinity
from podium.recommendation.synthetic_world import HISTORY_DAYS, draw_between, zipf

SIZE = SampleSize(users=1_200, tracks=4_000, listens=200_000, test_users=100)


@pytest.fixture(scope="module")
def data() -> Synthetic:
    return generate(SIZE, seed=3)


def test_same_seed_same_data_and_another_seed_other_data(data: Synthetic) -> None:
    again, other = generate(SIZE, seed=3), generate(SIZE, seed=4)
    for name in ("user_id", "item_id", "seconds", "tick", "broken_time"):
        assert np.array_equal(getattr(data.log, name), getattr(again.log, name))
    assert np.array_equal(data.truth.fraction, again.truth.fraction)
    assert not np.array_equal(data.log.seconds[:1000], other.log.seconds[:1000])


def test_sizes(data: Synthetic) -> None:
    assert data.people.size == SIZE.users
    assert data.catalogue.size == SIZE.tracks
    assert len(data.test_user) == SIZE.test_users
    assert 0.8 * SIZE.listens < len(data.log.user_id) < 1.25 * SIZE.listens
    for ids in (data.catalogue.item_id, data.people.user_id, data.test_user):
        assert len(np.unique(ids)) == len(ids)


def test_sizes_without_meaning_are_refused() -> None:
    with pytest.raises(ValueError, match="twice as many users"):
        SampleSize(users=10, tracks=4_000, listens=10_000, test_users=9)
    with pytest.raises(ValueError, match="200 tracks"):
        SampleSize(users=100, tracks=10, listens=10_000, test_users=9)


def test_planted_noise_is_found_in_the_log_to_the_row(data: Synthetic) -> None:
    log, noise, catalogue = data.log, data.noise, data.catalogue
    length = np.zeros(catalogue.item_id.max() + 2_000, dtype=np.int64)
    length[catalogue.item_id] = catalogue.seconds
    known = length[log.item_id] > 0
    day = log.tick / TICKS_PER_DAY
    rows = np.stack([log.user_id, log.item_id, log.seconds, log.tick, log.broken_time])
    assert rows.shape[1] - np.unique(rows, axis=1).shape[1] == noise.duplicates
    assert (log.seconds < 0).sum() == noise.negative
    absurd = log.seconds > 86_400
    assert absurd.sum() == noise.absurd
    assert (known & ~absurd & (log.seconds > length[log.item_id])).sum() == noise.over_long
    assert (~known).sum() == noise.unknown_items
    assert (log.broken_time > 0).sum() == noise.unparsable_times
    assert ((day < 0) | (day >= HISTORY_DAYS)).sum() == noise.out_of_range
    assert [len(log.item_lacks[kind]) for kind in ("duration", "genres", "counts")] == [
        noise.items_without_duration,
        noise.items_without_genres,
        noise.items_without_counts,
    ]
    assert len(np.unique(log.absent_users)) == noise.users_without_metadata
    assert all(getattr(noise, field.name) > 0 for field in fields(noise))
    # What was heard is all there beside the rows that came on top.
    added = (
        noise.duplicates
        + noise.negative
        + noise.absurd
        + noise.unparsable_times
        + noise.unknown_items
        + noise.out_of_range
    )
    assert data.user_plays.sum() == len(log.user_id) - added


def test_no_misplaced_time_lies_in_the_hidden_window(data: Synthetic) -> None:
    day = data.log.tick / TICKS_PER_DAY
    assert not ((day >= HISTORY_DAYS) & (day < 200.0)).any()
    assert not ((synthetic_noise._WRONG_DAYS >= -1) & (synthetic_noise._WRONG_DAYS < 201)).any()


def test_the_log_is_nearly_in_order_of_time(data: Synthetic) -> None:
    backwards = np.diff(data.log.tick) < 0
    assert backwards.mean() < 0.02


def test_every_test_user_listens_before_and_in_the_window(data: Synthetic) -> None:
    assert np.isin(data.test_user, data.log.user_id).all()
    assert np.array_equal(np.unique(data.truth.user_id), data.test_user)


def test_truth_holds_each_pair_once_with_a_fraction(data: Synthetic) -> None:
    truth = data.truth
    pairs = truth.user_id.astype(np.int64) * 10**7 + truth.item_id
    assert (np.diff(pairs) > 0).all()
    assert truth.fraction.min() >= 0.0
    assert truth.fraction.max() == 1.0


def test_repeats_hold_about_half_of_the_value_of_the_window(data: Synthetic) -> None:
    heard = np.unique(data.log.user_id.astype(np.int64) * 10**7 + data.log.item_id)
    repeat = np.isin(data.truth.user_id.astype(np.int64) * 10**7 + data.truth.item_id, heard)
    share = data.truth.fraction[repeat].sum() / data.truth.fraction.sum()
    assert 0.35 < share < 0.68


def test_popularity_and_activity_have_long_tails(data: Synthetic) -> None:
    plays = np.sort(data.item_plays)[::-1]
    assert 0.08 < plays[: len(plays) // 100].sum() / plays.sum() < 0.35
    users = data.user_plays[data.user_plays > 0]
    assert users.mean() > 2 * np.median(users)
    chosen = np.isin(data.people.user_id, data.test_user)
    assert data.user_plays[chosen].mean() > 2 * data.user_plays.mean()


def test_good_tracks_are_heard_to_the_end_more_often(data: Synthetic) -> None:
    quality = np.zeros(data.catalogue.item_id.max() + 2_000)
    quality[data.catalogue.item_id] = data.catalogue.quality
    of_pair = quality[data.truth.item_id]
    good = data.truth.fraction[of_pair > 1].mean()
    poor = data.truth.fraction[of_pair < -1].mean()
    assert good > poor + 0.2


def test_ids_drift_with_the_time_of_joining(data: Synthetic) -> None:
    day = data.log.tick / TICKS_PER_DAY
    sound = (day >= 0) & (day < HISTORY_DAYS)
    early = np.unique(data.log.user_id[sound & (day < 20)])
    late = np.unique(data.log.user_id[sound & (day >= 160)])
    assert np.median(late) > 1.2 * np.median(early)
    assert (np.diff(data.people.joined) >= 0).all()


def test_nothing_is_played_before_its_release(data: Synthetic) -> None:
    release = np.full(data.catalogue.item_id.max() + 2_000, -np.inf)
    release[data.catalogue.item_id] = data.catalogue.release
    day = data.log.tick / TICKS_PER_DAY
    sound = (day >= 0) & (day < HISTORY_DAYS)
    early = day[sound] < release[data.log.item_id[sound]]
    assert not early.any()


def test_affinity_is_fixed_per_pair(data: Synthetic) -> None:
    user, track = np.array([5, 7, 5, 7]), np.array([11, 11, 11, 12])
    value = affinity(data.catalogue, data.people, user, track)
    assert value[0] == value[2]
    assert len(np.unique(value)) == 3


def test_draw_between_keeps_to_its_range_and_its_weights() -> None:
    cumulative = np.concatenate([[0.0], np.cumsum([5.0, 1.0, 3.0, 100.0])])
    uniform = (np.arange(4_000) + 0.5) / 4_000
    start = np.full(4_000, 1)
    drawn = draw_between(cumulative, start, start + 2, uniform)
    assert np.bincount(drawn).tolist() == [0, 1_000, 3_000]


def test_zipf_sums_to_one_and_falls() -> None:
    share = zipf(np.arange(1_000))
    assert share.sum() == pytest.approx(1.0)
    assert (np.diff(share) < 0).all()

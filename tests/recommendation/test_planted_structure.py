"""Each recommender on a planted structure with a known answer."""

from datetime import date

import numpy as np
import pytest

from podium.recommendation.recommenders.artist_tops import ArtistTops
from podium.recommendation.recommenders.implicit_als import ImplicitALS
from podium.recommendation.recommenders.interaction_matrix import interaction_matrix
from podium.recommendation.recommenders.item_knn import ItemKNN
from podium.recommendation.recommenders.own_history import OwnHistory
from podium.recommendation.recommenders.popularity import Popularity

CUT = date(2025, 8, 14)
LAST_SECOND = "2025-08-14 23:59:59"  # age 0


def ranked(recommender, user, k=50):
    lists = recommender.recommend(np.array([user]), k)
    return dict(zip(lists["item_id"].tolist(), lists["score"].tolist(), strict=True))


# Own history: worked by hand, one half-life of 7 days.
OWN = [
    (1, 10, "2025-08-14 23:59:59.9", 1.0),  # age 0: 1
    (1, 10, "2025-08-07 23:59:59", 0.5),  # 7 days: 0.5 * 0.5
    (1, 20, "2025-08-07 23:59:59", 1.0),  # twice 0.5
    (1, 20, "2025-08-07 23:59:59", 1.0),
    (1, 30, "2025-07-31 23:59:59", 1.0),  # 14 days: 0.25
    (1, 40, "2025-08-14 12:00:00", 0.0),  # skipped at once
    (2, 50, "2025-08-14 12:00:00", 1.0),  # someone else's
]


@pytest.mark.parametrize(
    ("half_life", "expected"),
    [
        (7, {10: 1.25, 20: 1.0, 30: 0.25, 40: 0.0}),
        (None, {20: 2.0, 10: 1.5, 30: 1.0, 40: 0.0}),
    ],
)
def test_own_history_worked_by_hand(make_history, half_life, expected):
    recommender = OwnHistory(half_life_days=half_life).fit(make_history(OWN, CUT, [1]))
    found = ranked(recommender, 1)
    assert list(found) == list(expected)
    assert found == pytest.approx(expected, abs=1e-6)
    assert np.isnan(recommender.score(np.array([1]), np.array([50])))


@pytest.mark.parametrize("half_life", [0, -7])
def test_a_half_life_that_is_none_is_refused(half_life):
    with pytest.raises(ValueError, match="half_life_days"):
        OwnHistory(half_life_days=half_life)


# Popularity: user 1 repeats track 10 all day, tracks 20 and 30 have two listeners.
POPULAR = [
    *[(1, 10, "2025-08-14 10:00", 1.0)] * 20,
    (1, 20, "2025-08-01 00:00", 0.5),  # day 13
    (1, 20, "2025-08-02 00:00", 0.75),  # day 12
    (2, 20, "2025-08-03 00:00", 1.0),  # day 11
    (2, 30, "2025-07-31 23:59", 1.0),  # day 14
    (3, 30, "2025-08-10 00:00", 1.0),
    (3, 40, "2025-08-10 00:00", 1.0),
]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, {30: 2.0, 20: 1.75, 10: 1.0, 40: 1.0}),
        ({"window_days": 14}, {20: 1.75, 10: 1.0, 30: 1.0, 40: 1.0}),
        ({"window_days": 13}, {20: 1.75, 10: 1.0, 30: 1.0, 40: 1.0}),
        ({"window_days": 12}, {10: 1.0, 20: 1.0, 30: 1.0, 40: 1.0}),
        ({"window_days": 11}, {10: 1.0, 30: 1.0, 40: 1.0}),
        ({"longest_list": 2}, {30: 2.0, 20: 1.75}),
    ],
)
def test_popularity_counts_a_listener_once(make_history, arguments, expected):
    recommender = Popularity(**arguments).fit(make_history(POPULAR, CUT, [1, 9]))
    assert ranked(recommender, 1) == ranked(recommender, 9) == expected
    assert recommender.ranking().tolist() == list(expected)


def test_popularity_within_groups(make_history):
    groups = {1: "pop", 2: "rock", 3: "rock", 4: "pop", 5: None, 6: None, 7: "jazz"}
    rows = [*POPULAR, (5, 60, "2025-08-10 00:00", 1.0)]
    history = make_history(rows, CUT, [4, 2, 6, 7], groups=groups)
    recommender = Popularity(group="top_genre").fit(history)
    assert ranked(recommender, 4) == {10: 1.0, 20: 0.75}
    assert ranked(recommender, 2) == {30: 2.0, 20: 1.0, 40: 1.0}
    assert ranked(recommender, 6) == {60: 1.0}  # without a value: a group of their own
    assert ranked(recommender, 7) == {}
    assert recommender.ranking().tolist() == [30, 20, 10, 40, 60]


def test_artist_tops_finds_the_other_tracks_of_a_loved_artist(make_history):
    artists = [(1, 0), (2, 0), (4, 0), (4, 1), (9, 1), (7, 2)]
    now = LAST_SECOND
    rows = [
        (1, 1, now, 1.0),  # loves artist 0
        (2, 2, now, 1.0),
        (3, 2, now, 1.0),
        (4, 4, now, 1.0),  # the collaboration: both artists
        (5, 9, now, 1.0),  # loves artist 1
        (6, 7, now, 1.0),
    ]
    recommender = ArtistTops().fit(make_history(rows, CUT, range(1, 7), artists=artists))
    # Artist 0 has 4 listeners (1, 2, 1 of tracks 1, 2, 4), artist 1 has 2 (1, 1 of 4, 9).
    assert ranked(recommender, 1) == {2: 0.5, 1: 0.25, 4: 0.25}
    assert ranked(recommender, 5) == {4: 0.5, 9: 0.5}
    assert ranked(recommender, 4) == {4: 0.75, 2: 0.5, 9: 0.5, 1: 0.25}
    assert ranked(recommender, 6) == {7: 1.0}
    assert np.isnan(recommender.score(np.array([1]), np.array([7])))


def test_artist_tops_keeps_the_most_loved_artists_and_most_heard_tracks(make_history):
    rows = [
        (1, 1, "2025-08-14 23:59:59", 1.0),
        (1, 2, "2025-07-24 23:59:59", 1.0),  # 21 days: half
        (2, 3, "2025-08-14 10:00", 0.9),
        (2, 4, "2025-08-14 10:00", 0.8),
    ]
    history = make_history(rows, CUT, [1], artists=[(1, 0), (3, 0), (4, 0), (2, 1)])
    few = ArtistTops(artists_per_user=1, tracks_per_artist=2).fit(history)
    assert ranked(few, 1) == pytest.approx({1: 1 / 1.9, 3: 0.9 / 1.9}, abs=1e-5)
    # Artist 1 is half as dear, but its only track takes all of that.
    all_of_them = {2: 0.5, 1: 1 / 2.7, 3: 0.9 / 2.7, 4: 0.8 / 2.7}
    found = ranked(ArtistTops().fit(history), 1)
    assert list(found) == list(all_of_them)
    assert found == pytest.approx(all_of_them, abs=1e-5)


def blocks(listens_per_user=4, seed=0):
    """Two groups of listeners, each hearing only its own eight tracks."""
    rng = np.random.default_rng(seed)
    return [
        (user, int(item), "2025-08-14 23:59:59", 1.0)
        for user in range(40)
        for item in rng.choice(8, listens_per_user, replace=False) + 8 * (user % 2)
    ]


@pytest.mark.parametrize("neighbours", [3, 20])
def test_item_knn_finds_the_rest_of_the_block_and_nothing_else(make_history, neighbours):
    rows = blocks()
    recommender = ItemKNN(neighbours=neighbours, threads=1).fit(make_history(rows, CUT, range(40)))
    for user in range(40):
        own = {item for listener, item, _, _ in rows if listener == user}
        block = set(range(8 * (user % 2), 8 * (user % 2) + 8))
        found = set(ranked(recommender, user))
        assert found <= block
        assert found - own
        if neighbours == 20:
            assert found == block


@pytest.mark.parametrize("damping", [0.0, 1.0])
def test_item_knn_worked_by_hand(make_history, damping):
    now = LAST_SECOND
    rows = [(1, 10, now, 1.0), (1, 20, now, 1.0), (2, 10, now, 1.0), (2, 20, now, 1.0)]
    rows += [(3, 10, now, 1.0), (3, 30, now, 1.0)]
    history = make_history(rows, CUT, [1, 2, 3])
    recommender = ItemKNN(minimum_listeners=1, damping=damping, threads=1).fit(history)
    near, far = 2 / np.sqrt(6), 1 / np.sqrt(3)  # cosines of 10 with 20, and of 10 with 30
    listeners = {10: 3, 20: 2, 30: 1}
    plain = {1: {10: 1 + near, 20: 1 + near, 30: far}, 3: {10: 1 + far, 30: 1 + far, 20: near}}
    for user, scores in plain.items():
        expected = {item: score / listeners[item] ** damping for item, score in scores.items()}
        assert ranked(recommender, user) == pytest.approx(expected, rel=1e-5)
    if not damping:
        assert list(ranked(recommender, 1)) == [10, 20, 30]  # a tie goes to the smaller track
    unlinked = recommender.score(np.array([1, 1]), np.array([30, 40]))
    assert unlinked[0] == pytest.approx(far / listeners[30] ** damping)
    assert np.isnan(unlinked[1])


def test_implicit_als_finds_the_rest_of_the_block(make_history):
    rows = blocks()
    recommender = ImplicitALS(factors=2, iterations=10, threads=1)
    recommender.fit(make_history(rows, CUT, range(40)))
    for user in range(40):
        assert set(list(ranked(recommender, user))[:8]) == set(
            range(8 * (user % 2), 8 * (user % 2) + 8)
        )


def test_implicit_als_breaks_ties_at_the_border_by_track(make_history):
    recommender = ImplicitALS(factors=4, iterations=2, threads=1)
    recommender.fit(make_history(blocks(), CUT, range(40)))
    recommender._item_vectors[:] = recommender._item_vectors[0]
    assert list(ranked(recommender, 0, k=5)) == [0, 1, 2, 3, 4]


def test_interaction_matrix_worked_by_hand(make_history):
    now, week = "2025-08-14 23:59:59", "2025-08-07 23:59:59"
    rows = [
        (5, 10, now, 1.0),
        (5, 10, week, 1.0),  # 1.5 together
        (5, 20, week, 1.0),  # 0.5
        (5, 30, week, 1.0),  # 0.5, but a larger id than 20
        (6, 10, now, 0.5),
        (6, 20, now, 1.0),
        (6, 30, now, 0.04),  # too weak
        (7, 30, now, 1.0),
        (7, 40, now, 1.0),  # one listener only
        (8, 20, "2025-08-07 00:00", 1.0),  # before the window
    ]
    matrix = interaction_matrix(
        make_history(rows, CUT, [5]),
        half_life_days=7,
        window_days=8,
        minimum_weight=0.05,
        tracks_per_user=2,
        minimum_listeners=2,
    )
    assert matrix.users.tolist() == [5, 6, 7, 8]
    assert matrix.items.tolist() == [10, 20, 30]
    expected = [[1.5, 0.5, 0], [0.5, 1, 0], [0, 0, 1]]
    assert matrix.weights.toarray()[:3] == pytest.approx(np.array(expected), abs=1e-5)
    assert matrix.rows_of(np.array([7, 9, -1])).tolist() == [2, -1, -1]

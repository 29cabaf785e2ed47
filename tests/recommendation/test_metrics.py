"""The tables are worked by hand; lists are 4 tracks long there, to fit on the page."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.recommendation.metrics import (
    Reading,
    all_readings,
    listen_targets,
    round_fractions,
    score_models,
    score_ranks,
    score_users,
    true_fractions,
)


def frame(columns, *rows):
    return pd.DataFrame(rows, columns=columns.split())


@pytest.mark.parametrize(
    ("fraction", "quarter"),
    [
        (0.0, 0.0),
        (0.1249, 0.0),
        (0.125, 0.0),  # half-way: to the even quarter, 0 of 0 and 1
        (0.1251, 0.25),
        (0.374, 0.25),
        (0.375, 0.5),  # half-way: 2 of 1 and 2
        (0.625, 0.5),  # half-way: 2 of 2 and 3
        (0.874, 0.75),
        (0.875, 1.0),  # half-way: 4 of 3 and 4
        (1.0, 1.0),
        (1.7, 1.0),
        (-0.3, 0.0),
    ],
)
def test_quarters(fraction, quarter):
    assert round_fractions([fraction], "quarters")[0] == quarter
    assert round_fractions([fraction], "continuous")[0] == np.clip(fraction, 0, 1)


def test_best_and_total_listens():
    listens = frame(
        "user_id item_id fraction",
        (1, 10, 0.6),
        (1, 10, 0.3),
        (1, 11, 0.7),
        (1, 11, 0.9),  # total 1.6, clipped
        (2, 10, 1.4),  # longer than the track
        (2, 12, -0.5),  # nonsense
    )
    assert listen_targets(listens).to_dict("list") == {
        "user_id": [1, 1, 2, 2],
        "item_id": [10, 11, 10, 12],
        "best_listen": [0.6, 0.9, 1.0, 0.0],
        "total_listen": [pytest.approx(0.9), 1.0, 1.0, 0.0],
    }


TARGETS = frame(
    "user_id item_id best_listen total_listen",
    # User 1 played 3 tracks, all recommended to him but 12.
    (1, 10, 0.6, 0.9),  # quarters: best .5, total 1
    (1, 11, 0.9, 1.0),  # 1, 1
    (1, 12, 0.3, 0.3),  # .25, .25
    # User 2 played 6, more than fit into a list of 4; two of them to the end.
    (2, 10, 1.0, 1.0),
    (2, 20, 1.0, 1.0),
    (2, 21, 0.5, 0.5),
    (2, 22, 0.5, 0.5),
    (2, 23, 0.5, 0.5),
    (2, 24, 0.0, 0.0),
    # User 3 played one, but has no list. User 4 has a list and played nothing. User 5: neither.
    (3, 10, 1.0, 1.0),
    # User 6 skipped his only track at once.
    (6, 10, 0.0, 0.0),
    # User 9 was not asked for.
    (9, 10, 1.0, 1.0),
)
LISTS = frame(
    "user_id item_id rank",
    (1, 11, 1),
    (1, 10, 2),
    (1, 98, 3),
    (1, 99, 4),
    (2, 21, 1),
    (2, 10, 2),
    (2, 24, 3),
    (2, 97, 4),
    (4, 10, 1),
    (4, 11, 2),
    (6, 10, 1),
    (9, 10, 1),
)
USERS = [5, 1, 2, 3, 4, 6]


def test_the_table_worked_by_hand():
    scores = score_users(LISTS, true_fractions(TARGETS, Reading()), USERS, length=4)
    expected = frame(
        "user_id score per_played per_ideal hits played ideal",
        (1, 1.5 / 4, 1.5 / 3, 1.5 / 1.75, 2, 3, 1.75 / 4),
        (2, 1.5 / 4, 1.5 / 4, 1.5 / 3, 3, 6, 3 / 4),
        (3, 0, 0, 0, 0, 1, 1 / 4),
        (4, 0, 0, 0, 0, 0, 0),
        (5, 0, 0, 0, 0, 0, 0),
        (6, 0, 0, 0, 1, 1, 0),
    )
    pd.testing.assert_frame_equal(scores, expected, check_dtype=False, check_index_type=False)
    # Nobody is dropped from the mean: 3 points, 4 tracks, 6 users.
    assert scores["score"].mean() == pytest.approx(3 / 4 / 6)


@pytest.mark.parametrize(
    ("listen", "rounding", "points"),
    [
        # User 1 gets tracks 10 and 11, user 2 always 1.5.
        ("best", "quarters", 0.5 + 1 + 1.5),
        ("best", "continuous", 0.6 + 0.9 + 1.5),
        ("total", "quarters", 1 + 1 + 1.5),
        ("total", "continuous", 0.9 + 1 + 1.5),
    ],
)
def test_the_four_readings(listen, rounding, points):
    reading = Reading(listen=listen, rounding=rounding)
    scores = score_users(LISTS, true_fractions(TARGETS, reading), USERS, length=4)
    assert scores["score"].sum() == pytest.approx(points / 4)
    models = score_models(LISTS.assign(model="m"), TARGETS, USERS, reading, length=4)
    assert models["score"].tolist() == scores["score"].tolist()
    assert models[f"score_{listen}_{rounding}"].tolist() == scores["score"].tolist()


def test_all_models_at_once_equal_each_alone():
    other = LISTS.assign(item_id=LISTS["item_id"] + 1, model="shifted")
    both = pd.concat([other, LISTS.assign(model="as_is")])
    table = score_models(both, TARGETS, USERS, Reading(), length=4)
    for model, rows in table.groupby("model"):
        alone = score_users(
            both[both["model"] == model], true_fractions(TARGETS, Reading()), USERS, length=4
        )
        found = rows[alone.columns].reset_index(drop=True)
        pd.testing.assert_frame_equal(found, alone, check_exact=True)
        assert len(rows) == len(USERS)
    assert table["model"].is_monotonic_increasing
    assert len(all_readings()) == len({str(reading) for reading in all_readings()}) == 4


def test_the_order_inside_the_list_does_not_count_but_the_cut_does():
    truth = true_fractions(TARGETS, Reading())
    swapped = LISTS.assign(rank=5 - LISTS["rank"])
    assert score_users(swapped, truth, USERS, 4)["score"].tolist() == (
        score_users(LISTS, truth, USERS, 4)["score"].tolist()
    )
    long = pd.concat([LISTS, frame("user_id item_id rank", (1, 12, 5))])
    assert score_users(long, truth, USERS, 4).equals(score_users(LISTS, truth, USERS, 4))


def test_places_worked_by_hand():
    places = score_ranks(LISTS.assign(model="m"), true_fractions(TARGETS, Reading()), USERS, 4)
    # Place 1: user 1 track 11 (1), user 2 track 21 (.5); place 2: track 10 (.5) and 10 (1).
    assert places["fraction"].tolist() == pytest.approx([1.5 / 6, 1.5 / 6, 0, 0])
    assert places["rank"].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("lists", "truth", "message"),
    [
        (pd.concat([LISTS, LISTS]), TARGETS, "repeat a track"),
        (LISTS.assign(item_id=range(12)).drop(columns="rank").assign(user_id=1), TARGETS, "longer"),
        (LISTS, pd.concat([TARGETS, TARGETS]), "one row per user and track"),
    ],
)
def test_tables_that_would_cheat_are_refused(lists, truth, message):
    with pytest.raises(ValueError, match=message):
        score_users(lists, true_fractions(truth, Reading()), USERS, length=4)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_bounds_hold_and_row_order_changes_no_byte(seed):
    generator = np.random.default_rng(seed)
    pairs = pd.DataFrame(
        {"user_id": generator.integers(0, 8, 200), "item_id": generator.integers(0, 90, 200)}
    )
    pairs = pairs.drop_duplicates()
    truth = pairs.assign(fraction=generator.random(len(pairs)))
    lists = pairs.sample(frac=0.7, random_state=seed % 1000)
    lists = lists.assign(rank=lists.groupby("user_id").cumcount() + 1)
    scores = score_users(lists, truth, range(9))
    assert scores["score"].le(scores["ideal"] + 1e-12).all() and scores["ideal"].le(1).all()
    assert scores[["per_played", "per_ideal"]].stack().between(0, 1 + 1e-12).all()
    assert (scores["score"] <= scores["per_played"] + 1e-12).all()
    again = score_users(
        lists.sample(frac=1, random_state=1), truth.sample(frac=1, random_state=2), range(9)
    )
    pd.testing.assert_frame_equal(scores, again, check_exact=True)

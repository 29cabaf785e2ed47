"""Candidates: union, scores and ranks of real recommenders, recall and lists worked by hand."""

import logging
from datetime import date

import numpy as np
import pandas as pd
import pytest

from podium.recommendation.candidates import (
    CandidateSource,
    generate_candidates,
    recall_of_sources,
    top_of_source,
)
from podium.recommendation.recommenders.own_history import OwnHistory
from podium.recommendation.recommenders.popularity import Popularity

CUT = date(2025, 8, 14)
NOW = "2025-08-14 12:00"
ROWS = [
    (1, 10, NOW, 1.0),
    (1, 20, NOW, 0.5),
    (1, 40, NOW, 0.25),
    (2, 20, NOW, 1.0),
    (2, 30, NOW, 1.0),
    (3, 30, NOW, 0.5),
]


@pytest.fixture(scope="module")
def candidates(make_history):
    sources = {
        "own": CandidateSource(OwnHistory(), 2),
        "popular": CandidateSource(Popularity(longest_list=3), 2),
    }
    return generate_candidates(make_history(ROWS, CUT, [1, 2, 9]), sources)


def test_the_union_has_every_source_s_score_and_rank(candidates):
    frame, _ = candidates
    assert list(frame) == [
        "user_id", "item_id", "own_score", "own_rank", "popular_score", "popular_rank"
    ]  # fmt: skip
    assert frame["own_score"].dtype == frame["popular_score"].dtype == np.float32
    assert frame["own_rank"].dtype == frame["popular_rank"].dtype == np.int32
    # Popular: 20 and 30 with 1.5 each, 10 with 1.0 on its list of three, 40 below it.
    rows = [tuple(row) for row in frame.fillna(-1).itertuples(index=False)]
    assert rows == [
        (1, 10, 1.0, 1, 1.0, 0),
        (1, 20, 0.5, 2, 1.5, 1),
        (1, 30, -1, 0, 1.5, 2),
        (2, 20, 1.0, 1, 1.5, 1),
        (2, 30, 1.0, 2, 1.5, 2),
        (9, 20, -1, 0, 1.5, 1),
        (9, 30, -1, 0, 1.5, 2),
    ]


def test_a_pair_below_a_source_s_list_still_gets_its_score(make_history):
    sources = {
        "own": CandidateSource(OwnHistory(), 1),
        "popular": CandidateSource(Popularity(), 10),
    }
    frame, _ = generate_candidates(make_history(ROWS, CUT, [1]), sources)
    assert frame["own_rank"].tolist() == [1, 0, 0, 0]
    assert frame["own_score"].fillna(-1).tolist() == [1.0, 0.5, -1, 0.25]


def test_costs_are_measured_and_said(make_history, caplog):
    with caplog.at_level(logging.DEBUG, logger="podium"):
        _, costs = generate_candidates(
            make_history(ROWS, CUT, [1, 2]), {"own": CandidateSource(OwnHistory(), 2)}
        )
    assert [cost.source for cost in costs] == ["own"]
    assert costs[0].fit_seconds > 0
    assert costs[0].predict_seconds > 0
    assert costs[0].peak_memory_mb > 10
    assert [
        record.levelno for record in caplog.records if "own: 4 tracks" in record.getMessage()
    ] == [
        logging.DEBUG  # as quick a source is not worth a line
    ]


def test_a_source_without_lists_does_not_hinder_the_others(make_history):
    sources = {
        "own": CandidateSource(OwnHistory(), 2),
        "popular": CandidateSource(Popularity(window_days=1), 2),
    }
    frame, _ = generate_candidates(make_history(ROWS, CUT, [8, 9]), sources)
    assert frame["item_id"].tolist() == [20, 30, 20, 30]
    assert frame["own_score"].isna().all()
    assert (frame["own_rank"] == 0).all()


def frame_of(ranks):
    """User, track, rank of source a, rank of source b."""
    return pd.DataFrame(ranks, columns=["user_id", "item_id", "a_rank", "b_rank"])


LISTED = frame_of(
    [(1, 10, 1, 0), (1, 20, 2, 1), (1, 30, 0, 2), (2, 10, 0, 1), (2, 20, 1, 0), (2, 30, 0, 2)]
)


def test_recall_worked_by_hand():
    targets = pd.DataFrame(
        {"user_id": [1, 1, 2, 2, 3], "item_id": [10, 30, 20, 99, 10], "best_listen": 0.0}
    )
    relevance = np.array([1.0, 0.5, 0.25, 0.25, 2.0])  # of 4.0, user 3 has no candidates
    found = recall_of_sources(LISTED, targets, relevance, ["a", "b"])
    assert [tuple(row) for row in found.itertuples(index=False)] == [
        ("a", 1.25 / 4, 3, 1.5),
        ("b", 0.5 / 4, 4, 2.0),
        ("union", 1.75 / 4, 6, 3.0),
    ]


def test_recall_of_nothing_is_zero():
    nobody = pd.DataFrame({"user_id": [1], "item_id": [10]})
    assert (recall_of_sources(LISTED, nobody, np.zeros(1), ["a"])["recall"] == 0).all()
    empty = recall_of_sources(LISTED[:0], nobody, np.ones(1), ["a"])
    assert empty["recall"].tolist() == empty["mean_per_user"].tolist() == [0.0, 0.0]


def lists_of(frame):
    return {user: rows["item_id"].tolist() for user, rows in frame.groupby("user_id")}


@pytest.mark.parametrize(
    ("source", "k", "fill", "expected"),
    [
        ("a", 5, None, {1: [10, 20], 2: [20]}),
        ("a", 5, "a", {1: [10, 20], 2: [20]}),
        ("a", 5, "b", {1: [10, 20, 30], 2: [20, 10, 30]}),
        ("b", 5, "a", {1: [20, 30, 10], 2: [10, 30, 20]}),
        ("a", 2, "b", {1: [10, 20], 2: [20, 10]}),
        ("a", 1, "b", {1: [10], 2: [20]}),
    ],
)
def test_short_lists_go_on_with_the_fill(source, k, fill, expected):
    frame = top_of_source(LISTED.sample(frac=1, random_state=0), source, k, fill)
    assert list(frame) == ["user_id", "item_id", "score", "rank"]
    assert lists_of(frame) == expected
    for _, rows in frame.groupby("user_id"):
        assert rows["rank"].tolist() == list(range(1, len(rows) + 1))
        assert rows["score"].is_monotonic_decreasing
        assert rows["score"].is_unique

"""The same expressions on DuckDB and on Spark: the same features, targets, users and lists."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from podium.recommendation.features.assemble import assemble_features
from podium.recommendation.fold_users import choose_users
from podium.recommendation.history import Catalogue, History
from podium.recommendation.listens import estimate_track_seconds
from podium.recommendation.recommenders.artist_tops import ArtistTops
from podium.recommendation.recommenders.interaction_matrix import interaction_matrix
from podium.recommendation.recommenders.own_history import OwnHistory
from podium.recommendation.recommenders.popularity import Popularity
from podium.recommendation.targets import window_targets
from podium.recommendation.time_cuts import TimeCut

CUT = TimeCut(1, "holdout", date(2025, 8, 14), date(2025, 8, 16), date(2025, 8, 30))
WINDOW, GAP, PAST_WINDOWS = 15, 1, 4


@pytest.fixture(scope="module")
def users(world):
    return np.unique(world.listens["user_id"])[:12]


@pytest.fixture(scope="module")
def trains(world, spark, tmp_path_factory):
    """The stored listens, loaded by each engine."""
    file = tmp_path_factory.mktemp("engines") / "train.parquet"
    world.listens.to_parquet(file, index=False)
    return [engine.read_parquet(file) for engine in (ibis.duckdb.connect(), spark)]


@pytest.fixture(scope="module")
def histories(world, users, trains):
    """What is known at the cut, on each engine. The metadata have gaps, as they do in life."""
    number, count = np.arange(len(world.items)), len(world.users)
    items = world.items.assign(
        track_seconds=pd.array(np.where(number % 5, 200, None), dtype="Int32"),
        like_count=pd.array(np.where(number % 3, number, None), dtype="Int64"),
        dislike_count=pd.array(np.where(number % 4, number, None), dtype="Int64"),
        download_count=5,
    )
    people = world.users.assign(
        age_bin=pd.array(["18_29", None] * (count // 2), dtype="str"),
        children=pd.array([None, 1, 0] * (count // 3), dtype="Int64"),
        gender=pd.array(["F", "M", None] * (count // 3), dtype="str"),
        liked_count=pd.array([3, None] * (count // 2), dtype="Int64"),
        disliked_count=2,
        downloaded_count=1,
    )
    catalogue = Catalogue.of(items, world.item_artists, world.item_genres, people)
    return [History(train, CUT.history_until, users, catalogue) for train in trains]


@pytest.fixture(scope="module")
def candidates(world, users):
    """Every pair heard by the users, and tracks that they never heard."""
    heard = world.listens[world.listens["user_id"].isin(users)][["user_id", "item_id"]]
    new = pd.DataFrame({"user_id": users, "item_id": world.items["item_id"].iloc[: len(users)]})
    pairs = pd.concat([heard, new]).drop_duplicates(ignore_index=True)
    score = np.where(np.arange(len(pairs)) % 2, 0.5, np.nan).astype(np.float32)
    return pairs.assign(item_knn_score=score)


def test_features(histories, candidates):
    expected, came = (
        assemble_features(history, candidates, WINDOW, GAP, PAST_WINDOWS) for history in histories
    )
    assert expected["item_likes"].isna().any() and expected["item_likes"].notna().any()
    pd.testing.assert_frame_equal(came, expected, rtol=1e-6, atol=1e-6)


def test_targets(trains, users):
    asked = ibis.memtable(pd.DataFrame({"user_id": users}))
    expected, came = (
        window_targets(train, CUT, asked).order_by("user_id", "item_id").to_pyarrow()
        for train in trains
    )
    assert len(came) and came.equals(expected)


def test_chosen_users(trains, users):
    expected, came = (choose_users(train, CUT, users[:4], 10, seed=1) for train in trains)
    pd.testing.assert_frame_equal(came, expected)


@pytest.mark.parametrize(
    "recommender",
    [Popularity(), Popularity(14, "top_genre"), OwnHistory(21), ArtistTops()],
    ids=lambda recommender: type(recommender).__name__,
)
def test_lists(histories, users, recommender):
    expected, came = (recommender.fit(history).recommend(users, 60) for history in histories)
    pd.testing.assert_frame_equal(came, expected, rtol=1e-6, atol=1e-6)


def test_interaction_matrix(histories):
    expected, came = (
        interaction_matrix(
            history,
            half_life_days=30,
            window_days=90,
            minimum_weight=0.1,
            tracks_per_user=20,
            minimum_listeners=2,
        )
        for history in histories
    )
    np.testing.assert_array_equal(came.users, expected.users)
    np.testing.assert_array_equal(came.items, expected.items)
    np.testing.assert_allclose(came.weights.toarray(), expected.weights.toarray(), atol=1e-6)


def test_estimated_lengths(trains):
    tracks = ibis.memtable(pd.DataFrame({"item_id": [1_000, 1_003, 1_006, 1_009]})).mutate(
        track_seconds=ibis.null("int32")
    )
    expected, came = (
        estimate_track_seconds(train, tracks, 30, 210).order_by("item_id").to_pyarrow()
        for train in trains
    )
    assert len(came) == 4 and came.equals(expected)

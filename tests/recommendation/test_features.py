"""Features: worked by hand, against slow plain Python, and blind to what lies after the cut."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from podium.recommendation.features.assemble import assemble_features
from podium.recommendation.history import Catalogue, History

UNTIL = date(2025, 8, 14)
END = pd.Timestamp("2025-08-15")
WINDOW, GAP = 15, 1
LAST_SECOND = pd.Timedelta(seconds=1)


def catalogue_of(world) -> Catalogue:
    users = world.users.assign(
        age_bin=pd.array(["18_29", None] * (len(world.users) // 2), dtype="str"),
        children=pd.array([1] * len(world.users), dtype="Int64"),
        gender=pd.array(["F"] * len(world.users), dtype="str"),
        liked_count=3,
        disliked_count=2,
        downloaded_count=1,
    )
    items = world.items.assign(like_count=30, dislike_count=10, download_count=5)
    return Catalogue.of(items, world.item_artists, world.item_genres, users)


def history_of(world, listens: pd.DataFrame, threads: int = 1) -> History:
    connection = ibis.duckdb.connect(threads=threads)
    table = connection.create_table("train", listens)
    users = np.unique(world.listens["user_id"])[:12]
    return History(table, UNTIL, users, catalogue_of(world))


@pytest.fixture(scope="module")
def candidates(world) -> pd.DataFrame:
    """Every pair heard by the twelve users, and for each user five that were not."""
    users = np.unique(world.listens["user_id"])[:12]
    heard = world.listens[world.listens["user_id"].isin(users)][["user_id", "item_id"]]
    rng = np.random.default_rng(1)
    new = pd.DataFrame(
        {
            "user_id": np.repeat(users, 5),
            "item_id": rng.choice(world.items["item_id"].to_numpy(), 60),
        }
    )
    pairs = pd.concat([heard, new]).drop_duplicates()
    pairs = pairs.sort_values(["user_id", "item_id"], ignore_index=True)
    return pairs.assign(item_knn_score=np.float32(0.5))


@pytest.fixture(scope="module")
def features(world, candidates) -> pd.DataFrame:
    return assemble_features(history_of(world, world.listens), candidates, WINDOW, GAP, 4)


@pytest.fixture(scope="module")
def known(world) -> pd.DataFrame:
    """Listens before the cut with their age in seconds and days, as a person would note them."""
    rows = world.listens[world.listens["listened_at"] < END].copy()
    rows["age"] = (END - LAST_SECOND - rows["listened_at"].dt.floor("s")).dt.total_seconds()
    rows["day"] = (rows["age"] // 86_400).astype(int)
    return rows


def halved(age_days: float, half_life: float) -> float:
    return 0.5 ** (age_days / half_life)


def test_there_are_sixty_features_and_more_in_the_order_of_the_candidates(features, candidates):
    keys = ["user_id", "item_id"]
    pd.testing.assert_frame_equal(features[keys], candidates[keys])
    values = features.drop(columns=keys)
    assert values.shape[1] >= 60
    assert set(values.dtypes.astype(str)) == {"float32"}
    assert not values.columns[values.isna().all()].tolist()


def test_pair_features_agree_with_plain_python(features, known):
    rows = features.set_index(["user_id", "item_id"])
    checked = 0
    for pair, listens in known.groupby(["user_id", "item_id"]):
        if pair not in rows.index:
            continue
        row, checked = rows.loc[pair], checked + 1
        assert row["pair_listens"] == len(listens)
        assert row["pair_best_fraction"] == pytest.approx(listens["fraction"].max())
        decay = sum(
            fraction * halved(age / 86_400, 7)
            for fraction, age in zip(listens["fraction"], listens["age"], strict=True)
        )
        assert row["pair_decay_7d"] == pytest.approx(decay, abs=2e-5)
        days = listens.groupby("day")["fraction"].max()
        day_decay = sum(best * halved(day, 14) for day, best in days.items())
        assert row["pair_day_decay_14d"] == pytest.approx(day_decay, abs=2e-5)
        assert row["pair_strength"] == pytest.approx(1 - np.exp(-day_decay), abs=2e-5)
        assert row["pair_active_days"] == len(days)
        gaps = np.diff(np.sort(days.index.to_numpy()))
        if len(gaps):
            assert row["pair_mean_gap_days"] == pytest.approx(gaps.mean(), rel=1e-5)
            assert row["pair_last_gap_days"] == gaps[0]
            assert row["pair_longest_gap_days"] == gaps.max()
            assert row["pair_gap_deviation_days"] == pytest.approx(gaps.std(), abs=1e-3)
        else:
            assert np.isnan(row["pair_mean_gap_days"])
        for number in range(4):
            inside = listens[listens["day"] // WINDOW == number]["fraction"]
            expected = inside.max() if len(inside) else np.nan
            assert row[f"pair_window_{number + 1}"] == pytest.approx(expected, nan_ok=True)
        assert row["pair_days_since_last"] == pytest.approx(listens["age"].min() / 86_400, rel=1e-5)
        newest = listens.sort_values(["age", "fraction"], ascending=[True, False])["fraction"]
        assert row["pair_last_fraction"] == pytest.approx(newest.iloc[0])
        assert row["pair_last_three_fraction"] == pytest.approx(newest.head(3).mean(), abs=1e-5)
    assert checked > 200


def test_tracks_never_heard_have_no_pair_features_but_stay(features, known):
    heard = set(zip(known["user_id"], known["item_id"], strict=True))
    unheard = [
        pair not in heard for pair in zip(features["user_id"], features["item_id"], strict=True)
    ]
    assert sum(unheard) > 10
    rows = features[unheard]
    assert rows["pair_listens"].isna().all() and rows["session_strength"].isna().all()
    assert rows["user_listens"].notna().all() and rows["item_listeners"].notna().all()


def test_session_features_agree_with_plain_python(features, known):
    rows = features.set_index(["user_id", "item_id"])
    for user, listens in list(known.groupby("user_id"))[:4]:
        ordered = listens.sort_values(
            ["age", "item_id", "listened_seconds"], ascending=[False, True, True]
        )
        days = ordered.groupby(["item_id", "day"])["fraction"].max().reset_index()
        days["worth"] = days["fraction"] * 0.5 ** (days["day"] / 14)
        strength = 1 - np.exp(-days.groupby("item_id")["worth"].sum())
        items, ages = ordered["item_id"].to_numpy(), ordered["age"].to_numpy()
        total: dict[int, float] = {}
        company: dict[int, float] = {}
        for at, item in enumerate(items):
            for offset in (-3, -2, -1, 1, 2, 3):
                other = at + offset
                if 0 <= other < len(items) and items[other] != item:
                    if abs(ages[other] - ages[at]) <= 1_800 * abs(offset):
                        weight = halved(ages[at] / 86_400, 30)
                        total[item] = total.get(item, 0) + weight * strength[items[other]]
                        company[item] = company.get(item, 0) + weight
        for item in np.unique(items):
            if (user, item) in rows.index:
                expected = total[item] / company[item] if item in company else np.nan
                value = rows.loc[(user, item), "session_strength"]
                assert value == pytest.approx(expected, abs=1e-4, nan_ok=True)


def test_artist_features_take_the_strongest_of_a_collaboration(features, known, world):
    rows = features.set_index(["user_id", "item_id"])
    by_item = world.item_artists.groupby("item_id")["artist_id"].apply(list)
    worth = known.assign(worth=known["fraction"] * 0.5 ** (known["age"] / 86_400 / 14))
    credited = worth.merge(world.item_artists, on="item_id")
    decay = credited.groupby(["user_id", "artist_id"])["worth"].sum()
    for pair, row in rows.sample(80, random_state=0).iterrows():
        known_artists = [decay.get((pair[0], artist), np.nan) for artist in by_item[pair[1]]]
        expected = np.nan if np.isnan(known_artists).all() else np.nanmax(known_artists)
        assert row["artist_decay_14d"] == pytest.approx(expected, abs=1e-4, nan_ok=True)


def test_item_features_count_each_listener_once(features, known):
    rows = features.drop_duplicates("item_id").set_index("item_id")
    listeners = known.groupby("item_id")["user_id"].nunique()
    recent = known[known["day"] < 14].groupby("item_id")["user_id"].nunique()
    for item, row in rows.iterrows():
        assert row["item_listeners"] == listeners[item]
        assert row["item_listeners_14d"] == recent.get(item, 0)


def test_return_rate_of_a_track_is_that_of_the_window_before(features, known):
    before = known[(known["day"] >= WINDOW + GAP) & (known["day"] < WINDOW + GAP + 45)]
    window = known[known["day"] < WINDOW]
    pairs = before[["user_id", "item_id"]].drop_duplicates()
    best = window.groupby(["user_id", "item_id"])["fraction"].max().rename("again").reset_index()
    joined = pairs.merge(best, how="left").fillna({"again": 0.0})
    prior = joined["again"].mean()
    grouped = joined.groupby("item_id")["again"].agg(["sum", "count"])
    rows = features.drop_duplicates("item_id").set_index("item_id")
    for item, row in rows.iterrows():
        total, count = grouped.loc[item] if item in grouped.index else (0.0, 0)
        expected = (total + 10 * prior) / (count + 10)
        assert row["item_return_rate"] == pytest.approx(expected, abs=1e-4)


def test_return_curve_is_the_surplus_over_others_shrunk_to_zero(features, known):
    users = features["user_id"].unique()
    own = known[known["user_id"].isin(users)]
    states = []
    for shift in (16, 32):
        past = own[own["day"] >= shift]
        days = past.groupby(["user_id", "item_id", "day"])["fraction"].max().reset_index()
        days["worth"] = days["fraction"] * 0.5 ** ((days["day"] - shift) / 14)
        state = days.groupby(["user_id", "item_id"]).agg(
            decay=("worth", "sum"), last=("day", "min")
        )
        window = own[(own["day"] >= shift - 16) & (own["day"] < shift - 1)]
        heard = window.groupby(["user_id", "item_id"])["fraction"].max()
        state["heard"] = heard.reindex(state.index).fillna(0.0)
        state["strength"] = np.digitize(state["decay"], [0.1, 0.25, 0.5, 1, 2, 4])
        state["recency"] = np.digitize(state["last"] - shift, [2, 5, 10, 20, 40])
        states.append(state.reset_index())
    past = pd.concat(states)
    past["surplus"] = past["heard"] - past.groupby(["strength", "recency"])["heard"].transform(
        "mean"
    )
    expected = past.groupby("user_id")["surplus"].agg(lambda s: s.sum() / (len(s) + 20))
    found = features.groupby("user_id")["curve_user"].agg(["min", "max"])
    assert (found["min"] == found["max"]).all()
    np.testing.assert_allclose(found["min"], expected.loc[found.index], atol=1e-4)


def test_places_and_border_are_within_the_user(features):
    for _, rows in features.groupby("user_id"):
        decay = rows["pair_day_decay_14d"].fillna(-1.0)
        assert sorted(rows["place_pair_day_decay_14d"]) == list(range(1, len(rows) + 1))
        assert rows.loc[decay.idxmax(), "place_pair_day_decay_14d"] == 1
        border = rows.loc[rows["place_pair_day_decay_14d"] == 50, "border_pair_day_decay_14d"]
        assert np.allclose(border, 0.0)


def test_nothing_after_the_cut_matters(world, candidates, features):
    known = world.listens[world.listens["listened_at"] < END]
    later = known.assign(
        listened_at=END + pd.to_timedelta(np.arange(len(known)) % 1_000_000, unit="s"), fraction=1.0
    )
    again = assemble_features(
        history_of(world, pd.concat([known, later])), candidates, WINDOW, GAP, 4
    )
    pd.testing.assert_frame_equal(again, features, check_exact=True)


def test_same_bits_whatever_the_order_of_rows_and_the_threads(world, candidates, features):
    shuffled = world.listens.sample(frac=1.0, random_state=3)
    again = assemble_features(history_of(world, shuffled, threads=3), candidates, WINDOW, GAP, 4)
    pd.testing.assert_frame_equal(again, features, check_exact=True)

"""What every recommender promises."""

import inspect
import pickle
from datetime import date
from importlib import import_module
from pkgutil import iter_modules

import numpy as np
import pandas as pd
import pytest

from podium.recommendation import recommenders
from podium.recommendation.recommenders.artist_tops import ArtistTops
from podium.recommendation.recommenders.base import Recommender
from podium.recommendation.recommenders.implicit_als import ImplicitALS
from podium.recommendation.recommenders.item_knn import ItemKNN
from podium.recommendation.recommenders.own_history import OwnHistory
from podium.recommendation.recommenders.popularity import Popularity

# A new recommender is declared here, or the first test fails.
VARIANTS: dict[type[Recommender], list[dict]] = {
    OwnHistory: [{}, {"half_life_days": 7}],
    Popularity: [{}, {"window_days": 14, "group": "top_genre", "longest_list": 30}],
    ArtistTops: [{}, {"artists_per_user": 3, "tracks_per_artist": 2}],
    ItemKNN: [{"neighbours": 4}, {"neighbours": 30, "damping": 0.5, "minimum_listeners": 1}],
    ImplicitALS: [{"factors": 6, "iterations": 3, "seed": 3}],
}
CASES = [
    pytest.param(kind, arguments, id=f"{kind.__name__}-{number}")
    for kind, variants in VARIANTS.items()
    for number, arguments in enumerate(variants)
]
CUT = date(2025, 8, 14)
SILENT, STRANGERS = 3, [-5, 10**12]
USERS = [SILENT, *range(100, 400, 7)]


def build(kind, arguments, threads=1):
    takes_threads = "threads" in inspect.signature(kind).parameters
    return kind(**arguments, **({"threads": threads} if takes_threads else {}))


def concrete_subclasses(kind):
    below = {deeper for child in kind.__subclasses__() for deeper in concrete_subclasses(child)}
    return below if inspect.isabstract(kind) else below | {kind}


def to_bytes(frame):
    return [(name, frame[name].dtype.str, frame[name].to_numpy().tobytes()) for name in frame]


@pytest.fixture(scope="module", params=[case.values for case in CASES], ids=[c.id for c in CASES])
def fitted(request, world):
    """Class, arguments, and one fitted on the common history."""
    kind, arguments = request.param
    return kind, arguments, build(kind, arguments).fit(world.history(CUT, USERS))


def refit(fitted, history, threads=1):
    kind, arguments, _ = fitted
    return build(kind, arguments, threads).fit(history)


def everything(recommender):
    """All that it lists and scores, to the byte."""
    lists = recommender.recommend(np.array(USERS), 40)
    pairs = np.array(USERS).repeat(80), np.tile(np.arange(80) * 3 + 1_000, len(USERS))
    return to_bytes(lists), recommender.score(*pairs).tobytes()


def test_every_recommender_is_tested():
    for module in iter_modules(recommenders.__path__, f"{recommenders.__name__}."):
        import_module(module.name)
    found = {kind for kind in concrete_subclasses(Recommender) if "podium" in kind.__module__}
    assert found == set(VARIANTS)


def test_fit_returns_the_recommender_itself(fitted, world):
    kind, arguments, _ = fitted
    recommender = build(kind, arguments)
    assert recommender.fit(world.history(date(2025, 5, 20), [100])) is recommender


def test_fitting_again_forgets_the_first_history(fitted, world):
    kind, arguments, fresh = fitted
    reused = build(kind, arguments).fit(world.history(date(2025, 6, 30), USERS[5:] + [450]))
    reused.recommend(np.array(USERS), 5)
    assert everything(reused.fit(world.history(CUT, USERS))) == everything(fresh)


def test_pickle_keeps_lists_and_scores(fitted):
    _, _, recommender = fitted
    assert everything(pickle.loads(pickle.dumps(recommender))) == everything(recommender)


def test_lists_are_in_order_and_without_gaps_or_repeats(fitted):
    lists = fitted[2].recommend(np.array([*STRANGERS, *reversed(USERS)]), 12)
    assert list(lists.columns) == ["user_id", "item_id", "score", "rank"]
    assert lists["score"].notna().all()
    assert not lists.duplicated(["user_id", "item_id"]).any()
    in_order = lists.sort_values(["user_id", "score", "item_id"], ascending=[True, False, True])
    assert in_order.index.tolist() == list(range(len(lists)))
    for _, ranks in lists.groupby("user_id")["rank"]:
        assert ranks.tolist() == list(range(1, len(ranks) + 1))
        assert len(ranks) <= 12


def test_listeners_get_lists_and_strangers_none(fitted):
    lists = fitted[2].recommend(np.array([*STRANGERS, *USERS]), 3)
    assert set(USERS) - {SILENT} <= set(lists["user_id"]) <= set(USERS)
    assert fitted[2].recommend(np.array(STRANGERS), 3).empty
    assert fitted[2].recommend(np.array([], np.int64), 3).empty


def test_a_list_longer_than_the_catalogue_goes_on_like_a_short_one(fitted):
    users = np.array(USERS)
    whole = fitted[2].recommend(users, 10_000)
    assert whole.groupby("user_id").size().max() <= 80
    for k in (1, 7):
        head = whole[whole["rank"] <= k].reset_index(drop=True)
        assert to_bytes(fitted[2].recommend(users, k)) == to_bytes(head)


def test_scores_of_listed_pairs_are_those_of_the_list(fitted):
    lists = fitted[2].recommend(np.array(USERS), 25).sample(frac=1, random_state=1)
    scores = fitted[2].score(lists["user_id"].to_numpy(), lists["item_id"].to_numpy())
    assert scores.dtype == np.float32
    assert scores == pytest.approx(lists["score"].to_numpy(), rel=1e-5, abs=1e-6)


def test_nothing_is_known_of_strangers_and_unheard_of_tracks(fitted):
    best = int(fitted[2].recommend(np.array(USERS[1:]), 1)["item_id"].iloc[0])
    users = np.array([*STRANGERS, USERS[1], USERS[-1]])
    items = np.array([best, best, 1, 10**12])
    assert np.isnan(fitted[2].score(users, items)).all()


def test_same_bytes_with_one_thread_and_two(fitted, world, engine_threads):
    engine_threads(1)
    one = everything(refit(fitted, world.history(CUT, USERS), threads=1))
    engine_threads(2)
    assert everything(refit(fitted, world.history(CUT, USERS), threads=2)) == one


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_listens_and_users_changes_nothing(fitted, world, seed):
    shuffled = world.listens.sample(frac=1, random_state=seed)
    users = np.random.default_rng(seed).permutation(USERS)
    again = refit(fitted, world.history(CUT, users, shuffled))
    assert everything(again) == everything(fitted[2])


def test_nothing_after_the_cut_matters(fitted, world):
    before = world.listens[world.listens["listened_at"] < pd.Timestamp("2025-08-15")]
    assert len(before) < len(world.listens)
    again = refit(fitted, world.history(CUT, USERS, before))
    assert everything(again) == everything(fitted[2])


def test_tracks_already_heard_stay(fitted, world):
    heard = world.listens[world.listens["listened_at"] < pd.Timestamp("2025-08-15")]
    lists = fitted[2].recommend(np.array(USERS), 30)
    repeats = lists.merge(heard[["user_id", "item_id"]].drop_duplicates())
    assert set(repeats["user_id"]) == set(USERS) - {SILENT}


@pytest.mark.parametrize(("kind", "arguments"), CASES)
def test_a_history_without_listens_gives_no_lists(kind, arguments, world):
    recommender = build(kind, arguments).fit(world.history(date(2025, 4, 30), USERS))
    assert recommender.recommend(np.array(USERS), 5).empty
    assert np.isnan(recommender.score(np.array(USERS[:2]), np.array([1_000, 1_003]))).all()

"""Arguments with which a recommender or ranker would silently do nothing, or nonsense."""

import pytest

from podium.common.builder import build
from podium.common.parameters import ParameterError

LISTS = "podium.recommendation.recommenders."
MODELS = "podium.recommendation."


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (f"{LISTS}popularity.Popularity", {"window_days": 0}),
        (f"{LISTS}popularity.Popularity", {"longest_list": 0}),
        (f"{LISTS}own_history.OwnHistory", {"half_life_days": 0}),
        (f"{LISTS}artist_tops.ArtistTops", {"half_life_days": -1}),
        (f"{LISTS}artist_tops.ArtistTops", {"artists_per_user": 0}),
        (f"{LISTS}artist_tops.ArtistTops", {"tracks_per_artist": 0}),
        (f"{LISTS}artist_tops.ArtistTops", {"window_days": 0}),
        (f"{LISTS}item_knn.ItemKNN", {"neighbours": 0}),
        (f"{LISTS}item_knn.ItemKNN", {"half_life_days": -1}),
        (f"{LISTS}item_knn.ItemKNN", {"window_days": 0}),
        (f"{LISTS}item_knn.ItemKNN", {"tracks_per_user": 0}),
        (f"{LISTS}implicit_als.ImplicitALS", {"factors": 0}),
        (f"{LISTS}implicit_als.ImplicitALS", {"iterations": 0}),
        (f"{LISTS}implicit_als.ImplicitALS", {"half_life_days": -1}),
        (f"{LISTS}implicit_als.ImplicitALS", {"window_days": 0}),
        (f"{LISTS}implicit_als.ImplicitALS", {"tracks_per_user": 0}),
        (f"{MODELS}rankers.LightGBMRanker", {"rounds": 0}),
        (f"{MODELS}rankers.LightGBMRanker", {"seeds": 0}),
        (f"{MODELS}rankers.XGBoostRanker", {"rounds": 0}),
        (f"{MODELS}rankers.XGBoostRanker", {"seeds": 0}),
        (f"{MODELS}interaction_ridge.InteractionRidge", {"penalty": -1}),
        (f"{MODELS}interaction_ridge.InteractionRidge", {"interaction_penalty": -1}),
        (f"{MODELS}interaction_ridge.InteractionRidge", {"most_rows": 0}),
    ],
)
def test_a_declared_argument_out_of_bounds_is_refused_by_name(kind, wrong):
    build({"type": kind})
    with pytest.raises(ParameterError, match=f"{next(iter(wrong))} must be above"):
        build({"type": kind, "arguments": wrong})

"""All features of the candidates of one fold, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.recommendation.features.affinities import (
    artist_features,
    genre_features,
    session_features,
)
from podium.recommendation.features.items import item_features
from podium.recommendation.features.pairs import pair_features
from podium.recommendation.features.returns import return_rates
from podium.recommendation.features.users import user_features

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from podium.recommendation.history import History

KEYS = ("user_id", "item_id")
# Features that also enter as the candidate's place among the user's candidates, 1 being the most.
RANKED = (
    "pair_decay_21d",
    "pair_decay_7d",
    "pair_day_decay_21d",
    "pair_day_decay_45d",
    "pair_total_fraction",
    "artist_decay_30d",
    "item_listeners_14d",
)
# Features that also enter as a share of the user's total.
SHARED = ("pair_decay_21d", "pair_day_decay_10d", "pair_day_decay_45d")


def assemble_features(
    history: History,
    candidates: pd.DataFrame,
    window_days: int,
    gap_days: int,
    past_windows: int,
) -> pd.DataFrame:
    """Join every view of the history to the candidates.

    Args:
        history: What is known at the cut.
        candidates: As ``generate_candidates`` returns them.
        window_days: Length of the target window.
        gap_days: Days between history and window.
        past_windows: Windows of the past that are looked at one by one.

    Returns:
        user_id, item_id and float32 features (NaN where nothing is known), in the candidates' order.
    """
    import ibis

    pairs = ibis.memtable(candidates)
    item_rates, artist_rates = return_rates(history, window_days, gap_days)
    table = pairs
    for features in (
        pair_features(history, window_days, past_windows),
        artist_features(history, pairs, artist_rates),
        genre_features(history, pairs),
        session_features(history),
    ):
        table = _attach(table, features, *KEYS)
    table = _attach(table, user_features(history, window_days), "user_id")
    table = _attach(table, item_features(history), "item_id")
    table = _attach(table, item_rates, "item_id")
    table = _within_user(table)
    features = [name for name in table.columns if name not in KEYS]
    typed = table.select(*KEYS, **{name: table[name].cast("float32") for name in features})
    frame = typed.to_pyarrow().to_pandas()
    return frame.sort_values(list(KEYS), ignore_index=True)


def _attach(table: ir.Table, features: ir.Table, *keys: str) -> ir.Table:
    joined = table.left_join(features, list(keys))
    return joined.drop(*(f"{key}_right" for key in keys))


def _within_user(table: ir.Table) -> ir.Table:
    """Places and shares among the candidates of the same user."""
    import ibis

    added: dict[str, ir.Value] = {}
    for name in RANKED:
        order = ibis.window(
            group_by="user_id", order_by=[ibis.desc(table[name].fill_null(-1.0)), table.item_id]
        )
        added[f"place_{name}"] = ibis.row_number().over(order) + 1
    whole = ibis.window(group_by="user_id")
    for name in SHARED:
        # Features are multiples of 2**-20, so their float sum is exact in any order.
        total = table[name].fill_null(0.0).sum().over(whole)
        added[f"share_{name}"] = table[name].fill_null(0.0) / total.nullif(0.0)
    return table.mutate(**added)

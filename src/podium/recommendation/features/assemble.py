"""All features of the candidates of one fold, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.recommendation.features.affinities import artist_features, genre_features
from podium.recommendation.features.items import item_features
from podium.recommendation.features.pairs import pair_features
from podium.recommendation.features.return_curve import return_curve_features
from podium.recommendation.features.returns import return_rates
from podium.recommendation.features.sessions import session_features
from podium.recommendation.features.users import user_features
from podium.recommendation.metrics import LENGTH

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from podium.recommendation.history import History

KEYS = ("user_id", "item_id")
# Features that also enter as the candidate's place among the user's candidates, 1 being the most.
RANKED = (
    "pair_decay_3d",
    "pair_decay_7d",
    "pair_decay_21d",
    "pair_day_decay_14d",
    "pair_day_decay_60d",
    "pair_total_fraction",
)
# Features that also enter relative to the last track that would still get a place in the list.
AT_THE_BORDER = {
    "pair_decay_7d": "place_pair_decay_7d",
    "pair_day_decay_14d": "place_pair_day_decay_14d",
    "pair_day_decay_60d": "place_pair_day_decay_60d",
}
_BORDER_SMOOTHING = 0.02


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
    blocks = [
        (pair_features(history, window_days, past_windows), KEYS),
        (artist_features(history, pairs, artist_rates), KEYS),
        (genre_features(history, pairs), KEYS),
        (session_features(history), KEYS),
        (return_curve_features(history, pairs, window_days, gap_days), KEYS),
        (user_features(history, window_days), ("user_id",)),
        (item_features(history), ("item_id",)),
        (item_rates, ("item_id",)),
    ]
    table = _within_user(_join(pairs, blocks).cache())
    features = [name for name in table.columns if name not in KEYS]
    typed = table.select(*KEYS, **{name: table[name].cast("float32") for name in features})
    frame = typed.to_pyarrow().to_pandas()
    return frame.sort_values(list(KEYS), ignore_index=True)


def _join(pairs: ir.Table, blocks: list[tuple[ir.Table, tuple[str, ...]]]) -> ir.Table:
    """Join every block to the pairs in one go.

    The engine holds each block first: one query over all of them takes longer to compile and to
    plan than to run.
    """
    joined, names = pairs, list(pairs.columns)
    for number, (features, keys) in enumerate(blocks):
        held = features.semi_join(pairs, list(keys)).cache()
        joined = joined.left_join(held, list(keys), rname=f"{{name}}_of_{number}")
        names += [name for name in held.columns if name not in keys]
    return joined.select(*names)


def _within_user(table: ir.Table) -> ir.Table:
    """Places among the candidates of the same user, and distance to the border of the list."""
    import ibis

    places: dict[str, ir.Value] = {}
    for name in RANKED:
        order = ibis.window(
            group_by="user_id", order_by=[ibis.desc(table[name].fill_null(-1.0)), table.item_id]
        )
        places[f"place_{name}"] = ibis.row_number().over(order) + 1
    table = table.mutate(**places)
    whole = ibis.window(group_by="user_id")
    ratios: dict[str, ir.Value] = {}
    for name, place in AT_THE_BORDER.items():
        value = table[name].fill_null(0.0)
        border = value.max(where=table[place] == LENGTH).over(whole).fill_null(0.0)
        ratios[f"border_{name}"] = (
            (value + _BORDER_SMOOTHING) / (border + _BORDER_SMOOTHING)
        ).ln()
    others = {
        f"artist_other_decay_{days}d": table[f"artist_decay_{days}d"]
        - table[f"pair_decay_{days}d"].fill_null(0.0)
        for days in (3, 14)
    }
    return table.mutate(**ratios, **others)

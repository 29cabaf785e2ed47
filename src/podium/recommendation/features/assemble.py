"""All features of the candidates of one fold, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from podium.recommendation.features.affinities import artist_features, genre_features
from podium.recommendation.features.items import item_features
from podium.recommendation.features.pairs import pair_features
from podium.recommendation.features.return_curve import return_curve_features
from podium.recommendation.features.returns import return_rates
from podium.recommendation.features.sessions import session_features
from podium.recommendation.features.users import user_features
from podium.recommendation.metrics import LENGTH
from podium.recommendation.ranking_data import group_sizes

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
        user_id, item_id and float32 features (NaN where nothing is known), sorted by both ids.
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
    joined = _join(pairs, blocks)
    features = [name for name in joined.columns if name not in KEYS]
    typed = joined.select(*KEYS, **{name: joined[name].cast("float32") for name in features})
    frame = typed.to_pyarrow().to_pandas().sort_values(list(KEYS), ignore_index=True)
    return frame.assign(**_within_user(frame))


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


def _within_user(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Places among the candidates of the same user, and distance to the border of the list."""
    users = frame["user_id"].to_numpy()
    groups = group_sizes(users)
    starts = np.repeat(np.r_[0, np.cumsum(groups)[:-1]], groups)
    added: dict[str, np.ndarray] = {}
    for name in RANKED:
        # A stable sort: ties go to the smaller item_id, by which rows come.
        order = np.lexsort((-frame[name].fillna(-1.0).to_numpy(), users))
        places = np.empty(len(frame), np.float32)
        places[order] = np.arange(len(frame)) - starts + 1
        added[f"place_{name}"] = places
    for name, place in AT_THE_BORDER.items():
        value = frame[name].fillna(0.0).to_numpy(np.float32)
        border = np.zeros(len(frame), np.float32)
        last = np.flatnonzero(added[place] == LENGTH)
        border[starts[last]] = value[last]
        added[f"border_{name}"] = np.log(
            (value + _BORDER_SMOOTHING) / (border[starts] + _BORDER_SMOOTHING)
        ).astype(np.float32)
    for days in (3, 14):
        own = frame[f"pair_decay_{days}d"].fillna(0.0)
        added[f"artist_other_decay_{days}d"] = (frame[f"artist_decay_{days}d"] - own).to_numpy()
    return added

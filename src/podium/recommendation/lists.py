"""From scored tracks to one full list per user."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from podium.recommendation.metrics import LENGTH


@dataclass(frozen=True)
class FullLists:
    """Lists of tracks and who needed help with theirs.

    Attributes:
        rows: `user_id`, `item_id`, `rank` from 1; users in the order asked for.
        without_prediction: Users whose list is the fallback alone.
        topped_up: Users whose own list was too short.
    """

    rows: pd.DataFrame
    without_prediction: tuple[int, ...]
    topped_up: tuple[int, ...]


def complete_lists(
    predictions: pd.DataFrame, users: ArrayLike, fallback: ArrayLike, length: int = LENGTH
) -> FullLists:
    """Give every user a list, filled from the fallback where the own one is short.

    The order is total: rank, then score from high to low, then item, so that the same predictions
    give the same lists in whatever order their rows come.

    Args:
        predictions: `user_id`, `item_id`, `score`, `rank` from 1; a repeated track counts once.
        users: Users in the order of the file to write, each once.
        fallback: Tracks, best first, for whoever has no list or a short one.
        length: Tracks in a list. Where the fallback runs out, lists stay short.
    """
    order = pd.Index(np.asarray(users, dtype=np.int64))
    own = predictions[predictions["user_id"].isin(order)]
    own = own.sort_values(
        ["user_id", "rank", "score", "item_id"], ascending=[True, True, False, True]
    ).drop_duplicates(["user_id", "item_id"])
    own = own.groupby("user_id").head(length)
    counts = own.groupby("user_id").size().reindex(order, fill_value=0)
    short = counts.index[counts < length]
    spare = pd.Index(np.asarray(fallback, dtype=np.int64)).drop_duplicates()
    filler = pd.MultiIndex.from_product([short, spare[: 2 * length]], names=["user_id", "item_id"])
    rows = pd.concat(
        [own[["user_id", "item_id"]], filler.to_frame(index=False)], ignore_index=True
    ).drop_duplicates(["user_id", "item_id"])
    rows = rows.iloc[np.argsort(order.get_indexer(pd.Index(rows["user_id"])), kind="stable")]
    rows["rank"] = rows.groupby("user_id").cumcount() + 1
    rows = rows[rows["rank"] <= length].reset_index(drop=True)
    return FullLists(
        rows.astype("int64"),
        without_prediction=tuple(int(user) for user in counts.index[counts == 0]),
        topped_up=tuple(int(user) for user in counts.index[(counts > 0) & (counts < length)]),
    )

"""Listens as a sparse matrix of users and tracks, for matrix models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from podium.recommendation.exact import exact_sum, half_life_weight

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from podium.recommendation.history import History


@dataclass(frozen=True)
class InteractionMatrix:
    """Weights of pairs.

    Attributes:
        users: User id of each row, ascending.
        items: Track id of each column, ascending.
        weights: float32, shape (users, items).
    """

    users: np.ndarray
    items: np.ndarray
    weights: csr_matrix

    def rows_of(self, users: np.ndarray) -> np.ndarray:
        """Row of each user id, -1 where the matrix has none."""
        return positions(self.users, users)


def interaction_matrix(
    history: History,
    *,
    half_life_days: float,
    window_days: int,
    minimum_weight: float,
    tracks_per_user: int,
    minimum_listeners: int,
) -> InteractionMatrix:
    """Sum the listened fractions of every pair, older listens halved every half-life.

    Args:
        history: Listens of everyone.
        half_life_days: Age at which a listen counts half.
        window_days: Listens before the last days are left out.
        minimum_weight: Pairs below it are left out.
        tracks_per_user: Only the strongest tracks of a user are kept (ties to the smaller id), so
            that the heaviest listeners do not rule time and similarities.
        minimum_listeners: Tracks with fewer listeners are left out; so little says nothing.
    """
    import ibis
    from scipy.sparse import csr_matrix

    listens = history.recent(window_days)
    worth = listens.fraction * half_life_weight(listens.age, half_life_days)
    pairs = (
        listens.mutate(worth=worth)
        .group_by("user_id", "item_id")
        .agg(weight=lambda rows: exact_sum(rows.worth))
    )
    # Held, because it is asked twice and looks at the listens of everyone.
    strong = pairs.filter(pairs.weight >= minimum_weight).cache()
    listeners = strong.group_by("item_id").agg(listeners=strong.user_id.count())
    strong = strong.semi_join(listeners.filter(listeners.listeners >= minimum_listeners), "item_id")
    order = ibis.window(group_by="user_id", order_by=[ibis.desc(strong.weight), strong.item_id])
    kept = strong.mutate(place=ibis.row_number().over(order))
    table = kept.filter(kept.place < tracks_per_user).drop("place").to_pyarrow()
    users, rows = np.unique(table["user_id"].to_numpy(), return_inverse=True)
    items, columns = np.unique(table["item_id"].to_numpy(), return_inverse=True)
    weights = csr_matrix(
        (table["weight"].to_numpy().astype(np.float32), (rows, columns)),
        shape=(len(users), len(items)),
    )
    weights.sort_indices()
    return InteractionMatrix(users, items, weights)


def positions(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Index of each wanted id in the ascending ``known``, -1 where it is not there."""
    if len(known) == 0:
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[at] == wanted, at, -1)

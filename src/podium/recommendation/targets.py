"""What the users of a fold heard in its target window."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import pandas as pd

    from podium.recommendation.time_cuts import TimeCut


def listens_in_window(listens: ir.Table, cut: TimeCut) -> ir.Table:
    """Listens of the target window, first and last day inclusive."""
    day = listens.listened_at.date()
    return listens.filter((day >= cut.target_from) & (day <= cut.target_until))


def window_targets(listens: ir.Table, cut: TimeCut, users: ir.Table) -> ir.Table:
    """Listened fractions of each track in the window.

    Args:
        listens: Cleaned listens.
        cut: The fold.
        users: Users of the fold, column user_id.

    Returns:
        user_id, item_id, best_listen (best single listen as a fraction of the track, 0..1),
        total_listen (all listens together, at most 1) and repeat (heard before the cut too).
    """
    import ibis

    window = listens_in_window(listens, cut).semi_join(users, "user_id")
    heard = window.group_by("user_id", "item_id").agg(
        best_listen=window.fraction.max(),
        seconds=window.listened_seconds.sum(),
        track_seconds=window.track_seconds.max(),
    )
    total = heard.seconds / heard.track_seconds.nullif(0)
    before = listens.filter(listens.listened_at.date() <= cut.history_until)
    known = before.semi_join(users, "user_id").select("user_id", "item_id").distinct()
    joined = heard.mutate(
        total_listen=ibis.least(total.fill_null(0.0), ibis.literal(1.0))
    ).left_join(known, ["user_id", "item_id"])
    return joined.select(
        "user_id",
        "item_id",
        "best_listen",
        "total_listen",
        repeat=joined.item_id_right.notnull(),
    )


def relevance(targets: pd.DataFrame, listen: str, rounding: str) -> np.ndarray:
    """The fraction that the score counts, by either reading of the statement.

    Args:
        targets: With best_listen and total_listen.
        listen: ``best`` for the best single listen, ``total`` for all listens together.
        rounding: ``quarters`` or ``continuous``.

    Returns:
        float64, shape (n,), in 0..1.
    """
    from podium.recommendation.metrics import round_fractions

    return round_fractions(targets[f"{listen}_listen"].to_numpy(), rounding)

"""Which users a fold is made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from podium.common.errors import PodiumError
from podium.recommendation.targets import listens_in_window

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from podium.recommendation.time_cuts import TimeCut

_ACTIVITY_BINS = 10
_RECENT_DAYS = 30


class NoUsersError(PodiumError):
    """A labelled fold would be of no user."""


def choose_users(
    listens: ir.Table, cut: TimeCut, test_users: np.ndarray, others: int, seed: int
) -> pd.DataFrame:
    """Test users first, then others who are as active as they are.

    As in the organiser's test, a user of a labelled fold has listens before the cut and in the
    window. Others are drawn so that their number of recent listens is distributed like that of the
    test users, who are far more active than most; a model learns from users like those it is for.

    Args:
        listens: Cleaned listens.
        cut: A labelled fold.
        test_users: Ids of the test users.
        others: How many other users at most.
        seed: For the draw; each fold draws anew.

    Returns:
        user_id (ascending) and is_test_user.

    Raises:
        NoUsersError: nobody listened both before the cut and in the window, or no test user did
            and no others are drawn.
    """
    import pandas as pd

    active = _activity(listens, cut)
    if active.empty:
        raise NoUsersError(
            f"no user has listens both until {cut.history_until} and from {cut.target_from} to "
            f"{cut.target_until}: the files do not cover the days of the calendar"
        )
    active["is_test_user"] = active["user_id"].isin(test_users)
    mine, rest = active[active["is_test_user"]], active[~active["is_test_user"]]
    drawn = _draw_alike(rest, mine, others, np.random.default_rng([seed, cut.fold]))
    chosen = pd.concat([mine, drawn]).sort_values("user_id", ignore_index=True)
    if chosen.empty:
        raise NoUsersError(
            f"no test user has listens both until {cut.history_until} and from {cut.target_from} "
            f"to {cut.target_until}, and no other users are drawn for this fold"
        )
    return chosen[["user_id", "is_test_user"]]


def _activity(listens: ir.Table, cut: TimeCut) -> pd.DataFrame:
    """Users of history and window, with their listens in the last days before the cut."""
    from datetime import timedelta

    day = listens.listened_at.date()
    before = listens.filter(day <= cut.history_until)
    recent_from = cut.history_until - timedelta(days=_RECENT_DAYS - 1)
    counts = before.group_by("user_id").agg(
        recent=(before.listened_at.date() >= recent_from).cast("int64").sum()
    )
    window = listens_in_window(listens, cut).select("user_id").distinct()
    table = counts.semi_join(window, "user_id").to_pyarrow()
    return table.to_pandas().sort_values("user_id", ignore_index=True)


def _draw_alike(
    rest: pd.DataFrame, model: pd.DataFrame, count: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw rows of ``rest`` whose ``recent`` follows the deciles of ``model``."""
    import pandas as pd

    if model.empty or len(rest) <= count:
        return rest.iloc[np.sort(rng.permutation(len(rest))[:count])]
    edges = np.quantile(model["recent"], np.linspace(0, 1, _ACTIVITY_BINS + 1)[1:-1])
    bins = np.searchsorted(edges, rest["recent"].to_numpy(), side="right")
    wanted = np.bincount(
        np.searchsorted(edges, model["recent"].to_numpy(), side="right"), minlength=_ACTIVITY_BINS
    )
    order = rng.permutation(len(rest))
    place = pd.Series(bins[order]).groupby(bins[order]).cumcount().to_numpy()
    # Rounded sums differ by at most one, so that all quotas together are ``count``.
    quota = np.diff(np.rint(np.cumsum(np.r_[0, wanted]) / wanted.sum() * count).astype(int))
    taken = order[place < quota[bins[order]]]
    return rest.iloc[np.sort(taken)]

"""What a model gains over the best baseline: above zero where it is better, errors included."""

from __future__ import annotations

import numpy as np
import pandas as pd


def with_gains(leaderboard: pd.DataFrame) -> pd.DataFrame:
    """A leaderboard with the gain of every model over the best baseline.

    Its `difference` is the model's score less the baseline's, so that an error that falls has a
    minus. Which way is better is seen from the order of the rows, the best of which stands first.

    Args:
        leaderboard: As `podium.common.leaderboard.build_leaderboard` returns it.

    Returns:
        The same rows with `gain` and its paired interval, `gain_low` and `gain_high`, in units of
        the score, and `relative_gain`, a share of the size of the baseline's score.
    """
    scores = leaderboard["score"].dropna()
    sign = -1.0 if len(scores) and scores.iloc[0] < scores.iloc[-1] else 1.0
    ends = np.sort(sign * leaderboard[["difference_low", "difference_high"]].to_numpy(), axis=1)
    # The relative difference has the sign of the baseline's score in it.
    worth = sign * np.sign(leaderboard["score"] - leaderboard["difference"])
    # Adding zero takes the minus off a zero.
    return leaderboard.assign(
        gain=sign * leaderboard["difference"] + 0.0,
        gain_low=ends[:, 0] + 0.0,
        gain_high=ends[:, 1] + 0.0,
        relative_gain=worth * leaderboard["relative"] + 0.0,
    )

"""Candidates with features and targets, as a ranker wants them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

KEYS = ("user_id", "item_id")


@dataclass(frozen=True)
class RankingData:
    """Rows of candidates, those of one user in one fold side by side.

    Attributes:
        names: Names of the p features.
        features: float32, shape (n, p), NaN where unknown.
        users: int64, shape (n,).
        items: int64, shape (n,).
        groups: Rows of each user in turn; sums to n.
        target: Fraction heard in the window, float32, shape (n,); zeros where it is not known.
        weight: float32, shape (n,).
    """

    names: tuple[str, ...]
    features: np.ndarray
    users: np.ndarray
    items: np.ndarray
    groups: np.ndarray
    target: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.users)


def ranking_data(
    features: pd.DataFrame,
    targets: pd.DataFrame | None = None,
    negatives_per_user: int | None = None,
    seed: int = 0,
) -> RankingData:
    """Give the features of one fold their targets.

    Args:
        features: user_id, item_id and features, sorted by both.
        targets: user_id, item_id and ``relevance``; None for the test.
        negatives_per_user: Candidates without relevance that are kept per user, on average over
            users; None for all. Those kept weigh more in turn, so that means stay as they were.
        seed: For the choice among negatives.
    """
    target = np.zeros(len(features), np.float32)
    weight = np.ones(len(features), np.float32)
    if targets is not None:
        joined = features[list(KEYS)].merge(
            targets[[*KEYS, "relevance"]], how="left", on=list(KEYS), validate="1:1"
        )
        target = joined["relevance"].fillna(0.0).to_numpy(np.float32)
    names = tuple(name for name in features.columns if name not in KEYS)
    users = features["user_id"].to_numpy()
    keep = np.arange(len(features))
    if negatives_per_user is not None:
        negative = target == 0
        share = negatives_per_user * len(np.unique(users)) / max(1, negative.sum())
        if share < 1:
            drawn = np.random.default_rng(seed).random(len(features)) < share
            keep = np.flatnonzero(~negative | drawn)
            weight[negative] = 1 / share
    matrix = np.empty((len(keep), len(names)), np.float32)
    for column, name in enumerate(names):
        matrix[:, column] = features[name].to_numpy(np.float32)[keep]
    return RankingData(
        names,
        matrix,
        users[keep],
        features["item_id"].to_numpy()[keep],
        group_sizes(users[keep]),
        target[keep],
        weight[keep],
    )


def concatenate(parts: list[RankingData]) -> RankingData:
    """Put folds one below the other; a user of two folds stays two groups.

    Takes the parts out of the list, so that each can be freed once it is copied: features are the
    bulk of a run's memory.
    """
    if len(parts) == 1:
        return parts.pop()
    names = parts[0].names
    rows = np.cumsum([0, *map(len, parts)])
    whole = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("users", "items", "groups", "target", "weight")
    }
    features = np.empty((rows[-1], len(names)), np.float32)
    for start, stop in pairwise(rows):
        features[start:stop] = parts.pop(0).features
    return RankingData(names, features, **whole)


def group_sizes(users: np.ndarray) -> np.ndarray:
    """Lengths of the runs of equal users."""
    if len(users) == 0:
        return np.zeros(0, np.int64)
    starts = np.flatnonzero(np.r_[True, users[1:] != users[:-1]])
    return np.diff(np.r_[starts, len(users)])


def top_k(data: RankingData, scores: np.ndarray, k: int) -> pd.DataFrame:
    """The k best candidates of each user.

    Args:
        data: The candidates.
        scores: Shape (n,).
        k: Length of the lists.

    Returns:
        user_id, item_id, score and rank from 1, sorted by user_id and rank; ties go to the smaller
        item_id.
    """
    import pandas as pd

    frame = pd.DataFrame(
        {"user_id": data.users, "item_id": data.items, "score": scores.astype(np.float64)}
    )
    ordered = frame.sort_values(["user_id", "score", "item_id"], ascending=[True, False, True])
    ordered["rank"] = ordered.groupby("user_id", sort=False).cumcount() + 1
    return ordered[ordered["rank"] <= k].reset_index(drop=True)

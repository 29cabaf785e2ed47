"""Candidates: the union of every recommender's list, each pair with every recommender's score."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from podium.common.measure import Measure

if TYPE_CHECKING:
    import pandas as pd

    from podium.recommendation.history import History
    from podium.recommendation.recommenders.base import Recommender

logger = logging.getLogger(__name__)

_WORTH_A_LINE_SECONDS = 2.0


@dataclass(frozen=True)
class CandidateSource:
    """A recommender and how far down its list goes into the candidates."""

    recommender: Recommender
    list_length: int


@dataclass(frozen=True)
class SourceCost:
    """What fitting and listing took for one source in one fold."""

    source: str
    fit_seconds: float
    predict_seconds: float
    peak_memory_mb: float


def generate_candidates(
    history: History, sources: Mapping[str, CandidateSource]
) -> tuple[pd.DataFrame, list[SourceCost]]:
    """Fit every source on the history and join their lists.

    Args:
        history: What is known at the cut, and the users.
        sources: By name.

    Returns:
        One row per candidate, sorted by user_id and item_id: user_id, item_id, and for each source
        ``<source>_score`` (float32, NaN where the source knows nothing) and ``<source>_rank``
        (int32 place in its list, 0 where the track is not on it); and the cost of each source.
    """
    import pandas as pd

    lists: dict[str, pd.DataFrame] = {}
    costs: list[SourceCost] = []
    for name, source in sources.items():
        with Measure() as fitting:
            source.recommender.fit(history)
        with Measure() as listing:
            lists[name] = source.recommender.recommend(history.users, source.list_length)
        peak = max(fitting.peak_memory_mb, listing.peak_memory_mb)
        costs.append(SourceCost(name, fitting.seconds, listing.seconds, peak))
        seconds = fitting.seconds + listing.seconds
        level = logging.INFO if seconds >= _WORTH_A_LINE_SECONDS else logging.DEBUG
        logger.log(level, "%s: %s tracks in %.1f s", name, f"{len(lists[name]):,}", seconds)
    pairs = pd.concat([rows[["user_id", "item_id"]] for rows in lists.values()])
    pairs = pairs.drop_duplicates().sort_values(["user_id", "item_id"], ignore_index=True)
    users, items = pairs["user_id"].to_numpy(), pairs["item_id"].to_numpy()
    columns = {"user_id": users, "item_id": items}
    for name, source in sources.items():
        columns[f"{name}_score"] = source.recommender.score(users, items).astype(np.float32)
        columns[f"{name}_rank"] = _ranks(pairs, lists[name])
    return pd.DataFrame(columns), costs


def recall_of_sources(
    candidates: pd.DataFrame, targets: pd.DataFrame, relevance: np.ndarray, sources: list[str]
) -> pd.DataFrame:
    """Share of the heard fractions that each source's list holds, and their union.

    Args:
        candidates: As ``generate_candidates`` returns them.
        targets: user_id, item_id of the same fold.
        relevance: Fraction of each target row, shape (len(targets),).
        sources: Names.

    Returns:
        source, recall, pairs and mean_per_user; ``union`` last.
    """
    import pandas as pd

    worth = targets[["user_id", "item_id"]].assign(relevance=relevance)
    joined = candidates.merge(worth, how="left", on=["user_id", "item_id"])
    gained = joined["relevance"].fillna(0.0).to_numpy()
    total, users = float(relevance.sum()), max(1, candidates["user_id"].nunique())
    rows = []
    for source in [*sources, "union"]:
        listed = np.ones(len(joined), bool)
        if source != "union":
            listed = candidates[f"{source}_rank"].to_numpy() > 0
        rows.append(
            {
                "source": source,
                "recall": float(gained[listed].sum() / total) if total else 0.0,
                "pairs": int(listed.sum()),
                "mean_per_user": float(listed.sum() / users),
            }
        )
    return pd.DataFrame(rows)


def top_of_source(
    candidates: pd.DataFrame, source: str, k: int, fill: str | None = None
) -> pd.DataFrame:
    """The list of one source as a submission would hold it.

    Args:
        candidates: As ``generate_candidates`` returns them.
        source: Name.
        k: Length of the list.
        fill: Source whose list goes on where the own one is shorter than ``k``.

    Returns:
        user_id, item_id, score (higher is better) and rank 1..k, sorted by user_id and rank.
    """
    own = candidates[f"{source}_rank"].to_numpy()
    key = np.where(own > 0, own.astype(np.float64), np.inf)
    if fill is not None and fill != source:
        other = candidates[f"{fill}_rank"].to_numpy()
        key = np.where((own == 0) & (other > 0), 1e6 + other, key)
    listed = candidates.loc[np.isfinite(key), ["user_id", "item_id"]].assign(
        score=-key[np.isfinite(key)]
    )
    ordered = listed.sort_values(["user_id", "score", "item_id"], ascending=[True, False, True])
    ordered["rank"] = ordered.groupby("user_id", sort=False).cumcount() + 1
    return ordered[ordered["rank"] <= k].reset_index(drop=True)


def _ranks(pairs: pd.DataFrame, listed: pd.DataFrame) -> np.ndarray:
    found = pairs.merge(
        listed[["user_id", "item_id", "rank"]], how="left", on=["user_id", "item_id"]
    )
    return found["rank"].fillna(0).to_numpy(np.int32)

"""Folds so small that rankers are fitted in no time: 20 listeners, 60 candidates each."""

import numpy as np
import pandas as pd

LISTENERS, TRACKS = 20, 60
COMPUTE = {"seed": 1, "threads": 1}
SCORING = {"listen": "best", "rounding": "quarters"}
MODELING = {
    "target_rounding": "quarters",
    "negatives_per_user": None,
    "fill_source": "popularity",
    "fallback_source": "own_top",
    "reserve_seconds": 0,
    "reserve_share": 0,
}
SOURCES = {
    name: {"kind": "baseline", "type": "some.Recommender", "list_length": TRACKS}
    for name in ("popularity", "own_top")
}


def ranker(objective, **others):
    arguments = {"objective": objective, "rounds": 3, "min_data_in_leaf": 5}
    kind = "podium.recommendation.rankers.LightGBMRanker"
    return {"type": kind, "arguments": arguments, **others}


def rankers(**weights):
    """Three rankers that do not agree; their weights are 1 unless given."""
    objectives = {"first": "regression", "second": "lambdarank", "third": "cross_entropy"}
    return {
        name: ranker(objective, weight=weights.get(name, 1.0))
        for name, objective in objectives.items()
    }


def features():
    """By fold, loaded when asked: 0 is the test, 1 the holdout."""
    return {f"fold_{number}": lambda number=number: _fold(number) for number in range(3)}


def targets():
    """What was heard in the folds whose window is known: the more of `x`, the more."""
    parts = []
    for number in (1, 2):
        fold = _fold(number)
        share = 1 / (1 + np.exp(-2 * fold["x"] - fold["y"]))
        heard = fold[["user_id", "item_id"]].assign(best_listen=share, total_listen=share)
        parts.append(heard[share > 0.5].assign(fold=number))
    return pd.concat(parts, ignore_index=True)


def candidates():
    """Ranks by each source, which are of opposite mind."""
    parts = []
    for number in range(3):
        fold = _fold(number)
        rank = fold.groupby("user_id").cumcount().to_numpy() + 1
        ranks = {"popularity_rank": rank, "own_top_rank": TRACKS + 1 - rank}
        parts.append(fold[["user_id", "item_id"]].assign(fold=number, **ranks))
    return pd.concat(parts, ignore_index=True)


def leaderboard(*models):
    """As far as the submission reads it: best first."""
    return pd.DataFrame({"model": list(models)})


def _fold(number):
    rng = np.random.default_rng(number)
    rows = LISTENERS * TRACKS
    return pd.DataFrame(
        {
            "user_id": np.repeat(np.arange(LISTENERS), TRACKS),
            "item_id": np.tile(np.arange(TRACKS), LISTENERS),
            "x": rng.normal(size=rows),
            "y": rng.normal(size=rows),
        }
    )

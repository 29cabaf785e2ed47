"""Seeded tables in the formats of the HearMe stages, with known structure."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

USERS = 60
ITEMS = 400
LENGTH = 50
MODELS = {"popular": "baseline", "own_history": "baseline", "als": "recommender", "blend": "blend"}
SKILL = {"popular": 0.05, "own_history": 0.45, "als": 0.3, "blend": 0.6}


def make_tables(seed: int = 0) -> dict[str, pd.DataFrame]:
    """Every input of the stage; the models catch the share SKILL of what was played."""
    generator = np.random.default_rng(seed)
    users = np.arange(100, 100 + USERS)
    targets, predictions = [], []
    for number, user in enumerate(users):
        # User 0 heard nothing in the window; the others more and more.
        played = generator.choice(ITEMS, size=number, replace=False)
        best = generator.beta(2, 1, size=number)
        targets.append(
            pd.DataFrame(
                {
                    "fold": 1,
                    "user_id": user,
                    "item_id": played,
                    "best_listen": best,
                    "total_listen": np.minimum(best * 1.5, 1),
                    "repeat": generator.random(number) < 0.4,
                }
            )
        )
        for model, skill in SKILL.items():
            predictions.append(_list(generator, model, user, played, skill))
    other_fold = targets[-1].assign(fold=2)
    importance = pd.DataFrame(
        [
            {"model": model, "feature": f"feature_{k:02}", "gain": 100.0 / k, "shap": 0.1 / k}
            for model in ("lightgbm", "xgboost")
            for k in range(1, 41)
        ]
    )
    return {
        "targets": pd.concat([*targets, other_fold], ignore_index=True),
        "oof_predictions": pd.concat(predictions, ignore_index=True),
        "fold_users": pd.DataFrame(
            {
                "fold": [1] * USERS + [2],
                "user_id": [*users, 100],
                "is_test_user": [*([True, False] * (USERS // 2)), True],
            }
        ),
        "folds": pd.DataFrame(
            {
                "fold": [0, 1],
                "role": ["test", "holdout"],
                "history_until": [date(2025, 8, 30), date(2025, 8, 15)],
            }
        ),
        "users": pd.DataFrame(
            {
                # User 159 is not in the metadata at all.
                "user_id": users[:-1],
                "age_bin": [["18_29", "30_44", None][k % 3] for k in range(USERS - 1)],
                "top_genre": [["Джаз", "Қазақ поп", "Rock"][k % 3] for k in range(USERS - 1)],
            }
        ),
        "train": _listens(generator, users),
        "model_log": pd.DataFrame(
            [
                {
                    "model": model,
                    "kind": kind,
                    "fit_seconds": 1.5,
                    "predict_seconds": 0.25,
                    "peak_memory_mb": 300.0,
                    "note": "",
                }
                for model, kind in MODELS.items()
            ]
            + [
                {
                    "model": "slow_ranker",
                    "kind": "ranker",
                    "fit_seconds": np.nan,
                    "predict_seconds": np.nan,
                    "peak_memory_mb": np.nan,
                    "note": "left out: time budget",
                }
            ]
        ),
        "candidate_recall": pd.DataFrame(
            {
                "source": ["history_7", "trending", "union", "union"],
                "fold": [1, 1, 1, 2],
                "recall": [0.42, 0.2, 0.55, 0.5],
                "pairs": [6000, 6000, 11000, 11000],
                "mean_per_user": [100.0, 100.0, 183.3, 183.3],
            }
        ),
        "feature_importance": importance,
        "data_quality": pd.DataFrame(
            {
                "file": ["interactions.csv", "interactions.csv", "item_metadata.csv"],
                "check": ["exact duplicates", "time cannot be read", "duration missing"],
                "action": ["dropped", "quarantined", "estimated"],
                "rows": [1200, 7, 33],
                "share": [0.012, 0.00007, 0.02],
                "example": ["", "2025-13-01 <script>", ""],
            }
        ),
        "quarantine": pd.DataFrame(
            {
                "file": ["interactions.csv"] * 7,
                "row": [9, 11, 40, 41, 42, 90, 91],
                "reason": ["time cannot be read"] * 5 + ["negative duration"] * 2,
                "content": ["1,2,3,x"] * 7,
            }
        ),
    }


def _list(
    generator: np.random.Generator, model: str, user: int, played: np.ndarray, skill: float
) -> pd.DataFrame:
    caught = played[generator.random(len(played)) < skill][:LENGTH]
    # Items from ITEMS on are never played.
    filler = ITEMS + generator.choice(ITEMS, size=LENGTH - len(caught), replace=False)
    items = np.concatenate([caught, filler])
    return pd.DataFrame(
        {
            "model": model,
            "user_id": user,
            "item_id": items,
            "score": np.linspace(1, 0, LENGTH),
            "rank": np.arange(1, LENGTH + 1),
        }
    )


def _listens(generator: np.random.Generator, users: np.ndarray) -> pd.DataFrame:
    """User k has k listens until the last moment of the cut's day, and one on the day after."""
    rows = []
    for number, user in enumerate(users):
        moments = [pd.Timestamp("2025-08-15 23:59:59.9")] * number
        moments.append(pd.Timestamp("2025-08-16 00:00:00"))
        items = generator.integers(0, ITEMS, size=len(moments))
        rows.append(pd.DataFrame({"user_id": user, "listened_at": moments, "item_id": items}))
    return pd.concat(rows, ignore_index=True)

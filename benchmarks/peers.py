"""RecTools and plain pandas beside Podium, on the same listens before the same cut."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from measuring import Cost, measured_run

from podium.common.bootstrap import bootstrap_mean
from podium.recommendation.metrics import LENGTH, Reading, score_users, true_fractions
from podium.recommendation.time_cuts import HOLDOUT_FOLD

HERE = Path(__file__).resolve().parent
PACKAGES = ("rectools[catboost]==0.19.0", "pandas<3", "pyarrow<22")
#: Every value of the two feature tables has to agree to this, relative and absolute.
TOLERANCE = 1e-6
_FIRST_TRAINING_FOLD = HOLDOUT_FOLD + 1


def make_environment(folder: Path) -> Path:
    """Make RecTools' environment unless it is there.

    Returns:
        Its Python.
    """
    python = folder / "bin" / "python"
    done = folder / "installed.json"
    if not done.is_file() or json.loads(done.read_text()) != list(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        done.write_text(json.dumps(list(PACKAGES)))
    return python


def export_listens(tree: Path, folder: Path) -> None:
    """Write what is known at the holdout's cut, and whom to recommend to, for RecTools."""
    folder.mkdir(parents=True, exist_ok=True)
    train = tree / "03_primary/hearme/train.parquet"
    query = f"""
        COPY (
            SELECT user_id, item_id, listened_at AS datetime, fraction,
                date_diff('second', listened_at, TIMESTAMP '{_end(tree)}') / 86400.0 AS age_days
            FROM '{train}' WHERE listened_at < TIMESTAMP '{_end(tree)}'
            ORDER BY user_id, listened_at, item_id, listened_seconds
        ) TO '{folder / "listens.parquet"}' (FORMAT parquet)
    """
    with duckdb.connect() as engine:
        engine.execute(query)
    _holdout_users(tree)[["user_id"]].to_parquet(folder / "users.parquet", index=False)


def compare_rectools(
    tree: Path, python: Path, folder: Path, stages: dict[str, Cost]
) -> list[dict[str, Any]]:
    """Run RecTools' recommenders and put each beside Podium's.

    Args:
        tree: Data tree of a finished run of Podium.
        python: Of RecTools' environment.
        folder: For the exchange.
        stages: What the stages of that run took.

    Returns:
        One row per pair of models: ours, theirs, the score of each with its interval, the seconds
        of each, and both as ratios (theirs to ours).
    """
    export_listens(tree, folder)
    script = HERE / "rectools_models.py"
    cost = measured_run([python, script, folder], folder / "rectools.log", folder=HERE)
    lists = pd.read_parquet(folder / "lists.parquet")
    seconds = json.loads((folder / "seconds.json").read_text())
    targets = pd.read_parquet(tree / "04_feature/hearme/targets.parquet")
    truth = true_fractions(targets[targets["fold"] == HOLDOUT_FOLD], Reading())
    users = _holdout_users(tree)["user_id"].to_numpy()
    board = pd.read_csv(tree / "08_reporting/hearme/leaderboard.csv").set_index("model")
    rows = []
    for theirs, ours in (("als", "implicit_als"), ("item_knn", "item_knn"), ("two_stage", None)):
        scored = score_users(lists[lists["model"] == theirs], truth, users, LENGTH)
        own, peer = _own(board, ours, stages), seconds[theirs]
        rows.append(
            {
                **{f"podium_{key}": value for key, value in own.items()},
                "rectools_model": theirs,
                **{f"rectools_{key}": value for key, value in peer.items()},
                **_interval(scored["score"]),
                "score_ratio": own["score"] / max(float(scored["score"].mean()), 1e-9),
                "wall_ratio": peer["wall"] / own["wall"],
                "cpu_ratio": peer["cpu"] / own["cpu"] if own["cpu"] else None,
                "rectools_peak_gb": cost.peak_gb,
                "load": cost.load,
            }
        )
    return rows


def _own(board: pd.DataFrame, model: str | None, stages: dict[str, Cost]) -> dict[str, Any]:
    """Score and seconds of one recommender, or of the whole way to the best model."""
    if model is not None:
        row = board.loc[model]
        wall = float(row["fit_seconds"] + row["predict_seconds"])
        return {"model": model, "score": float(row["score"]), "wall": wall, "cpu": None}
    taken = [stages[name] for name in ("feature_engineering", "modeling")]
    return {
        "model": str(board.index[0]),
        "score": float(board["score"].iloc[0]),
        "wall": sum(cost.wall_seconds for cost in taken),
        "cpu": sum(cost.cpu_seconds for cost in taken),
    }


def _interval(scores: pd.Series) -> dict[str, float]:
    interval = bootstrap_mean(scores)
    return {
        "rectools_score": interval.value,
        "rectools_low": interval.low,
        "rectools_high": interval.high,
    }


def compare_pandas(tree: Path, folder: Path, source: Path) -> dict[str, Any]:
    """Compute the pair features of the first training fold twice, and check that they are equal.

    Args:
        tree: Data tree of a finished run of Podium.
        folder: For the tables.
        source: Folder of the package `podium`.

    Returns:
        The cost of each (Podium first), rows, features, and the largest difference.

    Raises:
        ValueError: where the tables differ by more than the tolerance.
    """
    costs, tables = {}, {}
    for name in ("podium", "pandas"):
        output = folder / f"pair_features_{name}.parquet"
        output.parent.mkdir(parents=True, exist_ok=True)
        script = HERE / f"pair_features_{name}.py"
        costs[name] = measured_run(
            [sys.executable, script, tree, str(_FIRST_TRAINING_FOLD), output],
            folder / f"pair_features_{name}.log",
            folder=HERE,
            environment={"PYTHONPATH": str(source)},
        )
        tables[name] = pd.read_parquet(output)
    difference = largest_difference(tables["podium"], tables["pandas"])
    return {
        "rows": len(tables["podium"]),
        "features": tables["podium"].shape[1] - 2,
        "largest_difference": difference,
        "podium": asdict(costs["podium"]),
        "pandas": asdict(costs["pandas"]),
        "wall_ratio": costs["pandas"].wall_seconds / costs["podium"].wall_seconds,
        "cpu_ratio": costs["pandas"].cpu_seconds / costs["podium"].cpu_seconds,
        "memory_ratio": costs["pandas"].peak_gb / costs["podium"].peak_gb,
    }


def largest_difference(ours: pd.DataFrame, other: pd.DataFrame) -> float:
    """Largest difference of two tables sorted by pair, relative to 1 + the value.

    Raises:
        ValueError: where rows or columns differ, or a value by more than `TOLERANCE`.
    """
    if set(ours) != set(other):
        raise ValueError(f"columns of only one table: {sorted(set(ours) ^ set(other))}")
    pair = ["user_id", "item_id"]
    if not ours[pair].equals(other[pair].astype(ours[pair].dtypes)):
        raise ValueError("the tables are about different pairs")
    largest = 0.0
    for name in ours.columns.drop(pair):
        one, two = (table[name].to_numpy("float64", na_value=np.nan) for table in (ours, other))
        if not np.array_equal(np.isnan(one), np.isnan(two)):
            raise ValueError(f"{name} is unknown for different pairs")
        apart = float(np.nanmax(np.abs(one - two) / (1 + np.abs(one)), initial=0.0))
        if apart > TOLERANCE:
            raise ValueError(f"{name} differs by {apart}")
        largest = max(largest, apart)
    return largest


def _end(tree: Path) -> str:
    """The first moment that is not known at the holdout's cut."""
    folds = pd.read_parquet(tree / "04_feature/hearme/folds.parquet").set_index("fold")
    return str(folds.loc[HOLDOUT_FOLD, "history_until"] + pd.Timedelta(days=1))


def _holdout_users(tree: Path) -> pd.DataFrame:
    users = pd.read_parquet(tree / "04_feature/hearme/fold_users.parquet")
    chosen = users[(users["fold"] == HOLDOUT_FOLD) & users["is_test_user"]]
    return chosen.sort_values("user_id", ignore_index=True)

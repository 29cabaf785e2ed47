"""Pair features of one fold by Podium itself; run as a process of its own to be measured.

Arguments: data tree, fold, file to write.
"""

from __future__ import annotations

import sys
from pathlib import Path

import ibis
import pandas as pd

from podium.recommendation.features.pairs import pair_features
from podium.recommendation.history import Catalogue, History

WINDOW_DAYS = 15
PAST_WINDOWS = 8


def main() -> None:
    """Compute and write them, sorted by pair."""
    tree, fold, output = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    engine = ibis.duckdb.connect(memory_limit="4GB", temp_directory=str(output.parent / "scratch"))
    ibis.set_backend(engine)
    listens = engine.read_parquet(tree / "03_primary/hearme/train.parquet")
    folds = pd.read_parquet(tree / "04_feature/hearme/folds.parquet").set_index("fold")
    users = pd.read_parquet(tree / "04_feature/hearme/fold_users.parquet")
    nothing = pd.DataFrame({"item_id": pd.Series(dtype="int64")})
    history = History(
        listens,
        folds.loc[fold, "history_until"].date(),
        users.loc[users["fold"] == fold, "user_id"].to_numpy(),
        Catalogue.of(nothing, nothing, nothing, nothing),
    )
    table = pair_features(history, WINDOW_DAYS, PAST_WINDOWS).order_by("user_id", "item_id")
    table.to_parquet(output)


if __name__ == "__main__":
    main()

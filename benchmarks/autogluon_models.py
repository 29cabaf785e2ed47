"""AutoGluon-Tabular on one division of the rows; runs in AutoGluon's own environment.

    python autogluon_models.py FOLDER SECONDS

FOLDER holds rows.npz (train, labels, test) and gets answers.npz (predicted, seconds, validation).
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from autogluon.tabular import TabularPredictor


def main() -> None:
    """Fit on the training rows within the time, predict the others."""
    folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
    rows = np.load(folder / "rows.npz")
    began = time.perf_counter()
    train = pd.DataFrame(rows["train"]).add_prefix("x").assign(label=rows["labels"])
    predictor = TabularPredictor(
        "label", eval_metric="f1_macro", path=str(folder / "models"), verbosity=1
    )
    predictor.fit(train, presets="best_quality", time_limit=seconds)
    predicted = predictor.predict(pd.DataFrame(rows["test"]).add_prefix("x")).to_numpy()
    board = predictor.leaderboard(silent=True)
    np.savez(
        folder / "answers.npz",
        predicted=predicted,
        seconds=time.perf_counter() - began,
        validation=board["score_val"].max(),
    )


if __name__ == "__main__":
    main()

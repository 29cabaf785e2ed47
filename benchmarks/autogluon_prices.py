"""AutoGluon-Tabular on products and prices; runs in AutoGluon's own environment.

    python autogluon_prices.py RAW SECONDS ANSWERS

RAW holds train.csv and test.csv of the challenge. AutoGluon makes its own features of the text. It
learns log1p of the price by the mean absolute error, which is the nearest to SMAPE that it has.
ANSWERS gets the submission, and beside it, as .json, the seconds.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from autogluon.tabular import TabularPredictor


def main() -> None:
    """Fit within the time, predict, write."""
    raw, seconds, answers = Path(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])
    began = time.perf_counter()
    train, test = (pd.read_csv(raw / f"{name}.csv") for name in ("train", "test"))
    # Generated files hold prices that are none; Podium quarantines them.
    price = pd.to_numeric(train["price"], errors="coerce")
    known = train.loc[price > 0, ["catalog_content"]].assign(target=np.log1p(price))
    predictor = TabularPredictor(
        "target",
        eval_metric="mean_absolute_error",
        path=str(answers.parent / "models"),
        verbosity=1,
    )
    predictor.fit(known, presets="best_quality", time_limit=seconds)
    said = np.expm1(predictor.predict(test[["catalog_content"]]).to_numpy(dtype=float))
    prices = np.maximum(said, known["target"].pipe(np.expm1).min())
    pd.DataFrame({"sample_id": test["sample_id"], "price": prices}).to_csv(answers, index=False)
    spent = time.perf_counter() - began
    answers.with_suffix(".json").write_text(json.dumps({"seconds": spent}))


if __name__ == "__main__":
    main()

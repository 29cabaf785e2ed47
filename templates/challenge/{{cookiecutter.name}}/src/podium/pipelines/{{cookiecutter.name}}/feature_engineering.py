"""Stage feature_engineering: folds, and the numbers that the models see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from podium.common.errors import RawDataError
from podium.common.folds import FEWEST_FOLDS, repeated_group_folds
from podium.common.parameters import Parameters
from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS, TRAIN
from podium.pipelines.shared import Compute


class FoldParameters(Parameters):
    """How the rows are divided (`folds` in parameters.yml)."""

    count: int = Field(ge=FEWEST_FOLDS)


def assign_folds(
    train: pd.DataFrame, parameters: dict[str, Any], compute: dict[str, Any]
) -> pd.DataFrame:
    """Draw folds with equal shares of small and large targets: `folds` (the key, and `fold`).

    Raises:
        RawDataError: there are fewer rows than folds.
    """
    count, seed = FoldParameters.parse(parameters).count, Compute.parse(compute).seed
    if len(train) < count:
        problem = f"only {len(train)} usable rows; {count} folds need as many"
        raise RawDataError(problem, file=TRAIN.name)
    # Each level of the target has as many rows as there are folds: one for each.
    ranks = np.argsort(np.argsort(train[ROWS.target].to_numpy(), kind="stable"), kind="stable")
    levels = np.minimum(ranks // count, len(train) // count - 1)
    numbers = repeated_group_folds(levels, None, count, 1, seed)[0]
    return pd.DataFrame({ROWS.key: train[ROWS.key], "fold": numbers.astype("int32")})


def build_features(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Numbers as they are, and a column of 0 and 1 for each value of a category.

    Whatever is learned from the target belongs into the models, which are fitted inside the folds.

    Returns:
        `features`: the key, `split` (train or test), and the columns that the models see.
    """
    columns = list(ROWS.asked_columns)
    parts = [train[columns].assign(split="train"), test[columns].assign(split="test")]
    table = pd.concat(parts, ignore_index=True)
    words = [table[name].rename(None) for name in ROWS.categories]
    coded = [
        pd.get_dummies(values, prefix=name, prefix_sep="=", dtype="float64")
        for name, values in zip(ROWS.categories, words, strict=True)
    ]
    return pd.concat([table[[ROWS.key, "split", *ROWS.numbers]], *coded], axis=1)


def matrix_of(features: pd.DataFrame, split: str) -> np.ndarray:
    """What the models see of one split, shape (rows, columns), null where missing."""
    rows = features[features["split"] == split]
    return rows.drop(columns=[ROWS.key, "split"]).to_numpy(np.float64)

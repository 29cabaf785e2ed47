"""Stage feature_engineering: folds, facts of the rows, and whether train and test are alike."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from podium.common.bootstrap import Interval
from podium.common.embedding_map import embedding_map
from podium.common.errors import RawDataError
from podium.common.folds import feasible_folds, repeated_group_folds
from podium.common.parameters import Parameters
from podium.fusion.adversarial import adversarial_auc
from podium.fusion.cross_fitting import FEWEST_NESTED_FOLDS
from podium.fusion.embedding_table import EmbeddingTable
from podium.fusion.near_duplicates import group_near_duplicates
from podium.fusion.pairs import concatenate
from podium.fusion.row_facts import row_facts
from podium.pipelines.echoes.data_processing import DataProcessing
from podium.pipelines.echoes.raw_contract import TRAIN_PART1
from podium.pipelines.shared import Compute, FoldCounts

logger = logging.getLogger(__name__)

FEWEST_ROWS_PER_PART = 20


class FoldParameters(FoldCounts):
    """How the rows are divided in each repeat (`folds` in parameters.yml).

    Attributes:
        repeat_until_rows: Repeats are added until so many rows were held out together.
        most_repeats: At most so many.
    """

    repeat_until_rows: int = Field(ge=0)
    most_repeats: int = Field(ge=1)

    @model_validator(mode="after")
    def _can_be_nested(self) -> FoldParameters:
        if min(self.count, self.count_of_many) < FEWEST_NESTED_FOLDS:
            fewest = f"at least {FEWEST_NESTED_FOLDS}"
            raise ValueError(f"count and count_of_many must be {fewest}: scores are nested")
        return self

    def repeats_for(self, rows: int) -> int:
        """Repeats for so many rows."""
        return int(np.clip(-(-self.repeat_until_rows // rows), 1, self.most_repeats))


class ShiftParameters(Parameters):
    """Adversarial validation: folds and samples of the bootstrap."""

    folds: int = Field(ge=2)
    resamples: int = Field(ge=100)


class MapParameters(Parameters):
    """The map of the training rows: how many are drawn."""

    most_rows: int = Field(ge=0)


def assign_folds(
    train: EmbeddingTable,
    duplicates: pd.DataFrame,
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> pd.DataFrame:
    """Divide the training rows into stratified folds, near copies kept together.

    Returns:
        `folds`: id, label, part, group, and the fold of each repeat (`repeat_1`, ...).

    Raises:
        RawDataError: a class has too few rows for three folds.
    """
    wanted, settings = FoldParameters.parse(parameters), Compute.parse(compute)
    groups = duplicates["group"].to_numpy()
    table = train.rows[["id", "label", "part"]].assign(group=groups)
    numbers = draw_folds(train.labels, groups, wanted, settings.seed)
    logger.info("%d folds, %d times, of %s rows", *_shape(numbers), f"{len(train):,}")
    return table.assign(**{f"repeat_{at}": row for at, row in enumerate(numbers, 1)})


def draw_folds(
    labels: np.ndarray, groups: np.ndarray, wanted: FoldParameters, seed: int
) -> np.ndarray:
    """Folds of every repeat, shape (repeats, n).

    Raises:
        RawDataError: a class has too few rows for three folds.
    """
    both = len(np.unique(labels)) > 1
    count = feasible_folds(labels, groups, wanted.folds_for(len(labels))) if both else 0
    if count < FEWEST_NESTED_FOLDS:
        raise RawDataError(
            f"a class has only {count} rows that are not copies of each other; at least "
            f"{FEWEST_NESTED_FOLDS} of each class are needed",
            file=TRAIN_PART1.name,
            column="label",
        )
    repeats = wanted.repeats_for(len(labels))
    return repeated_group_folds(labels, groups, count, repeats, seed)


def build_features(
    train: EmbeddingTable, test: EmbeddingTable, parameters: dict[str, Any], compute: dict[str, Any]
) -> pd.DataFrame:
    """Facts of every row: norms, cosine of both sides, and the place of training rows on a map.

    The classifiers make their own features, inside the folds.
    """
    wanted, settings = MapParameters.parse(parameters), Compute.parse(compute)
    vectors = train.pairs.normalised().joined()
    places = embedding_map(vectors, wanted.most_rows, settings.seed)
    parts = [
        pd.DataFrame({"id": table.rows["id"], "split": split}).join(row_facts(table.pairs))
        for table, split in ((train, "train"), (test, "test"))
    ]
    parts[0] = parts[0].assign(map_x=places[:, 0], map_y=places[:, 1])
    return pd.concat(parts, ignore_index=True)


def measure_shift(
    train: EmbeddingTable,
    test: EmbeddingTable,
    duplicates: pd.DataFrame,
    rules: dict[str, Any],
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> pd.DataFrame:
    """Adversarial AUC of train against test, and of part 1 against part 2.

    Near copies share their fold, across the two sets and within each.

    Returns:
        `comparison`, `auc`, `auc_low`, `auc_high`, `first_rows`, `second_rows`.
    """
    wanted, settings = ShiftParameters.parse(parameters), Compute.parse(compute)
    groups = duplicates["group"].to_numpy()
    options: dict[str, Any] = {
        "folds": wanted.folds,
        "resamples": wanted.resamples,
        "seed": settings.seed,
    }
    rows = []
    if min(len(train), len(test)) >= FEWEST_ROWS_PER_PART:
        threshold = DataProcessing.parse(rules).near_duplicate_cosine
        joined = group_near_duplicates(concatenate([train.pairs, test.pairs]), threshold)
        found = adversarial_auc(train.pairs, test.pairs, groups=joined, **options)
        rows.append(_comparison("train and test", found, len(train), len(test)))
    first = train.rows["part"].to_numpy() == 1
    if min(first.sum(), (~first).sum()) >= FEWEST_ROWS_PER_PART:
        ordered = np.concatenate([groups[first], groups[~first]])
        pairs = train.pairs
        found = adversarial_auc(pairs.take(first), pairs.take(~first), groups=ordered, **options)
        rows.append(_comparison("part 1 and part 2", found, int(first.sum()), int((~first).sum())))
    columns = ["comparison", "auc", "auc_low", "auc_high", "first_rows", "second_rows"]
    return pd.DataFrame(rows, columns=columns)


def _comparison(name: str, auc: Interval, first: int, second: int) -> dict[str, Any]:
    logger.info("%s: adversarial AUC %.3f [%.3f, %.3f]", name, auc.value, auc.low, auc.high)
    return {
        "comparison": name,
        "auc": auc.value,
        "auc_low": auc.low,
        "auc_high": auc.high,
        "first_rows": first,
        "second_rows": second,
    }


def _shape(numbers: np.ndarray) -> tuple[int, int]:
    return int(numbers.max()) + 1, len(numbers)

"""The contract of {{cookiecutter.title}}'s raw files: names and columns."""

from __future__ import annotations

from podium.common.raw_contract import RawFile
from podium.common.table_rows import RowContract

ROWS = RowContract(
    key="row_id",
    numbers=("length", "width", "age"),
    categories=("kind",),
    target="target",
)
"""The columns, named once: files, sample, features and submission follow."""

TRAIN = RawFile("train.csv", ROWS.training_columns)
TEST = RawFile("test.csv", ROWS.asked_columns)

RAW_FILES = {"raw_train": TRAIN, "raw_test": TEST}
"""Dataset name (without `{{cookiecutter.name}}.`) to the contract of its file."""

"""The contract of Embedded Echoes' raw files: names and fields."""

from __future__ import annotations

from podium.common.raw_contract import RawFile
from podium.fusion.embedding_contract import IMAGE, TEXT

TRAIN_PART1 = RawFile("train_part1.json", ("id", "label", IMAGE, TEXT))
TRAIN_PART2 = RawFile("train_part2.json", ("id", "label", IMAGE, TEXT), required=False)
TEST = RawFile("test.json", ("id", IMAGE, TEXT))
SAMPLE_SOLUTION = RawFile("sample_solution.csv", ("row_id", "target"), required=False)

RAW_FILES = {
    "raw_train_part1": TRAIN_PART1,
    "raw_train_part2": TRAIN_PART2,
    "raw_test": TEST,
    "raw_sample_solution": SAMPLE_SOLUTION,
}
"""Dataset name (without `echoes.`) to the contract of its file."""

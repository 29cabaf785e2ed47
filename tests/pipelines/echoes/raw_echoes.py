"""Small raw files of Embedded Echoes, and the whole first stage on a folder of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from podium.common.json_records import open_raw_json
from podium.common.raw_files import open_raw_csv
from podium.fusion.embedding_table import EmbeddingTable
from podium.pipelines.echoes import data_processing as stage
from podium.pipelines.echoes import schemas
from podium.pipelines.echoes.raw_contract import SAMPLE_SOLUTION, TEST, TRAIN_PART1, TRAIN_PART2

LENGTH = 4
PART1, PART2, TEST_FILE = TRAIN_PART1.name, TRAIN_PART2.name, TEST.name
SOLUTION = SAMPLE_SOLUTION.name
JSON_FILES = (PART1, PART2, TEST_FILE)


def vectors(at: int) -> dict[str, list[float]]:
    """Two vectors that differ from those of other numbers in direction."""
    return {
        "image_embedding": [1.0 + at, -0.5 * at, 0.25, 3.0 - at % 5],
        "text_embedding": [0.125 * at, 2.0, -1.0 - at % 3, 0.75],
    }


def good_files() -> dict[str, Any]:
    """The records of the JSON files and the lines of the CSV file, without any fault."""
    return {
        PART1: [{"id": f"a{at:03}", "label": at % 2, **vectors(at)} for at in range(12)],
        PART2: [{"id": f"b{at:03}", "label": at % 2, **vectors(at)} for at in range(20, 26)],
        TEST_FILE: [{"id": at, **vectors(40 + at)} for at in range(1, 9)],
        SOLUTION: ["row_id,target", *(f"{at},{at % 2}" for at in range(1, 9))],
    }


def write_files(folder: Path, files: dict[str, Any]) -> None:
    """Write records as a JSON list, lines as lines, bytes as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if isinstance(content, bytes):
            data = content
        elif name == SOLUTION:
            data = "".join(f"{line}\n" for line in content).encode()
        else:
            data = json.dumps(content).encode()
        (folder / name).write_bytes(data)


@dataclass
class Stage:
    """What the first stage makes of a folder."""

    train: EmbeddingTable
    test: EmbeddingTable
    asked_rows: pd.DataFrame
    duplicates: pd.DataFrame
    test_copies: pd.DataFrame
    quarantine: pd.DataFrame
    quality: pd.DataFrame

    def rows(self, file: str, action: str) -> int:
        """Number of rows in the report."""
        report = self.quality[(self.quality["file"] == file) & (self.quality["action"] == action)]
        return int(report["rows"].sum())

    def validate(self) -> None:
        """Check every table against its schema."""
        schemas.Train.validate(self.train)
        schemas.Test.validate(self.test)
        schemas.AskedRows.validate(self.asked_rows)
        schemas.Duplicates.validate(self.duplicates)
        schemas.TestCopies.validate(self.test_copies)
        schemas.DataQuality.validate(self.quality)


def run_stage(folder: Path, **parameters: object) -> Stage:
    """Run every node of the first stage, with the datasets that the catalog names."""
    values = {"embedding_length": LENGTH, **parameters}
    part1, part2, raw_test = (
        open_raw_json(folder / spec.name, spec) for spec in (TRAIN_PART1, TRAIN_PART2, TEST)
    )
    connection = ibis.duckdb.connect(threads=1)
    solution = None
    if (folder / SOLUTION).is_file():
        solution = open_raw_csv(folder / SOLUTION, SAMPLE_SOLUTION, connection)
    compute = {"seed": 1, "threads": 1}
    train, aside, train_quality = stage.clean_training_rows(part1, part2, values, compute)
    test, test_quality = stage.clean_test_rows(raw_test, values, compute)
    asked_rows, asked_quality = stage.list_asked_rows(solution, test)
    duplicates, copies, copy_quality = stage.detect_duplicates(train, test, values)
    quarantine, quality = stage.report_quality(
        aside, train_quality, test_quality, asked_quality, copy_quality
    )
    return Stage(train, test, asked_rows, duplicates, copies, quarantine, quality)

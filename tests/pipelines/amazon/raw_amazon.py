"""Small raw files of the Amazon challenge, and the reading part of its first stage."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from podium.common.raw_files import open_raw_csv
from podium.image_datasets import ImageFolderDataset
from podium.pipelines.amazon import data_processing as stage
from podium.pipelines.amazon import schemas
from podium.pipelines.amazon.raw_contract import IMAGES, TEST, TRAIN
from podium.vision.downloading.downloaded import DownloadedImages, without_download

TRAIN_FILE, TEST_FILE = TRAIN.name, TEST.name
FILES = (TRAIN_FILE, TEST_FILE)
COMPUTE = {"seed": 1, "threads": 1}
#: Nobody answers for the links' host, at once: no name is looked up and nothing is waited for.
NOBODY = {"connect_to": {"images.example": "127.0.0.1:1"}, "unreachable_tries": 1}
_THINGS = ("Green Tea", "Olive Oil", "Rolled Oats", "Dark Chocolate", "Sea Salt", "Soap Bar")


def text(at: int) -> str:
    """A catalogue text with lines, quotes and commas; no two of them are alike."""
    thing = _THINGS[at % len(_THINGS)]
    words = " ".join(f"w{at}x{number}" for number in range(6))
    return (
        f'Item Name: Brand{at} {thing}, "{at + 1} oz" pack of {at % 3 + 1}\n'
        f"Bullet Point 1: {words}\nValue: {at + 1}.0\nUnit: Ounce"
    )


def good_files(train: int = 30, test: int = 8) -> dict[str, list[dict[str, Any]]]:
    """The records of both files, without any fault."""
    rows = [
        {
            "sample_id": str(at),
            "catalog_content": text(at),
            "image_link": f"https://images.example/I/{at}.jpg",
            "price": f"{at + 1}.5",
        }
        for at in range(train + test)
    ]
    asked = [{name: row[name] for name in TEST.columns} for row in rows[train:]]
    return {TRAIN_FILE: rows[:train], TEST_FILE: asked}


def as_csv(records: list[dict[str, Any]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue().encode()


def write_files(folder: Path, files: dict[str, Any]) -> None:
    """Write records as CSV, bytes as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = content if isinstance(content, bytes) else as_csv(content)
        (folder / name).write_bytes(data)


@dataclass
class Stage:
    """What the first stage makes of a folder."""

    train: pd.DataFrame
    test: pd.DataFrame
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
        schemas.Duplicates.validate(self.duplicates)
        schemas.DataQuality.validate(self.quality)


def run_stage(folder: Path, **parameters: object) -> Stage:
    """Run the nodes of the first stage, with the files that the catalog names.

    The links are asked for where something lies in the place of the images.
    """
    connection = ibis.duckdb.connect(threads=1)
    raw_train, raw_test = (
        open_raw_csv(folder / spec.name, spec, connection) for spec in (TRAIN, TEST)
    )
    train, aside, train_counts = stage.clean_training_rows(raw_train, parameters)
    test, test_counts = stage.clean_test_rows(raw_test)
    duplicates, copies, copy_counts = stage.detect_duplicates(train, test, parameters, COMPUTE)
    images = DownloadedImages(folder, load_images(folder / IMAGES.name, train, test))
    quarantine, quality = stage.report_quality(
        aside, images, train_counts, test_counts, copy_counts
    )
    return Stage(train, test, duplicates, copies, quarantine, quality)


def load_images(place: Path, train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """The table of the images, whose files are not kept."""
    if not os.path.lexists(place):
        return without_download(pd.concat([train, test], ignore_index=True))
    dataset = ImageFolderDataset(
        filepath=str(place), schema="podium.pipelines.amazon.raw_contract.IMAGES"
    )
    found = dataset.load.__wrapped__(dataset)  # type: ignore[attr-defined]  # errors as they are
    with tempfile.TemporaryDirectory() as target:
        return stage.load_images(train, test, found, {"rules": NOBODY})(Path(target))

"""Stage data_processing: which images there are, which can be read, and what they look like."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd

from podium.common.data_quality import QUARANTINE_COLUMNS, counts_frame, quality_report
from podium.common.errors import RawDataError
from podium.pipelines.museum.raw_contract import IMAGES, RAW_FILES
from podium.pipelines.shared import Compute
from podium.vision.image_folder import ImageFolder
from podium.vision.inspection import inspect_folder

logger = logging.getLogger(__name__)

FEWEST_IMAGES = 10


def inspect_images(
    raw_images: ImageFolder, compute: dict[str, Any]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Decode every image once, small.

    Returns:
        `image_facts` (see `inspect_folder`), and `thumbnails` (images, 64, 64, 3) uint8.
    """
    return inspect_folder(raw_images, threads=Compute.parse(compute).threads)


def list_images(image_facts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part the images into those that can be read and those that need a vector: all.

    Returns:
        `train` and `test`, see `schemas`. An image that cannot be read is in `test` only.

    Raises:
        RawDataError: fewer than ten images can be read.
    """
    readable = (image_facts["fault"] == "").to_numpy()
    if readable.sum() < FEWEST_IMAGES:
        problem = f"{readable.sum()} of {len(readable)} images can be read; ten are needed"
        raise RawDataError(problem, file=IMAGES.name)
    facts = image_facts.assign(image=np.arange(len(image_facts), dtype="int32"))
    columns = ["image", "image_name", "bytes", "format", "mode", "width", "height", "note"]
    train = facts.loc[readable, columns].reset_index(drop=True)
    test = pd.DataFrame(
        {
            "ID": np.arange(len(facts), dtype="int64"),
            "image_name": facts["image_name"],
            "readable": readable,
        }
    )
    return train, test


def report_quality(
    image_facts: pd.DataFrame, raw_images: ImageFolder
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Set the images aside that cannot be read, and count what was found.

    Returns:
        `quarantine` (file, row, reason, content), and `data_quality`.
    """
    faulty = image_facts[image_facts["fault"] != ""]
    quarantine = pd.DataFrame(
        {
            "file": IMAGES.name,
            "row": faulty.index.to_numpy() + 1,
            "reason": faulty["fault"],
            "content": faulty["image_name"],
        },
        columns=QUARANTINE_COLUMNS,
    ).reset_index(drop=True)
    counts = [
        ("images", "read", len(image_facts), ""),
        ("images", "kept", len(image_facts) - len(faulty), ""),
    ]
    for fault, part in faulty.groupby("fault", sort=True):
        counts.append((str(fault), "quarantined", len(part), part["image_name"].iloc[0]))
    notes = image_facts.loc[image_facts["note"] != "", ["image_name", "note"]]
    notes = notes.assign(note=notes["note"].str.split("; ")).explode("note")
    for note, part in notes.groupby("note", sort=True):
        counts.append((str(note), "reported", len(part), part["image_name"].iloc[0]))
    ignored = pd.DataFrame(raw_images.ignored, columns=["name", "reason"])
    for reason, part in ignored.groupby("reason", sort=True):
        check = f"entries that are no image: {reason}"
        counts.append((check, "reported", len(part), part["name"].iloc[0]))
    table = counts_frame([(IMAGES.name, *count) for count in counts])
    return quarantine, quality_report([table], RAW_FILES)

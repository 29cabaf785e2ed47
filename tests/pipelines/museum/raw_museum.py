"""Small raw images of Lost in the Museum, and the whole first stage on a folder of them."""

from dataclasses import dataclass

import hostile_images as made
import pandas as pd

from podium.image_datasets import ImageFolderDataset
from podium.pipelines.museum import data_processing as stage
from podium.pipelines.museum import schemas
from podium.pipelines.museum.raw_contract import IMAGES

FOLDER = IMAGES.name
GOOD = 14


def good_files():
    """Images that can all be read, by name."""
    files = {}
    for at in range(GOOD):
        kind, suffix = ("JPEG", ".jpg") if at % 2 else ("PNG", ".png")
        files[f"{at:02}{suffix}"] = made.encoded(made.picture(40 + at, 30 + at), kind)
    return files


def write_files(folder, files):
    """Write the images into a folder of their own."""
    (folder / FOLDER).mkdir(parents=True)
    for name, content in files.items():
        (folder / FOLDER / name).write_bytes(content)


@dataclass
class Stage:
    """What the first stage makes of a folder."""

    train: pd.DataFrame
    test: pd.DataFrame
    quarantine: pd.DataFrame
    quality: pd.DataFrame


def run_stage(folder):
    """Run every node of the first stage, with the dataset that the catalog names."""
    dataset = ImageFolderDataset(
        filepath=str(folder / FOLDER), schema="podium.pipelines.museum.raw_contract.IMAGES"
    )
    images = dataset.load.__wrapped__(dataset)  # without Kedro's wrapping of errors
    facts, thumbnails = stage.inspect_images(images, {"seed": 1, "threads": 1})
    train, test = stage.list_images(facts)
    quarantine, quality = stage.report_quality(facts, images)
    schemas.Train.validate(train)
    schemas.Test.validate(test)
    schemas.DataQuality.validate(quality)
    assert test["image_name"].tolist() == list(images.names) and len(thumbnails) == len(test)
    assert set(test.loc[~test["readable"], "image_name"]) == set(quarantine["content"])
    return Stage(train, test, quarantine, quality)

"""The contract of the Amazon challenge's raw files: names and columns."""

from __future__ import annotations

from podium.common.raw_contract import RawFile, RawFolder
from podium.pricing.catalog_rows import CONTENT, LINK, PRICE, SAMPLE_ID

TRAIN = RawFile("train.csv", (SAMPLE_ID, CONTENT, LINK, PRICE))
TEST = RawFile("test.csv", (SAMPLE_ID, CONTENT, LINK))
IMAGES = RawFolder("images", required=False)

RAW_FILES: dict[str, RawFile | RawFolder] = {
    "raw_train": TRAIN,
    "raw_test": TEST,
    "raw_images": IMAGES,
}
"""Dataset name (without `amazon.`) to the contract of its file or folder."""

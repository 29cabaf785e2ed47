"""Stage data_processing: raw files to typed tables, parsed texts, groups of duplicates, images."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from podium.common.data_quality import (
    count_copies,
    counts_frame,
    quality_report,
    sort_quarantine,
)
from podium.common.errors import RawDataError
from podium.common.parameters import Parameters
from podium.common.raw_files import RawTable
from podium.pipelines.amazon.raw_contract import RAW_FILES, TEST, TRAIN
from podium.pipelines.shared import Compute
from podium.pricing.catalog_rows import (
    CONTENT,
    LINK,
    SAMPLE_ID,
    PriceLimits,
    collect_asked_rows,
    collect_priced_rows,
)
from podium.pricing.catalog_text import parse_catalog
from podium.pricing.duplicate_groups import duplicate_groups, joined_groups
from podium.pricing.prices import DOLLARS
from podium.pricing.text_vectors import TextVectors
from podium.vision.downloading.download import download_images
from podium.vision.downloading.downloaded import DownloadedImages, without_download
from podium.vision.downloading.local_server import local_links, served_folder
from podium.vision.downloading.rules import DownloadRules
from podium.vision.image_folder import ImageFolder
from podium.vision.image_rows import check_rows

logger = logging.getLogger(__name__)

FEWEST_ROWS = 20


class DataProcessing(Parameters):
    """What the raw files may hold (`data_processing` in parameters.yml).

    Attributes:
        least_price: Smaller prices are set aside.
        most_price: Larger prices are set aside.
        currency_signs: Ways to write the own currency.
        near_duplicate_cosine: Least cosine of the words of two near-duplicates.
        same_image_is_duplicate: Whether rows with the same image link are duplicates.
    """

    least_price: float = Field(0.01, gt=0)
    most_price: float = Field(1_000_000.0, gt=0)
    currency_signs: tuple[str, ...] = DOLLARS
    near_duplicate_cosine: float = Field(0.8, gt=0, lt=1)
    same_image_is_duplicate: bool = True

    @model_validator(mode="after")
    def _in_order(self) -> DataProcessing:
        if self.most_price <= self.least_price:
            raise ValueError("most_price is not above least_price")
        return self

    @property
    def limits(self) -> PriceLimits:
        """Which prices are believed."""
        return PriceLimits(self.least_price, self.most_price, self.currency_signs)


class ImageParameters(Parameters):
    """Where images come from (`images` in parameters.yml).

    Attributes:
        download: Ask for the links; without, no row has an image.
        rules: See `podium.vision.downloading.rules.DownloadRules`.
    """

    download: bool = True
    rules: DownloadRules = DownloadRules()


def clean_training_rows(
    raw_train: RawTable, parameters: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Read the training rows, set bad ones aside, keep one row of each id.

    Returns:
        `train`, the rows set aside, and the counts for the report.

    Raises:
        RawDataError: the file is not merely dirty, or has too few rows.
    """
    rows = collect_priced_rows(raw_train, DataProcessing.parse(parameters).limits)
    if len(rows.table) < FEWEST_ROWS:
        problem = f"only {len(rows.table)} usable rows; {FEWEST_ROWS} are needed"
        raise RawDataError(problem, file=raw_train.file)
    return rows.table, rows.quarantine, rows.quality


def clean_test_rows(raw_test: RawTable) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the rows that a price is asked for; nothing in this file is set aside.

    Returns:
        `test`, in the order of the file, and the counts.

    Raises:
        RawDataError: a row is misshapen, an id is missing or there twice.
    """
    table, log = collect_asked_rows(raw_test)
    return table, log.frame()


def parse_texts(rows: pd.DataFrame) -> pd.DataFrame:
    """Take the catalogue texts apart: sample_id, catalog_content and `parse_catalog`'s columns."""
    parsed = parse_catalog(rows[CONTENT])
    own = [name for name in (SAMPLE_ID, CONTENT) if name in rows]
    return pd.concat([rows[own], parsed], axis=1)


def detect_duplicates(
    train: pd.DataFrame, test: pd.DataFrame, parameters: Mapping[str, Any], compute: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Group the rows of the same product, by text and by image link.

    Returns:
        `duplicates` of the training rows (sample_id, group, and rows of that group), `test_copies`
        (test_id of test rows that share a group with training rows, and the first of those as
        train_id), and the counts.
    """
    wanted, settings = DataProcessing.parse(parameters), Compute.parse(compute)
    texts = [*train[CONTENT], *test[CONTENT]]
    words = TextVectors(character_features=0, threads=settings.threads).terms_alone(texts)
    # Texts without a word in common may still be equal.
    known = words if words.shape[1] else None
    groups = duplicate_groups(texts, known, wanted.near_duplicate_cosine, threads=settings.threads)
    if wanted.same_image_is_duplicate:
        groups = joined_groups(groups, [*train[LINK], *test[LINK]])
    own, asked = groups[: len(train)], groups[len(train) :]
    numbers, sizes = np.unique(own, return_inverse=True, return_counts=True)[1:]
    first = pd.Series(train[SAMPLE_ID].to_numpy(), index=own)
    first = first[~first.index.duplicated()]
    duplicates = pd.DataFrame(
        {SAMPLE_ID: train[SAMPLE_ID], "group": numbers.ravel(), "rows": sizes[numbers.ravel()]}
    ).astype({"group": "int64", "rows": "int64"})
    copies = pd.DataFrame({"test_id": test[SAMPLE_ID], "train_id": first.reindex(asked).to_numpy()})
    copies = copies.dropna().astype("str").reset_index(drop=True)
    counts = count_copies(
        duplicates,
        copies,
        key=SAMPLE_ID,
        what="duplicates",
        train_file=TRAIN.name,
        test_file=TEST.name,
    )
    return duplicates, copies, counts


def load_images(
    train: pd.DataFrame,
    test: pd.DataFrame,
    raw_images: ImageFolder | None,
    parameters: dict[str, Any],
) -> Callable[[Path], pd.DataFrame]:
    """Download the images of both tables; where a raw folder of images is there, from it.

    Returns:
        What downloads into a folder and gives the table of its images: the training rows, then
        the test rows. The dataset `images` calls it.
    """
    wanted = ImageParameters.parse(parameters)
    rows = pd.concat([train, test], ignore_index=True)[[SAMPLE_ID, LINK]]
    asked = rows.assign(**{SAMPLE_ID: image_names(train, test)})

    def download(folder: Path) -> pd.DataFrame:
        if not wanted.download:
            return without_download(rows)
        if raw_images is None:
            table = download_images(asked, folder, wanted.rules)
        else:
            logger.info("images are taken from %s", raw_images.root)
            local = asked.assign(**{LINK: local_links(asked[LINK].tolist())})
            with served_folder(raw_images.root, wanted.rules) as rules:
                table = download_images(local, folder, rules)
        if strays := check_rows(table, folder):
            logger.warning("%s: %s", folder, strays)
        return table.assign(**{SAMPLE_ID: rows[SAMPLE_ID], LINK: rows[LINK]})

    return download


def image_names(train: pd.DataFrame, test: pd.DataFrame) -> list[str]:
    """What the image files of both tables are named after: an id of both tables is told apart."""
    known = set(train[SAMPLE_ID])
    asked = [f"test:{name}" if name in known else name for name in test[SAMPLE_ID]]
    return [*train[SAMPLE_ID], *asked]


def report_quality(
    train_quarantine: pd.DataFrame, images: DownloadedImages, *quality: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put the quarantine and the counts of all files together.

    Returns:
        `quarantine`, sorted by file and row, and `data_quality`.

    Raises:
        PodiumError: the counts of a file do not add up.
    """
    report = quality_report([*quality, _count_images(images)], RAW_FILES)
    return sort_quarantine(train_quarantine), report


def _count_images(images: DownloadedImages) -> pd.DataFrame:
    """Images that could not be had, by reason."""
    failed = images.table[~images.real]
    name = RAW_FILES["raw_images"].name
    counts = [
        (name, "rows", "read", len(images.table), ""),
        (name, "rows", "kept", len(images.table), ""),
    ]
    for reason, rows in failed.groupby("reason", sort=True):
        example = f"sample_id {rows[SAMPLE_ID].iloc[0]}"
        counts.append((name, f"placeholder: {reason}", "reported", len(rows), example))
    return counts_frame(counts)

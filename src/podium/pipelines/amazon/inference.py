"""From the catalogue text and image link of any products to their prices, with fitted models."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from podium.pipelines.amazon.data_processing import ImageParameters
from podium.pipelines.amazon.feature_engineering import compute_image_features
from podium.pricing.catalog_rows import CONTENT, LINK, PRICE, SAMPLE_ID
from podium.pricing.fitted_prices import FittedPrices
from podium.vision.downloading.download import download_images
from podium.vision.downloading.downloaded import DownloadedImages, without_download


def number_asked_rows(asked: pd.DataFrame) -> pd.DataFrame:
    """The rows with their place as sample_id; a missing column counts as empty: `asked_rows`."""
    rows = asked.reset_index(drop=True).reindex(columns=[CONTENT, LINK])
    rows = rows.astype(object).where(rows.notna(), None)
    return rows.assign(**{SAMPLE_ID: rows.index.astype(str)})


def measure_asked_images(
    asked_rows: pd.DataFrame,
    final_models: FittedPrices,
    images: dict[str, Any],
    image_features: dict[str, Any],
    compute: dict[str, Any],
) -> tuple[pd.DataFrame, DownloadedImages]:
    """Download the images: `asked_image_features`, and `asked_images`, in memory.

    A link that fails leaves a row without numbers and without an image, as in training. The images
    themselves are kept only where a model looks at them.
    """
    wanted, rows = ImageParameters.parse(images), asked_rows[[SAMPLE_ID, LINK]]
    with TemporaryDirectory(prefix="podium-asked-") as folder:
        if wanted.download:
            table = download_images(rows, Path(folder), wanted.rules, progress=None)
        else:
            table = without_download(rows)
        found = DownloadedImages(Path(folder), table)
        kept = found.in_memory() if final_models.looks_at_pictures else found.without_pictures()
        return compute_image_features(found, image_features, compute), kept


def give_prices(asked_predictions: pd.DataFrame) -> pd.DataFrame:
    """The prices alone: `prices`."""
    return asked_predictions[[PRICE]]

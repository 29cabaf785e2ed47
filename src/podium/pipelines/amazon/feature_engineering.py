"""Stage feature_engineering: numbers of the images, folds, and the features of each fold."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from podium.common.builder import Declaration, build
from podium.common.errors import RawDataError
from podium.common.folds import FEWEST_FOLDS, feasible_folds, repeated_group_folds
from podium.common.parameters import Parameters
from podium.common.progress import track
from podium.pipelines.amazon.raw_contract import TRAIN
from podium.pipelines.shared import Compute, FoldCounts
from podium.pricing.catalog_rows import CONTENT, PRICE, SAMPLE_ID
from podium.pricing.cross_fitting import FoldFeatures
from podium.pricing.image_statistics import NAMES, image_statistics
from podium.pricing.metrics import price_band_edges, price_bands
from podium.pricing.product_features import ProductFeatures, Products
from podium.pricing.same_text_prices import SameTextPrices
from podium.pricing.supervised_features import SupervisedFeatures
from podium.pricing.text_vectors import TextVectors
from podium.vision.downloading.downloaded import DownloadedImages
from podium.vision.encoder_options import longest_side
from podium.vision.pictures import Pictures

logger = logging.getLogger(__name__)

# Splits that hold out the first naive fold: one knows of no groups, neither outside nor inside; in
# the other, groups stay whole among the fitted rows, as in the refit that meets the test.
NAIVE, COPIES = "naive", "copies"
_DECODED_SIDE = 256
_ENCODED_TOGETHER = 1024


class FoldParameters(FoldCounts):
    """How the rows are divided (`folds` in parameters.yml).

    Attributes:
        few_rows: Below so many rows there are `count_of_few` folds.
        count_of_few: Folds then.
        price_bands: Bands of the price that every fold has in equal shares.
        naive_most_rows: With more rows there is no naive split: its features take as long as those
            of a fold.
    """

    few_rows: int = Field(ge=0)
    count_of_few: int = Field(ge=FEWEST_FOLDS)
    price_bands: int = Field(ge=1)
    naive_most_rows: int = Field(ge=0)

    def folds_for(self, rows: int) -> int:
        """Folds for so many rows."""
        return self.count_of_few if rows < self.few_rows else super().folds_for(rows)


class FeatureParameters(Parameters):
    """How features are made (`features` in parameters.yml).

    Attributes:
        text: Arguments of `TextVectors`.
        prices: Arguments of `SupervisedFeatures`.
        same_text: Arguments of `SameTextPrices`, which looks up products that are known already.
        encoder: A pretrained text model that gives further vectors, such as a `TextEncoder`.
        keep_texts: Hand the texts on, for models that read them.
        keep_pictures: Hand the images on, for models that look at them.
    """

    text: dict[str, Any] = {}
    prices: dict[str, Any] = {}
    same_text: dict[str, Any] = {}
    encoder: Declaration | None = None
    keep_texts: bool = False
    keep_pictures: bool = False

    def build(self, settings: Compute) -> ProductFeatures:
        """The features, not fitted.

        Raises:
            ParameterError: for arguments that a class refuses.
        """
        vectors, prices = (
            _built(kind, arguments, seed=settings.seed, threads=settings.threads)
            for kind, arguments in ((TextVectors, self.text), (SupervisedFeatures, self.prices))
        )
        encoder = None
        if self.encoder is not None and self.encoder.enabled:
            encoder = build(self.encoder, threads=settings.threads)
        return ProductFeatures(
            vectors,
            prices,
            encoder,
            keep_texts=self.keep_texts,
            keep_pictures=self.keep_pictures,
        )

    def build_same_text(self) -> SameTextPrices:
        """The look-up, not fitted.

        Raises:
            ParameterError: for arguments that it refuses.
        """
        lookup: SameTextPrices = _built(SameTextPrices, self.same_text)
        return lookup


def _built(kind: type, arguments: dict[str, Any], **settings: Any) -> Any:
    return build({"type": f"{kind.__module__}.{kind.__name__}", "arguments": arguments}, **settings)


class ImageFeatureParameters(Parameters):
    """Numbers of an image (`image_features` in parameters.yml).

    Attributes:
        statistics: Colour, edge and size statistics.
        encoders: Encoders of images by name, such as a PretrainedEncoder.
    """

    statistics: bool = True
    encoders: dict[str, Declaration] = {}


def compute_image_features(
    images: DownloadedImages, parameters: dict[str, Any], compute: dict[str, Any]
) -> pd.DataFrame:
    """Numbers of every real image: `image_features`, a row per row of `images`.

    Columns: sample_id, is_real, and float32 numbers, NaN for placeholders; no numbers at all
    where there is no real image.
    """
    wanted, settings = ImageFeatureParameters.parse(parameters), Compute.parse(compute)
    table = pd.DataFrame({SAMPLE_ID: images.table[SAMPLE_ID], "is_real": images.real})
    if not images.real.any():
        return table
    parts = [table]
    if wanted.statistics:
        parts.append(_statistics(images, settings.threads))
    for name, declared in wanted.encoders.items():
        if declared.enabled:
            parts.append(_encoded(name, declared, images, settings))
    return pd.concat(parts, axis=1)


def _statistics(images: DownloadedImages, threads: int) -> pd.DataFrame:
    """Colour, edges and size of the real images, NaN for the others."""
    sizes = zip(images.table["width"], images.table["height"], strict=True)
    pixels = track(
        images.read_all(_DECODED_SIDE, threads), "Images measured", len(images.table), unit="images"
    )
    return pd.DataFrame(image_statistics(pixels, threads, sizes), columns=list(NAMES))


def _encoded(
    name: str, declared: Declaration, images: DownloadedImages, settings: Compute
) -> pd.DataFrame:
    """Vectors of the real images by one encoder, NaN for the others."""
    encoder = build(declared, threads=settings.threads)
    real, side = np.flatnonzero(images.real), longest_side(encoder)
    blank = np.zeros((32, 32, 3), np.uint8)

    def read(row: int) -> np.ndarray:
        pixels = images.read(row, side)
        return blank if pixels is None else pixels

    parts = [real[start : start + _ENCODED_TOGETHER]
             for start in range(0, len(real), _ENCODED_TOGETHER)]  # fmt: skip
    vectors = np.concatenate(
        [
            encoder.encode(lambda place, rows=rows: read(int(rows[place])), len(rows))
            for rows in track(parts, f"Images encoded by {name}", unit="parts")
        ]
    )
    whole = np.full((len(images.table), vectors.shape[1]), np.nan, np.float32)
    whole[real] = vectors
    return pd.DataFrame(whole, columns=[f"{name}_{at}" for at in range(whole.shape[1])])


def assign_folds(
    train: pd.DataFrame,
    duplicates: pd.DataFrame,
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> pd.DataFrame:
    """Divide the training rows into folds with alike prices, duplicates kept together.

    Returns:
        `folds`: sample_id, price, group, fold, and naive_fold, which cuts through the groups; -1
        where there is no naive split.

    Raises:
        RawDataError: the rows are duplicates of too few products.
    """
    wanted, settings = FoldParameters.parse(parameters), Compute.parse(compute)
    prices, groups = train[PRICE].to_numpy(), duplicates["group"].to_numpy()
    count = wanted.folds_for(len(train))
    bands = price_bands(prices, price_band_edges(prices, wanted.price_bands))
    if feasible_folds(bands, groups, count) < count:
        bands = np.zeros(len(train), np.int64)
    count = feasible_folds(bands, groups, count)
    if count < FEWEST_FOLDS:
        problem = "all rows are duplicates of one product; at least two products are needed"
        raise RawDataError(problem, file=TRAIN.name, column=CONTENT)
    draws = [
        repeated_group_folds(bands, each, count, 1, settings.seed)[0] for each in (groups, None)
    ]
    logger.info(
        "%d folds of %s rows in %s groups",
        count,
        f"{len(train):,}",
        f"{len(np.unique(groups)):,}",
    )
    naive = draws[1] if len(train) <= wanted.naive_most_rows else np.int64(-1)
    return train[[SAMPLE_ID, PRICE]].assign(group=groups, fold=draws[0], naive_fold=naive)


def build_features(
    train_products: pd.DataFrame,
    image_features: pd.DataFrame,
    images: DownloadedImages,
    folds: pd.DataFrame,
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> dict[str, Callable[[], FoldFeatures]]:
    """Features of each fold, fitted on the other folds; and of the splits `naive` and `copies`."""
    wanted, settings = FeatureParameters.parse(parameters), Compute.parse(compute)
    products = wanted.build(settings).prepared(
        training_products(train_products, image_features, images)
    )
    prices = folds[PRICE].to_numpy()
    cuts = {
        f"fold_{number}": (folds["fold"].to_numpy() == number, folds["group"].to_numpy())
        for number in range(int(folds["fold"].max()) + 1)
    }
    naive = folds["naive_fold"].to_numpy() == 0
    if naive.any():
        cuts |= {name: (naive, groups) for name, groups in naive_groups(folds).items()}

    def make(name: str) -> FoldFeatures:
        began = time.monotonic()
        held, groups = cuts[name]
        fitted, rest = np.flatnonzero(~held), np.flatnonzero(held)
        features = wanted.build(settings)
        own = features.fit_transform(products.take(fitted), prices[fitted], groups[fitted])
        others = features.transform(products.take(rest))
        seconds = time.monotonic() - began
        logger.info("features of %s: %d rows, %.0f s", name, len(products), seconds)
        return FoldFeatures(own, others, fitted, rest, seconds)

    return {name: partial(make, name) for name in cuts}


def naive_groups(folds: pd.DataFrame) -> dict[str, np.ndarray]:
    """Which rows count as one product in the splits `naive` and `copies`, shape (rows,) each."""
    return {NAIVE: np.arange(len(folds)), COPIES: folds["group"].to_numpy()}


def training_products(
    train_products: pd.DataFrame, image_features: pd.DataFrame, images: DownloadedImages
) -> Products:
    """The training products; their rows come first in what is known of images."""
    rows = len(train_products)
    pictures = images.pictures.take(np.arange(rows))
    return products_of(train_products, image_features.head(rows), pictures)


def products_of(parsed: pd.DataFrame, numbers: pd.DataFrame, pictures: Pictures) -> Products:
    """Products from parsed texts, rows of `image_features` and images, all in the same order."""
    image = numbers.drop(columns=[SAMPLE_ID, "is_real"], errors="ignore").to_numpy(np.float32)
    return Products.of(parsed[CONTENT].tolist(), parsed, image, pictures)

"""Stage feature_engineering: held-out images, simulated photos of them, and local features."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from podium.common.ordered_work import work_ahead
from podium.common.parameters import Parameters
from podium.common.progress import track
from podium.common.shards import LazyShards
from podium.pipelines.shared import Compute
from podium.retrieval.feature_extraction import ExtractionRules, local_feature_shards
from podium.retrieval.held_out import choose_held_out, plan_photos
from podium.vision.image_folder import ImageFolder

logger = logging.getLogger(__name__)

PHOTO_QUALITY = 92


class HeldOut(Parameters):
    """Images that are held out (`held_out` in parameters.yml).

    Attributes:
        most: At most so many.
        share: At most this share of all.
        longest_side: Of their simulated photos, in pixels.
    """

    most: int = Field(ge=2)
    share: float = Field(gt=0, lt=1)
    longest_side: int = Field(ge=64)


class LocalFeatureParameters(Parameters):
    """How local features are found (`local_features` in parameters.yml); see `ExtractionRules`.

    Attributes:
        shard_size: Images between two stops of a run that can be resumed.
    """

    longest_side: int = Field(ge=32)
    most_keypoints: int = Field(ge=1)
    contrast_threshold: float = Field(gt=0)
    shard_size: int = Field(ge=1)

    @property
    def rules(self) -> ExtractionRules:
        """As the algorithm wants them."""
        return ExtractionRules(self.longest_side, self.most_keypoints, self.contrast_threshold)


def choose_images(
    train: pd.DataFrame, parameters: dict[str, Any], compute: dict[str, Any]
) -> pd.DataFrame:
    """Draw the images that are held out: `folds` (image, image_name, held_out)."""
    wanted, seed = HeldOut.parse(parameters), Compute.parse(compute).seed
    usable = np.ones(len(train), dtype=bool)
    held_out = choose_held_out(usable, wanted.most, wanted.share, seed)
    logger.info("%d of %d images are held out", held_out.sum(), len(train))
    return train[["image", "image_name"]].assign(held_out=held_out)


def list_visitor_photos(folds: pd.DataFrame) -> pd.DataFrame:
    """List the photos to simulate: `photos` (photo_name, image_name, image, effect, strength)."""
    held_out = folds[folds["held_out"]]
    photos = plan_photos(held_out["image_name"].tolist())
    numbers = held_out.set_index("image_name")["image"]
    photos.insert(2, "image", photos["image_name"].map(numbers).to_numpy("int32"))
    return photos


def generate_visitor_photos(
    raw_images: ImageFolder,
    photos: pd.DataFrame,
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> Iterator[tuple[str, bytes]]:
    """Take the photos: file name and JPEG of each, one by one."""
    side, settings = HeldOut.parse(parameters).longest_side, Compute.parse(compute)

    def take(row: Any) -> tuple[str, bytes]:
        from podium.vision.visitor_photos import simulate

        image = raw_images.read(row.image, 2 * side)
        draws = np.random.default_rng([settings.seed, row.Index])
        return row.photo_name, as_jpeg(simulate(image, row.effect, row.strength, draws, side))

    work = work_ahead(take, photos.itertuples(), settings.threads, 4 * settings.threads)
    return track(work, "Visitor photos simulated", len(photos), unit="photos")


def extract_local_features(
    raw_images: ImageFolder,
    visitor_photos: ImageFolder,
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> dict[str, LazyShards]:
    """RootSIFT of all images and photos, shard by shard: `features`."""
    wanted, threads = LocalFeatureParameters.parse(parameters), Compute.parse(compute).threads
    folders = {"images": raw_images, "photos": visitor_photos}
    return {
        name: local_feature_shards(
            folder,
            wanted.rules,
            shard_size=wanted.shard_size,
            threads=threads,
            description=f"Local features of {name}",
        )
        for name, folder in folders.items()
    }


def as_jpeg(image: np.ndarray) -> bytes:
    """An image (height, width, 3) uint8 as the bytes of a JPEG file."""
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=PHOTO_QUALITY)
    return buffer.getvalue()

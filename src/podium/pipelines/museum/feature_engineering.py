"""Stage feature_engineering: held-out images, simulated photos of them, and local features."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from podium.common.errors import RawDataError
from podium.common.ordered_work import work_ahead
from podium.common.parameters import Parameters
from podium.common.progress import track
from podium.common.shards import LazyShards
from podium.pipelines.museum.raw_contract import IMAGES
from podium.pipelines.shared import Compute
from podium.retrieval.feature_extraction import ExtractionRules, local_feature_shards
from podium.retrieval.held_out import choose_held_out, plan_photos
from podium.vision.image_folder import ImageFolder
from podium.vision.reading import ImageFault

logger = logging.getLogger(__name__)

PHOTO_QUALITY = 92
FEWEST_USABLE = 2


class HeldOut(Parameters):
    """Images that are held out (`held_out` in parameters.yml).

    Attributes:
        most: At most so many.
        share: At most this share of those that photos can be simulated of, but one at least.
        longest_side: Of their simulated photos, in pixels.
    """

    most: int = Field(ge=2)
    share: float = Field(gt=0, lt=1)
    longest_side: int = Field(ge=64)

    @property
    def read_side(self) -> int:
        """Longest side at which an image is read to be photographed, px; close-ups need it."""
        return 2 * self.longest_side


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


def assign_folds(
    train: pd.DataFrame, parameters: dict[str, Any], compute: dict[str, Any]
) -> pd.DataFrame:
    """Draw the images that are held out: `folds` (image, image_name, held_out).

    Raises:
        RawDataError: fewer than two images are large enough that photos of them can be simulated.
    """
    from podium.vision.visitor_photos import can_be_photographed

    wanted, seed = HeldOut.parse(parameters), Compute.parse(compute).seed
    sizes = zip(train["width"].tolist(), train["height"].tolist(), strict=True)
    usable = np.array([can_be_photographed(*size, wanted.read_side) for size in sizes], dtype=bool)
    if usable.sum() < FEWEST_USABLE:
        problem = f"{usable.sum()} of {len(train)} images are large enough to be held out"
        raise RawDataError(f"{problem}; two are needed", file=IMAGES.name)
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
    """Take the photos: file name and JPEG of each, one by one.

    An image that cannot be read any more has none; what follows goes by the names of the photos.
    """
    wanted, settings = HeldOut.parse(parameters), Compute.parse(compute)
    faults: dict[str, str] = {}

    def take(row: Any) -> tuple[str, bytes] | None:
        from podium.vision.visitor_photos import simulate

        try:
            image = raw_images.read(row.image, wanted.read_side)
        except ImageFault as fault:
            faults[row.image_name] = fault.reason
            return None
        draws = np.random.default_rng([settings.seed, row.Index])
        photo = simulate(image, row.effect, row.strength, draws, wanted.longest_side)
        return row.photo_name, as_jpeg(photo)

    work = work_ahead(take, photos.itertuples(), settings.threads, 4 * settings.threads)

    # Kedro would store what a node yields piece by piece; it may return an iterator.
    def taken() -> Iterator[tuple[str, bytes]]:
        for photo in track(work, "Visitor photos simulated", len(photos), unit="photos"):
            if photo is not None:
                yield photo
        for name, reason in faults.items():
            logger.warning("held-out image %s is left out: %s", name, reason)

    return taken()


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

"""A pretrained vision model that learns prices from images, with text and table beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from podium.common.arguments import above, one_of, several
from podium.pricing.design_matrix import text_scale
from podium.pricing.feature_set import FeatureSet
from podium.pricing.fine_tuned_price import FineTunedPrice
from podium.pricing.image_rows import ImageRows, SquareReader
from podium.pricing.table_encoding import ScaledTable
from podium.vision.augmentation import Augmentation
from podium.vision.checkpoint import VISION_FILES
from podium.vision.encoder_options import Pooling
from podium.vision.preprocessing import Preprocessing


class FineTunedImagePrice(FineTunedPrice):
    """A vision model of transformers with a head on its vector, the text vectors and the table.

    It reads `FeatureSet.pictures`, each in another random view in every pass (see `Augmentation`),
    and whole when it predicts. A product without an image has a vector of zeros, and a number that
    tells so. How it learns: see `FineTunedPrice`.
    """

    files = VISION_FILES

    def __init__(
        self,
        model: str,
        pooling: Pooling | Sequence[Pooling] = "mean",
        size: int = 224,
        text_components: int | None = None,
        least_area: float = 0.5,
        mirror: float = 0.5,
        light: float = 0.2,
        seed: int = 0,
        threads: int = 1,
        **training: Any,
    ) -> None:
        """Declare the model; nothing is read before it is fitted.

        Args:
            model: See `FineTunedPrice`, as all that is not named here; the folder has a
                preprocessor_config.json.
            pooling: "cls", "gem" or "mean", or several of them.
            size: Side of the square that an image is pressed into, px.
            text_components: Only the first so many numbers of the text vectors stand beside the
                image; None for all, 0 for none.
            least_area: See `Augmentation`, as the next two.
            mirror: Share of the views that are mirrored.
            light: How far light and colour change.
            seed: See `FineTunedPrice`.
            threads: See `FineTunedPrice`.
            training: Other arguments of `FineTunedPrice`.

        Raises:
            ValueError: for a value out of range.
            TypeError: for an argument that does not exist.
        """
        super().__init__(model, seed=seed, threads=threads, **training)
        self.pooling: tuple[Pooling, ...] = several("pooling", pooling, str)
        for name in self.pooling:
            one_of("pooling", name, Pooling)
        self.size = int(above("size", size, 0))
        if text_components is not None:
            above("text_components", text_components, -1)
        self.text_components = text_components
        self.augmentation = Augmentation(least_area, mirror, light)

    def _learn_inputs(self, features: FeatureSet, folder: Path) -> None:
        self._preprocessing = Preprocessing.read(folder)
        self._table = ScaledTable().fit(features.table)
        self._text_scale = text_scale(features.text)

    def _rows(self, features: FeatureSet, threads: int) -> ImageRows:
        pictures = features.pictures
        if pictures is None:
            raise ValueError("a fine-tuned vision model reads images, and FeatureSet has none")
        if 2 * pictures.lost > pictures.known.sum():
            raise ValueError(f"{pictures.lost:,} of {pictures.known.sum():,} images are gone")
        text = features.text[:, : self.text_components] * self._text_scale
        parts = [text, self._table.transform(features.table), pictures.known[:, None]]
        numbers = np.hstack(parts, dtype=np.float32, casting="unsafe")
        resample = self._preprocessing.resample
        reader = SquareReader(self.size, resample, threads, self.augmentation)
        return ImageRows(pictures, numbers, reader)

    def _encoder(self, folder: Path) -> tuple[Any, Any, int]:
        from podium.pricing.pictured_encoder import load_pictured

        return load_pictured(folder, self._preprocessing, self.pooling, self.size)

"""Random views of an image for a network that learns: another crop, mirrored, other light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.common.arguments import above

_LONGEST_ASPECT = 4 / 3


@dataclass(frozen=True)
class View:
    """How one image is looked at.

    Attributes:
        box: Left, top, right and bottom of the crop as shares of the image's sides.
        mirrored: Left and right change places.
        light: Factors of brightness, contrast and saturation.
    """

    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    mirrored: bool = False
    light: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def square(self, image: NDArray[np.uint8], size: int, resample: int) -> NDArray[np.uint8]:
        """The view, pressed into a square, uint8 (size, size, 3).

        Args:
            image: uint8 (h, w, 3).
            size: Side of the square in pixels.
            resample: Pillow's number of the interpolation; it is antialiased.
        """
        from PIL import Image, ImageEnhance, ImageOps

        height, width = image.shape[:2]
        left, top, right, bottom = self.box
        box = (left * width, top * height, right * width, bottom * height)
        square = Image.fromarray(image).resize((size, size), Image.Resampling(resample), box=box)
        if self.mirrored:
            square = ImageOps.mirror(square)
        kinds = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)
        for kind, factor in zip(kinds, self.light, strict=True):
            if factor != 1:
                square = kind(square).enhance(factor)
        return np.asarray(square)


#: The whole image as it is.
PLAIN = View()


@dataclass(frozen=True)
class Augmentation:
    """How far views may be from the image.

    Crops of a random share and shape as by Szegedy et al. 2015 ("Going deeper with convolutions"),
    mirroring, and factors of light and colour around 1 (Howard 2013).

    Attributes:
        least_area: Least share of the image that a crop keeps; 1 for the whole image always.
        mirror: Share of the views that are mirrored.
        light: Brightness, contrast and saturation change by at most this share.
    """

    least_area: float = 0.5
    mirror: float = 0.5
    light: float = 0.2

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: for one out of range.
        """
        above("least_area", self.least_area, 0, 1)
        above("mirror", self.mirror, -1e-12, 1)
        above("light", self.light, -1e-12, 0.9)

    def draw(self, count: int, generator: np.random.Generator) -> list[View]:
        """So many views."""
        area = generator.uniform(self.least_area, 1, count)
        aspect = np.exp(generator.uniform(-1, 1, count) * np.log(_LONGEST_ASPECT))
        # A whole image has no room for another shape.
        aspect = np.clip(aspect, area, 1 / area)
        sides = np.stack([np.sqrt(area * aspect), np.sqrt(area / aspect)], axis=1).clip(max=1)
        corners = generator.random((count, 2)) * (1 - sides)
        mirrored = generator.random(count) < self.mirror
        light = generator.uniform(1 - self.light, 1 + self.light, (count, 3))
        boxes = np.hstack([corners, corners + sides])
        return [
            View(tuple(box), bool(turned), tuple(factors))
            for box, turned, factors in zip(boxes.tolist(), mirrored, light.tolist(), strict=True)
        ]

"""Colour, edges and size of a product image in numbers, without weights.

Product photos stand on white, so the statistics tell the thing from its background: how much of the
frame it fills, in what shape, how it is coloured and how busy its print is.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from podium.common.ordered_work import work_ahead

if TYPE_CHECKING:
    Pixels = NDArray[np.uint8]

Floats = NDArray[np.float32]

#: Longer sides are scaled down to this many pixels first.
SIDE = 192
_HUES, _SATURATIONS, _LIGHTNESSES = 12, 6, 8
#: Every channel of a white pixel has at least this.
_WHITE = 240
#: Hue says nothing where a pixel is nearly gray or black.
_LEAST_COLOUR = 32
_CANNY = (80, 160)
_GRID = 3

NAMES: tuple[str, ...] = (
    *("log_width", "log_height", "log_aspect", "log_pixels"),
    *("hue_cosine", "hue_sine", "hue_strength", "coloured_share"),
    *(f"{name}_mean" for name in ("saturation", "value", "lab_light", "lab_green_red")),
    "lab_blue_yellow_mean",
    *(f"{name}_spread" for name in ("saturation", "value", "lab_light", "lab_green_red")),
    "lab_blue_yellow_spread",
    *("colourfulness", "light_entropy"),
    *(f"hue_{number}" for number in range(_HUES)),
    *(f"saturation_{number}" for number in range(_SATURATIONS)),
    *(f"light_{number}" for number in range(_LIGHTNESSES)),
    *("white_share", "white_border_share", "thing_width", "thing_height", "thing_fill"),
    *("thing_log_aspect", "thing_off_centre"),
    *("edge_density", "edge_density_of_thing", "gradient_mean", "gradient_spread", "log_sharpness"),
    *(f"edges_{row}_{column}" for row in range(_GRID) for column in range(_GRID)),
)
"""What the columns of `image_statistics` hold.

- `log_width`, `log_height`, `log_pixels`: natural logarithms of the size in pixels; `log_aspect`:
  of width over height.
- `hue_cosine`, `hue_sine`, `hue_strength`: mean direction of the hues of coloured pixels, and how
  much they agree (0 to 1); `coloured_share`: share of pixels that have a hue.
- `..._mean`, `..._spread`: mean and standard deviation of HSV and CIELAB channels, over 255.
- `colourfulness`: Hasler and Süsstrunk (2003), over 255. `light_entropy`: bits of the histogram of
  256 gray levels.
- `hue_0` to `hue_11`: shares of the coloured pixels around red and then every 30 degrees;
  `saturation_0` to `_5` and `light_0` to `_7`: shares of all pixels, from low to high.
- `white_share`; `white_border_share`: of the frame's outermost pixels.
- `thing_...`: the box around all that is not white: its width and height over the image's, the
  share of it that is not white, its aspect, and the distance of its middle from the image's, over
  half the diagonal.
- `edge_density`: share of pixels on an edge (Canny), `edge_density_of_thing`: edges per pixel that
  is not white; `gradient_...`: of the Sobel gradient's length over 255; `log_sharpness`: log1p of
  the Laplacian's variance.
- `edges_0_0` to `edges_2_2`: shares of the edges in a 3 x 3 grid, by row and column.
"""


def image_statistics(
    images: Iterable[Pixels | None],
    threads: int = 1,
    sizes: Iterable[tuple[int, int]] | None = None,
) -> Floats:
    """Statistics of images, in their order.

    Args:
        images: (H, W, 3) uint8 in RGB, None where there is none; taken as they are needed, so that
            they may be read from disk meanwhile. They may be scaled down to `SIDE` already.
        threads: Images worked on at a time; the numbers are the same on any.
        sizes: Width and height of each image as it was; none if they are given as they were.

    Returns:
        (images, len(NAMES)) float32, NaN throughout for None.

    Raises:
        ValueError: an image has another shape or type, or `sizes` another length.
    """

    def row(item: tuple[Pixels | None, tuple[int, int] | None]) -> Floats:
        image, size = item
        if image is None:
            return np.full(len(NAMES), np.nan, dtype=np.float32)
        return statistics_of(image, size)

    sized = zip(images, repeat(None)) if sizes is None else zip(images, sizes, strict=True)
    rows = list(work_ahead(row, sized, threads, 2 * threads))
    return np.stack(rows) if rows else np.empty((0, len(NAMES)), dtype=np.float32)


def statistics_of(image: Pixels, size: tuple[int, int] | None = None) -> Floats:
    """The numbers of one image, shape (len(NAMES),) float32, finite.

    Args:
        image: (H, W, 3) uint8 in RGB.
        size: Width and height before it was scaled down; those of `image` where it was not.

    Raises:
        ValueError: another shape or type, or no pixels.
    """
    import cv2

    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:  # noqa: PLR2004
        raise ValueError(f"needs (H, W, 3) uint8, got {image.shape} {image.dtype}")
    width, height = size or image.shape[1::-1]
    small = _small(image)
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    white = small.min(axis=2) >= _WHITE
    extent = [np.log(width), np.log(height), np.log(width / height), np.log(width * height)]
    numbers = [*extent, *_colours(small, gray), *_thing(white), *_edges(gray, white)]
    return np.array(numbers, dtype=np.float32)


def _small(image: Pixels) -> Pixels:
    import cv2

    scale = SIDE / max(image.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(image)
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _colours(image: Pixels, gray: NDArray) -> list[float]:
    import cv2

    hue, saturation, value = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL))
    channels = [saturation, value, *cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2LAB))]
    coloured = (saturation >= _LEAST_COLOUR) & (value >= _LEAST_COLOUR)
    angles = hue[coloured] * (2 * np.pi / 256)
    direction = np.exp(1j * angles).mean() if len(angles) else 0j
    red, green, blue = (image[:, :, channel].astype(np.float64) for channel in range(3))
    opponents = red - green, (red + green) / 2 - blue
    colourfulness = np.hypot(*(each.std() for each in opponents)) + 0.3 * np.hypot(
        *(each.mean() for each in opponents)
    )
    levels = _shares(gray, 256)
    entropy = -(levels[levels > 0] * np.log2(levels[levels > 0])).sum()
    return [
        *(direction.real, direction.imag, abs(direction), coloured.mean()),
        *(channel.mean(dtype=np.float64) / 255 for channel in channels),
        *(channel.std(dtype=np.float64) / 255 for channel in channels),
        *(colourfulness / 255, entropy),
        *_hue_shares(hue[coloured]),
        *_shares(saturation, _SATURATIONS),
        *_shares(gray, _LIGHTNESSES),
    ]


def _shares(levels: NDArray, bins: int) -> NDArray[np.float64]:
    """Shares of levels 0 to 255 in bins of equal width; zeros where there is no pixel."""
    counts = np.bincount(levels.ravel().astype(np.int64) * bins // 256, minlength=bins)
    return counts / max(levels.size, 1)


def _hue_shares(hues: NDArray) -> NDArray[np.float64]:
    """Shares of hues in bins around red, orange, yellow and so on."""
    bins = (hues.astype(np.int64) * _HUES + 128) // 256 % _HUES
    return np.bincount(bins, minlength=_HUES) / max(len(bins), 1)


def _thing(white: NDArray[np.bool_]) -> list[float]:
    """What is not white, and the box around it."""
    border = np.concatenate([white[0], white[-1], white[:, 0], white[:, -1]])
    outside = [white.mean(), border.mean()]
    rows, columns = (np.flatnonzero(~white.all(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return [*outside, 0.0, 0.0, 0.0, 0.0, 0.0]
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    height, width = white.shape
    off = np.array([(top + bottom - height) / height, (left + right - width) / width])
    return [
        *outside,
        (right - left) / width,
        (bottom - top) / height,
        1 - white[top:bottom, left:right].mean(),
        np.log((right - left) / (bottom - top)),
        np.sqrt((off**2).mean()),
    ]


def _edges(gray: NDArray, white: NDArray[np.bool_]) -> list[float]:
    import cv2

    edges = cv2.Canny(gray, *_CANNY) > 0
    across, down = (cv2.Sobel(gray, cv2.CV_64F, *axis) for axis in ((1, 0), (0, 1)))
    gradient = np.hypot(across, down) / 255
    sharpness = cv2.Laplacian(gray, cv2.CV_64F).var()
    cells = [
        cell.sum()
        for band in np.array_split(edges, _GRID, axis=0)
        for cell in np.array_split(band, _GRID, axis=1)
    ]
    count = int(edges.sum())
    return [
        edges.mean(),
        count / max(int((~white).sum()), 1),
        gradient.mean(),
        gradient.std(),
        np.log1p(sharpness),
        *(cell / max(count, 1) for cell in cells),
    ]

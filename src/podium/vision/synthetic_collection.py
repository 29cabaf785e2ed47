"""A museum's folder of images, generated: paintings, visitors' photos of some, and distractors."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from podium.vision.photo_settings import STRENGTHS
from podium.vision.synthetic_distractors import draw_distractor
from podium.vision.synthetic_paintings import paint
from podium.vision.visitor_photos import simulate

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    import pandas as pd

PAINTING, VISITOR, DISTRACTOR = "painting", "visitor photo", "distractor"
"""Kinds of images."""

_SERIES = 8  # paintings by one artist, on average
_NAMES, _ASKED, _SIZES, _ARTISTS, _FILES = range(10, 15)
_LAST_FORMATS = ((".png", 0.03), (".webp", 0.06))  # format and cumulative probability; else JPEG
_JPEG_QUALITY = (75, 95)
#: Of the distractors: other art, photos of art that is not there; the rest is no art.
_OTHER_ART, _PHOTO_OF_OTHER_ART = 0.45, 0.1
_BLOCK = 16  # images per task of a process
_AHEAD = 4  # blocks per process that may wait, so that memory stays constant


@dataclass(frozen=True)
class _Collection:
    paintings: int
    visitor_photos: int
    distractors: int
    longest_side: tuple[int, int]
    seed: int

    @property
    def images(self) -> int:
        return self.paintings + self.visitor_photos + self.distractors

    def asked(self) -> np.ndarray:
        """The painting of each visitor photo, every painting at most once."""
        order = np.random.default_rng([self.seed, _ASKED]).permutation(self.paintings)
        return order[: self.visitor_photos]


def write_images(
    folder: Path,
    paintings: int,
    visitor_photos: int,
    distractors: int,
    longest_side: int | tuple[int, int] = 640,
    seed: int = 0,
    threads: int = 1,
) -> pd.DataFrame:
    """Generate images and write them as `00001.jpg` and so on, in an order that tells nothing.

    About 3 of 100 files are PNG, 3 WebP, the rest JPEG of quality 75 to 95. A painting's photo is
    made from the drawing itself, not from its file. About half of the distractors are other art,
    some of it by the same artists, and photos of art that is not in the folder.

    Args:
        folder: An existing folder.
        paintings: Number of studio images.
        visitor_photos: Number of photos, each of another painting, of mixed effects and strengths.
        distractors: Number of images without a match.
        longest_side: Of every image, px; or a range to draw from, both ends included.
        seed: The same seed gives the same bytes, for any number of threads.
        threads: Processes to work in.

    Returns:
        A row for each image, by file name: `image`; `kind`, one of `PAINTING`, `VISITOR`,
        `DISTRACTOR`; `match`, the file of the painting that a visitor photo shows, else empty.

    Raises:
        ValueError: for more visitor photos than paintings, or a negative number.
    """
    import pandas as pd

    if min(paintings, visitor_photos, distractors) < 0 or visitor_photos > paintings:
        raise ValueError(
            f"need 0 <= visitor_photos <= paintings and distractors >= 0, got {paintings} "
            f"paintings, {visitor_photos} visitor photos, {distractors} distractors"
        )
    sides = (longest_side, longest_side) if isinstance(longest_side, int) else longest_side
    collection = _Collection(paintings, visitor_photos, distractors, sides, seed)
    names = _file_names(collection)
    _write_all(folder, collection, names, threads)
    kinds = [PAINTING] * paintings + [VISITOR] * visitor_photos + [DISTRACTOR] * distractors
    matches = np.full(collection.images, "", dtype=object)
    matches[paintings : paintings + visitor_photos] = [names[at] for at in collection.asked()]
    table = pd.DataFrame({"image": names, "kind": kinds, "match": matches.astype(str)})
    return table.sort_values("image", ignore_index=True)


def true_pairs(table: pd.DataFrame) -> pd.DataFrame:
    """Columns `query` and `match`: each visitor photo and its painting, from `write_images`."""
    pairs = table.loc[table["kind"] == VISITOR, ["image", "match"]]
    return pairs.set_axis(["query", "match"], axis=1).reset_index(drop=True)


def _file_names(collection: _Collection) -> list[str]:
    rng = np.random.default_rng([collection.seed, _NAMES])
    numbers = rng.permutation(collection.images) + 1
    digits = max(5, len(str(collection.images)))
    draws = rng.random(collection.images)
    suffixes = [next((s for s, most in _LAST_FORMATS if draw < most), ".jpg") for draw in draws]
    return [
        f"{number:0{digits}d}{suffix}" for number, suffix in zip(numbers, suffixes, strict=True)
    ]


def _write_all(folder: Path, collection: _Collection, names: list[str], threads: int) -> None:
    """Write block after block; in processes, since drawing holds Python's lock."""
    blocks = (
        (folder, collection, first, names[first : first + _BLOCK])
        for first in range(0, len(names), _BLOCK)
    )
    if threads <= 1 or len(names) <= _BLOCK:
        for block in blocks:
            _write_block(*block)
        return
    with _pool(threads) as pool:
        waiting: deque[Future[None]] = deque()
        for block in blocks:
            waiting.append(pool.submit(_write_block, *block))
            if len(waiting) >= _AHEAD * threads:
                waiting.popleft().result()
        for written in waiting:
            written.result()


def _pool(threads: int) -> Executor:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # A fork of a process with threads (BLAS, OpenMP) can hang.
    return ProcessPoolExecutor(threads, mp_context=get_context("spawn"))


def _write_block(folder: Path, collection: _Collection, first: int, names: list[str]) -> None:
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        asked = collection.asked()
        for index, name in enumerate(names, first):
            _write_image(folder / name, _draw(collection, index, asked), collection.seed, index)
    finally:
        cv2.setNumThreads(before)


def _draw(collection: _Collection, index: int, asked: np.ndarray) -> np.ndarray:
    """The image of an index: paintings first, then visitor photos, then distractors."""
    rng = np.random.default_rng([collection.seed, _SIZES, index])
    side = int(rng.integers(*collection.longest_side, endpoint=True))
    if index < collection.paintings:
        return _painting(collection, index, side)
    index -= collection.paintings
    if index < collection.visitor_photos:
        return _photo(collection, int(asked[index]), side, rng)
    return _distractor(collection, index - collection.visitor_photos, side, rng)


def _painting(collection: _Collection, number: int, side: int | None = None) -> np.ndarray:
    if side is None:
        sizes = np.random.default_rng([collection.seed, _SIZES, number])
        side = int(sizes.integers(*collection.longest_side, endpoint=True))
    rng = np.random.default_rng([collection.seed, _ARTISTS, number])
    artist = int(rng.integers(max(collection.paintings // _SERIES, 1)))
    return paint(collection.seed, artist, number, side)


def _photo(
    collection: _Collection, painting: int, side: int, rng: np.random.Generator
) -> np.ndarray:
    strength = int(rng.choice(STRENGTHS))
    return simulate(_painting(collection, painting), "mixed", strength, rng, side)


def _distractor(
    collection: _Collection, number: int, side: int, rng: np.random.Generator
) -> np.ndarray:
    kind = rng.random()
    if kind < _OTHER_ART:
        return _painting(collection, collection.paintings + number, side)
    if kind < _OTHER_ART + _PHOTO_OF_OTHER_ART:
        return _photo(collection, collection.paintings + number, side, rng)
    return draw_distractor(collection.seed, number, side)


def _write_image(path: Path, image: np.ndarray, seed: int, index: int) -> None:
    """Encode and write; the format follows from the name."""
    import cv2

    quality = int(
        np.random.default_rng([seed, _FILES, index]).integers(*_JPEG_QUALITY, endpoint=True)
    )
    settings = {
        ".jpg": [cv2.IMWRITE_JPEG_QUALITY, quality],
        ".webp": [cv2.IMWRITE_WEBP_QUALITY, quality],
        ".png": [cv2.IMWRITE_PNG_COMPRESSION, 1],
    }[path.suffix]
    done, coded = cv2.imencode(path.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)
    if not done:
        raise OSError(f"{path.name} cannot be encoded")
    path.write_bytes(coded.tobytes())

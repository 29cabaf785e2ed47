"""Sample data for Lost in the Museum: a folder of images, as the competition has it.

The images come from `podium.vision.synthetic_collection`; this module adds the faulty files that a
real folder has. The same functions write the larger sets of the benchmark.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from podium.common.sample_files import refuse_among_raw, whole_file, whole_folder
from podium.vision.synthetic_collection import DISTRACTOR, true_pairs, write_images

if TYPE_CHECKING:
    import pandas as pd
    from PIL import Image

IMAGES = "images"
"""The folder of the images, below the raw folder of the challenge."""

_FAULTS = 10  # distinguishes the draws of this module
_KEPT_BYTES = 0.6  # of a truncated file
_EXIF_ORIENTATION = 0x0112
_TURN_RIGHT_TO_SHOW = 6
_PALETTE_COLOURS = 64


@dataclass(frozen=True)
class SampleSize:
    """How many images, and how large.

    Attributes:
        paintings: Studio images, in series of look-alikes.
        visitor_photos: Photos of as many different paintings, of mixed effects, strengths 1 to 3.
        distractors: Images without a match.
        longest_side: Of an image, px; a range to draw from.
        faults: Whether to add five more distractors that are hard to read: a truncated JPEG, a
            CMYK JPEG, a JPEG turned by its EXIF tag, a palette PNG with alpha, and an exact copy
            of another distractor under another name.
    """

    paintings: int
    visitor_photos: int
    distractors: int
    longest_side: tuple[int, int]
    faults: bool = True


#: What a new user gets: written within seconds.
SAMPLE = SampleSize(paintings=64, visitor_photos=22, distractors=29, longest_side=(320, 448))


def write_sample(
    directory: Path,
    seed: int,
    size: SampleSize = SAMPLE,
    *,
    truth_path: Path | None = None,
    threads: int = 1,
) -> None:
    """Generate a folder of images and, apart from it, what shows what.

    Args:
        directory: Where the folder `images` goes; must not exist, or be empty.
        seed: Seed; the same seed gives the same bytes, for any number of threads.
        size: How much data.
        truth_path: Also write the true pairs (`query,match`, file names) to this file, which must
            lie outside `directory`.
        threads: Processes that draw.

    Raises:
        FileExistsError: If the directory already holds files.
        ValueError: If the truth would lie among the raw files, or the numbers do not go together.
    """
    refuse_among_raw(truth_path, directory)
    with whole_folder(directory) as folder:
        images = folder / IMAGES
        images.mkdir()
        table = write_images(
            images,
            size.paintings,
            size.visitor_photos,
            size.distractors + (len(_FAULTY) if size.faults else 0),
            size.longest_side,
            seed,
            threads,
        )
        if size.faults:
            _spoil(images, table, np.random.default_rng([seed, _FAULTS]))
        if truth_path is not None:
            with whole_file(truth_path) as file:
                true_pairs(table).to_csv(file, index=False, lineterminator="\n")


def _spoil(images: Path, table: pd.DataFrame, rng: np.random.Generator) -> None:
    """Make some distractors faulty; one more, which stays as it is, gives the copy."""
    names = table.loc[table["kind"] == DISTRACTOR, "image"]
    jpegs = names[names.str.endswith(".jpg")].to_numpy()
    chosen = rng.choice(jpegs, len(_FAULTY), replace=False)
    intact = next((name for name in jpegs if name not in chosen), table["image"].iloc[0])
    for spoil, name in zip(_FAULTY, chosen, strict=True):
        spoil(images / str(name), images / str(intact))


def _truncate(path: Path, _: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * _KEPT_BYTES)])


def _to_cmyk(path: Path, _: Path) -> None:
    _opened(path).convert("CMYK").save(path, quality=90)


def _turn_by_tag(path: Path, _: Path) -> None:
    from PIL import Image

    image = _opened(path)
    tags = Image.Exif()
    tags[_EXIF_ORIENTATION] = _TURN_RIGHT_TO_SHOW
    image.transpose(Image.Transpose.ROTATE_90).save(path, quality=90, exif=tags)


def _to_palette(path: Path, _: Path) -> None:
    image = _opened(path).quantize(_PALETTE_COLOURS)
    path.unlink()
    image.save(path.with_suffix(".png"), transparency=0)


def _copy_other(path: Path, other: Path) -> None:
    path.unlink()
    shutil.copyfile(other, path.with_suffix(other.suffix))


def _opened(path: Path) -> Image.Image:
    """The image in memory, so that its file can be written anew."""
    from PIL import Image

    with Image.open(path) as image:
        image.load()
        return image.copy()


_FAULTY = (_truncate, _to_cmyk, _turn_by_tag, _to_palette, _copy_other)

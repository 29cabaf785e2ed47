"""One image into its files: checked, then written whole or not at all."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from podium.common.errors import PodiumError
from podium.vision.downloading.failures import Blame, FailedTry
from podium.vision.downloading.manifest import DOWNLOADED, PLACEHOLDER, Record
from podium.vision.downloading.placeholders import EXTENSION, SIDE, placeholder

PART = ".part"
_EXTENSIONS = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "GIF": ".gif",
    "BMP": ".bmp",
    "TIFF": ".tif",
    "AVIF": ".avif",
}
IMAGE_EXTENSIONS = frozenset(_EXTENSIONS.values())
_FIRST_TURN_OF_SIDES = 5
_numbers = itertools.count()


class FolderError(PodiumError):
    """A folder that cannot take the images."""


def save_image(
    folder: Path, url: str, names: Sequence[str], content: bytes, most_pixels: int
) -> Record:
    """Check that the content is an image, whole, and write it under each name.

    Args:
        folder: Where to.
        url: The link that it came from.
        names: File names without extension; that of its format is added.
        content: The file.
        most_pixels: A larger image is refused by its header.

    Raises:
        FailedTry: it is no image, or one that cannot be decoded.
        FolderError: it cannot be written.
    """
    extension, width, height = _checked(content, most_pixels)
    files = write_files(folder, names, extension, content)
    digest = hashlib.sha256(content).hexdigest()
    return Record(url, DOWNLOADED, files, len(content), digest, width, height)


def save_placeholder(folder: Path, url: str, names: Sequence[str], failure: FailedTry) -> Record:
    """Write the gray image under each name.

    Raises:
        FolderError: it cannot be written.
    """
    content = placeholder()
    files = write_files(folder, names, EXTENSION, content)
    digest = hashlib.sha256(content).hexdigest()
    lasting = failure.blame is Blame.LINK
    return Record(url, PLACEHOLDER, files, len(content), digest, SIDE, SIDE, str(failure), lasting)


def write_files(
    folder: Path, names: Sequence[str], extension: str, content: bytes
) -> tuple[str, ...]:
    """Write the same content under each name; all but the first are hard links where possible.

    Returns:
        The names of the files.

    Raises:
        FolderError: one cannot be written.
    """
    files = tuple(name + extension for name in names)
    try:
        for file in files:
            with _part(folder) as part:
                if file == files[0] or not _is_linked(folder / files[0], part):
                    part.write_bytes(content)
                os.replace(part, folder / file)
    except OSError as error:
        place = error.filename or folder
        raise FolderError(f"cannot write {place} ({error.strerror})") from error
    return files


def _checked(content: bytes, most_pixels: int) -> tuple[str, int, int]:
    """Extension, width and height of an image that decodes to its end."""
    from podium.vision.reading import (
        ImageFault,
        check_pixels,
        open_image,
        orientation,
        refuse_bomb,
    )

    try:
        image = open_image(content)
        width, height = image.size
        refuse_bomb(image, most_pixels)
        check_pixels(image, content)
    except ImageFault as fault:
        blame = Blame.TRY if fault.reason == "truncated" else Blame.LINK
        raise FailedTry(f"no usable image: {fault.reason}", blame) from None
    if orientation(image) >= _FIRST_TURN_OF_SIDES:
        width, height = height, width
    return _EXTENSIONS[str(image.format)], width, height


@contextmanager
def _part(folder: Path) -> Iterator[Path]:
    part = folder / f".{os.getpid()}-{next(_numbers)}{PART}"
    try:
        yield part
    finally:
        # After a rename it is gone; but renaming one link of a file to another does nothing.
        with suppress(FileNotFoundError):
            part.unlink()


def _is_linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError:  # no links here, or too many of one file
        return False
    return True

"""A folder of images: which files count, and reading them in order on several threads."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from podium.common.errors import RawDataError
from podium.common.ordered_work import work_ahead
from podium.vision.reading import ImageFault, read_bytes, read_image

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
"""A file counts as an image by its suffix, in any case; what it holds is seen when it is read."""


class Ignored(NamedTuple):
    """An entry of the folder that does not count as an image."""

    name: str
    reason: str


class Signature(NamedTuple):
    """What a cache compares to know a file again.

    Attributes:
        name: File name.
        bytes: Size; 0 where the file cannot be looked at.
        modified_ns: Time of the last change, nanoseconds since 1970; 0 likewise.
    """

    name: str
    bytes: int
    modified_ns: int


@dataclass(frozen=True)
class ImageFolder:
    """The images of a folder, listed once; cheap to copy, pickle and share between threads.

    Attributes:
        root: The folder, absolute.
        names: File names as they stand on disk. In the order of their NFC forms, so that a disk
            that stores accents apart gives the same order.
        ignored: Visible entries that are not images, with the reason.
    """

    root: Path
    names: tuple[str, ...]
    ignored: tuple[Ignored, ...] = ()

    @classmethod
    def open(cls, root: Path) -> ImageFolder:
        """List a folder; no file is opened. Hidden entries are passed over.

        Raises:
            RawDataError: missing, not a folder, not readable, or without any image.
        """
        try:
            with os.scandir(root) as entries:
                seen = sorted(
                    ((entry.name, _why_ignored(entry)) for entry in entries),
                    key=lambda found: (unicodedata.normalize("NFC", found[0]), found[0]),
                )
        except OSError as error:
            problem = f"the folder of images cannot be opened ({error.strerror}): {root}"
            raise RawDataError(problem, file=root.name) from error
        visible = [(name, why) for name, why in seen if not name.startswith(".")]
        names = tuple(name for name, why in visible if why is None)
        if not names:
            problem = f"no image among the {len(visible)} entries of {root}"
            raise RawDataError(f"{problem}; expected {', '.join(SUFFIXES)}", file=root.name)
        ignored = tuple(Ignored(name, why) for name, why in visible if why is not None)
        return cls(root.absolute(), names, ignored)

    def __len__(self) -> int:
        return len(self.names)

    def path(self, index: int) -> Path:
        """Where image `index` lies; it may be a link."""
        return self.root / self.names[index]

    def contents(self, index: int) -> bytes:
        """The bytes of image `index`.

        Raises:
            ImageFault: the file cannot be read, or is a link that leaves the folder.
        """
        return read_bytes(self._target(index))

    def read(self, index: int, longest_side: int | None) -> np.ndarray:
        """Read image `index`, see `podium.vision.reading.read_image`.

        Returns:
            (height, width, 3) uint8.

        Raises:
            ImageFault: it cannot be used.
        """
        return read_image(self.contents(index), longest_side=longest_side)

    def read_many(
        self, indices: Iterable[int], longest_side: int | None, threads: int = 1
    ) -> Iterator[tuple[int, np.ndarray | ImageFault]]:
        """Read images on several threads while the caller works on the former ones.

        Args:
            indices: Which, in the order wanted.
            longest_side: As in `read_image`.
            threads: Images decoded at a time.

        Yields:
            Index, and the image or why there is none, in the order of `indices`. At most
            `2 * threads` images are read ahead.
        """

        def attempt(index: int) -> tuple[int, np.ndarray | ImageFault]:
            try:
                return index, self.read(index, longest_side)
            except ImageFault as fault:
                return index, fault

        return work_ahead(attempt, indices, threads, 2 * threads)

    def signature(self, index: int) -> Signature:
        """What a cache compares; a link that is not followed is looked at itself."""
        try:
            try:
                found = self._target(index).stat()
            except ImageFault:
                found = self.path(index).lstat()
        except OSError:
            return Signature(self.names[index], 0, 0)
        return Signature(self.names[index], found.st_size, found.st_mtime_ns)

    def _target(self, index: int) -> Path:
        """The file to open; a link is followed within the folder only."""
        path = self.path(index)
        if not path.is_symlink():
            return path
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise ImageFault("broken link") from error
        if not target.is_relative_to(self.root.resolve()):
            raise ImageFault("link out of the folder")
        return target


def _why_ignored(entry: os.DirEntry[str]) -> str | None:
    """Why an entry is not an image; None where it is one by its name."""
    if entry.is_dir(follow_symlinks=False):
        return "subfolder"
    if Path(entry.name).suffix.lower() not in SUFFIXES:
        return "other suffix"
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        return "name is not UTF-8"
    if any(unicodedata.category(character) == "Cc" for character in entry.name):
        return "control character in the name"
    return None

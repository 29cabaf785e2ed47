"""The folder of images, and what the manifest knows of it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from podium.vision.downloading.files import IMAGE_EXTENSIONS, PART, FolderError, write_files
from podium.vision.downloading.manifest import PLACEHOLDER, Manifest, Record

MANIFEST = "manifest.jsonl"


class ImageStore:
    """The state of a folder: which link has which files."""

    def __init__(self, folder: Path) -> None:
        """Look at what is in the folder; leftovers of a killed run are removed."""
        self.folder = folder
        self.manifest = Manifest(folder / MANIFEST)
        self._sizes: dict[str, int] = {}
        for entry in os.scandir(folder):
            if entry.name.startswith(".") and entry.name.endswith(PART):
                os.unlink(entry.path)
            elif entry.is_file(follow_symlinks=False) and is_image_name(entry.name):
                self._sizes[entry.name] = entry.stat(follow_symlinks=False).st_size

    def add(self, record: Record) -> None:
        """Note what was written; files of the same name with another extension are removed."""
        self.manifest.add(record)
        self._settle(record.files, record.bytes)

    def kept(self, url: str, names: Sequence[str], retry_failed: str) -> Record | None:
        """The record of a link that need not be asked for again, its files all in place.

        Names without a file get a copy of one that is there.

        Args:
            url: The link in its normal form.
            names: File names without extension.
            retry_failed: See `DownloadRules`.

        Raises:
            FolderError: a copy cannot be written.
        """
        record = self.manifest.get(url)
        if record is None or _is_wanted_again(record, retry_failed):
            return None
        there = {name for name in record.files if self._sizes.get(name) == record.bytes}
        if not there:
            return None
        source = next(name for name in record.files if name in there)
        extension = Path(source).suffix
        files = tuple(name + extension for name in names)
        missing = [name for name in names if name + extension not in there]
        if missing:
            content = (self.folder / source).read_bytes()
            write_files(self.folder, missing, extension, content)
            others = tuple(file for file in record.files if file not in files)
            self.manifest.add(replace(record, files=files + others))
        self._settle(files, record.bytes)
        return replace(record, files=files)

    def _settle(self, files: Sequence[str], size: int) -> None:
        for file in files:
            stem = file.rpartition(".")[0]
            for extension in IMAGE_EXTENSIONS:
                other = stem + extension
                if other != file and self._sizes.pop(other, None) is not None:
                    (self.folder / other).unlink(missing_ok=True)
            self._sizes[file] = size


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Make the folder, and hold it against other downloads meanwhile.

    Raises:
        FolderError: another download is at work in it, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise FolderError(f"{folder} cannot be used as a folder ({error.strerror})") from error
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def is_image_name(name: str) -> bool:
    """Whether a file of this name may be an image of a download."""
    dot = name.rfind(".")
    return dot > 0 and name[dot:] in IMAGE_EXTENSIONS


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FolderError(f"another download is writing into {folder}") from error


def _is_wanted_again(record: Record, retry_failed: str) -> bool:
    if record.status != PLACEHOLDER or retry_failed == "never":
        return False
    return retry_failed == "always" or not record.lasting

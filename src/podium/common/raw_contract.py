"""Which raw files a challenge has, and where each of them lies: plain, compressed, or a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from podium.common.errors import RawDataError


@dataclass(frozen=True)
class RawFile:
    """The contract of one raw file: its name and the columns that must be there.

    A file that is not `required` may be missing; its dataset then loads None.
    """

    name: str
    columns: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True)
class RawFolder:
    """The contract of a raw folder, such as one of images: its name."""

    name: str
    required: bool = True


def find_raw_file(path: Path) -> Path | None:
    """Find a raw file as it is named or compressed with gzip (`.gz`); None if it is not there."""
    for candidate in (path, path.with_name(path.name + ".gz")):
        if candidate.is_file():
            return candidate
    return None


def demand_raw_file(path: Path, spec: RawFile) -> Path | None:
    """The raw file to be read, or None where one that is not required is missing.

    Raises:
        RawDataError: a required file is missing, a folder has its name, or it is there twice,
            plain and compressed: which of the two is meant, nobody knows.
    """
    compressed = path.with_name(f"{path.name}.gz")
    if path.is_file() and compressed.is_file():
        problem = f"the file is there twice, also as {compressed.name}; keep the one that you mean"
        raise RawDataError(problem, file=spec.name)
    found = find_raw_file(path)
    if found is None and (path.is_dir() or compressed.is_dir()):
        raise RawDataError("this is a folder; a file is expected here", file=spec.name)
    if found is None and spec.required:
        raise missing_file(path, spec)
    return found


def missing_file(path: Path, spec: RawFile) -> RawDataError:
    """The error that names a file which has to be there."""
    return RawDataError(f"the file is missing (looked in {path.parent})", file=spec.name)


def holds_files(folder: Path) -> bool:
    """Whether a folder is there and has anything in it that is not hidden."""
    return folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir())


def find_raw(path: Path, spec: RawFile | RawFolder) -> Path | None:
    """Find what a contract describes: a file, see `find_raw_file`, or a folder with files."""
    if isinstance(spec, RawFile):
        return find_raw_file(path)
    return path if holds_files(path) else None

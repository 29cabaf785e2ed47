"""Writing generated raw files: all of them or nothing, and the truth apart from them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp


@contextmanager
def whole_folder(directory: Path) -> Iterator[Path]:
    """A folder to write into that becomes `directory` at the end, or vanishes after an error.

    Raises:
        FileExistsError: If the directory already holds files.
    """
    if directory.exists() and any(directory.iterdir()):
        raise FileExistsError(f"{directory} already holds files")
    directory.parent.mkdir(parents=True, exist_ok=True)
    # A sibling, so that the rename stays within one file system.
    temporary = Path(mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        yield temporary
        temporary.chmod(0o755)
        os.replace(temporary, directory)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file to write that becomes `path` at the end, or vanishes after an error.

    Its folder is made where it is not there. The suffix is that of `path`: writers go by it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def refuse_among_raw(truth_path: Path | None, directory: Path) -> None:
    """Keep a truth away from the raw files, where a model could read it.

    Raises:
        ValueError: If the truth would lie among the raw files.
    """
    if truth_path is None:
        return
    inside = truth_path.resolve().is_relative_to(directory.resolve())
    if inside or "01_raw" in truth_path.resolve().parts:
        raise ValueError(f"the truth must not lie among the raw files: {truth_path}")

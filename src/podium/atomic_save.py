"""Files that are written whole or not at all.

A dataset writes beside its target and renames at the end, so that a run killed in the middle leaves
either the old file or the new one. It can also be declared outdated: then it counts as
missing for ``--only-missing-outputs`` although an older file is there.
"""

from __future__ import annotations

import glob
import os
import shutil
import time
from pathlib import Path, PurePosixPath
from typing import Any

from podium.outdated import OutdatedFiles

_LEFTOVER_SECONDS = 3600


class AtomicSave:
    """Mixin for a local, file-based dataset: save to a sibling, then rename over the target."""

    _filepath: PurePosixPath

    def save(self, data: Any) -> None:
        """Write the data whole or not at all."""
        target = self._filepath
        part = target.with_name(f".{target.stem}.{os.getpid()}.part{target.suffix}")
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        _sweep(Path(target))
        self._filepath = part
        try:
            self._write(data)
            _replace(Path(part), Path(target))
        finally:
            self._filepath = target
            _remove(Path(part))
        OutdatedFiles.paths.discard(str(target))

    def _write(self, data: Any) -> None:
        # Kedro wraps every save; the inner, unwrapped one spares a second log line.
        super().save.__wrapped__(self, data)  # type: ignore[misc]

    def _exists(self) -> bool:
        return str(self._filepath) not in OutdatedFiles.paths and self._exists_on_disk()

    def _exists_on_disk(self) -> bool:
        return bool(super()._exists())  # type: ignore[misc]


def _replace(part: Path, target: Path) -> None:
    if not target.is_dir():
        os.replace(part, target)
        return
    # A folder cannot be replaced, and one that is being removed must not look whole.
    former = part.with_name(f"{part.name}.former")
    os.replace(target, former)
    os.replace(part, target)
    _remove(former)


def _sweep(target: Path) -> None:
    """Remove what killed runs left of earlier attempts to write the target."""
    import psutil

    for part in target.parent.glob(f".{glob.escape(target.stem)}.*.part{target.suffix}*"):
        owner = part.name.removeprefix(f".{target.stem}.").split(".", 1)[0]
        # A process of another machine that shares the folder cannot be seen: its part is young.
        if (
            _age_seconds(part) > _LEFTOVER_SECONDS
            and owner.isdigit()
            and not psutil.pid_exists(int(owner))
        ):
            _remove(part)


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:  # renamed or removed meanwhile
        return 0.0


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)

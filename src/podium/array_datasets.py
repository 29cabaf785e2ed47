"""Kedro datasets of numpy arrays: one, or many that are computed and resumed shard by shard."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from podium.atomic_save import AtomicSave

if TYPE_CHECKING:
    import numpy as np

    from podium.common.shards import Arrays, LazyShards

logger = logging.getLogger(__name__)

_KEY = "fingerprint.txt"
_UNSAFE = re.compile(r"[^\w.-]")


class ArrayDataset(AtomicSave, AbstractDataset["np.ndarray", "np.ndarray"]):
    """One array as a .npy file, mapped into memory when it is read."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Declare the file and kedro-viz's metadata."""
        self._filepath = PurePosixPath(filepath)
        self._version = None
        self.metadata = metadata

    def load(self) -> np.ndarray:
        """The array, read-only, mapped from the disk."""
        import numpy as np

        return np.load(Path(self._filepath), mmap_mode="r", allow_pickle=False)

    def preview(self, nrows: int = 10) -> TablePreview:
        """The first rows, for kedro-viz."""
        return _preview(self.load.__wrapped__(self), nrows)  # type: ignore[attr-defined]

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}

    def _write(self, data: np.ndarray) -> None:
        import numpy as np

        with Path(self._filepath).open("wb") as stream:
            _reserve(stream, data.nbytes)
            np.save(stream, data, allow_pickle=False)

    def _exists_on_disk(self) -> bool:
        return Path(self._filepath).is_file()


class ShardedArraysDataset(
    AtomicSave, AbstractDataset["Mapping[str, LazyShards]", "dict[str, Arrays]"]
):
    """Groups of named arrays in one folder, each group computed shard by shard.

    Saving takes `podium.common.shards.LazyShards` by group. A shard that was finished before a
    run was killed is not computed again, nor is a group that is there with the same fingerprint.
    Loading gives the joined arrays of each group, mapped from the disk and read-only.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Declare the folder and kedro-viz's metadata."""
        self._filepath = PurePosixPath(filepath)
        self._folder = Path(filepath)
        self._version = None
        self.metadata = metadata

    def load(self) -> dict[str, Arrays]:
        """The arrays of each group by their name."""
        import numpy as np

        return {
            group.name: {
                file.stem: np.load(file, mmap_mode="r", allow_pickle=False)
                for file in sorted(group.glob("*.npy"))
            }
            for group in sorted(self._folder.iterdir())
            if group.is_dir()
        }

    def preview(self, nrows: int = 10) -> TablePreview:
        """Groups and arrays with their shapes, for kedro-viz."""
        import pandas as pd

        rows = [
            (group, name, str(array.dtype), " x ".join(map(str, array.shape)))
            for group, arrays in self.load.__wrapped__(self).items()  # type: ignore[attr-defined]
            for name, array in arrays.items()
        ]
        frame = pd.DataFrame(rows[:nrows], columns=["group", "array", "type", "shape"])
        return TablePreview(frame.to_dict(orient="split"))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}

    def _write(self, data: Mapping[str, LazyShards]) -> None:
        part = Path(self._filepath)
        part.mkdir()
        unfinished = self._folder.with_name(f".{self._folder.name}.shards")
        shards, joined = unfinished / "shards", unfinished / "joined"
        for group, work in data.items():
            if _UNSAFE.search(group):
                raise ValueError(f"{group!r} cannot be the name of a group")
            # The former folder, and what a run that was killed had finished.
            places = (self._folder / group, joined / group)
            kept = next((place for place in places if _is_of(place, work.fingerprint)), None)
            if kept is None:
                kept = joined / group
                _join(_computed(work, shards / group), kept)
                (kept / _KEY).write_text(work.fingerprint)
                shutil.rmtree(shards / group)
            else:
                logger.info("%s: %s has not changed and is kept", self._folder.name, group)
            # Links cost nothing.
            shutil.copytree(kept, part / group, copy_function=_link)
        shutil.rmtree(unfinished, ignore_errors=True)

    def _exists_on_disk(self) -> bool:
        return self._folder.is_dir()


def _is_of(group: Path, fingerprint: str) -> bool:
    """Whether a folder is a finished group of this work."""
    key = group / _KEY
    return key.is_file() and key.read_text() == fingerprint


def _computed(work: LazyShards, folder: Path) -> list[Path]:
    """The files of all shards; those that are there with the same fingerprint are kept."""
    from podium.common.progress import track

    if not _is_of(folder, work.fingerprint):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / _KEY).write_text(work.fingerprint)
    files = [folder / f"{number:06d}.npz" for number in range(work.count)]
    left = [number for number, file in enumerate(files) if not file.is_file()]
    if len(left) < work.count:
        done = work.count - len(left)
        logger.info("%s: %d of %d shards are there", work.description, done, work.count)
    for number in track(left, work.description, unit="shards"):
        _save_shard(files[number], work.compute(number))
    return files


def _save_shard(file: Path, arrays: Arrays) -> None:
    import numpy as np

    part = file.with_name(f"{file.stem}.{os.getpid()}.part")
    with part.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)
    part.replace(file)


def _join(files: list[Path], folder: Path) -> None:
    """Write each array of all shards as one file; one shard is in memory at a time."""
    import numpy as np

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with np.load(files[0]) as first:
        kinds = {name: (first[name].dtype, first[name].shape[1:]) for name in first.files}
    lengths = dict.fromkeys(kinds, 0)
    for file in files:
        with np.load(file) as shard:
            for name in kinds:
                lengths[name] += len(shard[name])
    for name, (dtype, shape) in kinds.items():
        whole = _empty_file(folder / f"{name}.npy", dtype, (lengths[name], *shape))
        start = 0
        for file in files:
            with np.load(file) as shard:
                rows = shard[name]
            whole[start : start + len(rows)] = rows
            start += len(rows)


def _empty_file(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray:
    """An array to fill; a mapped file, or where there is nothing to map, none."""
    import numpy as np

    if 0 in shape:
        np.save(path, np.empty(shape, dtype), allow_pickle=False)
        return np.empty(shape, dtype)
    mapped = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    with path.open("r+b") as stream:
        _reserve(stream, path.stat().st_size)
    return mapped


def _reserve(stream: BinaryIO, size: int) -> None:
    """Claim so many bytes of the disk, where the system can.

    On a full disk a mapped file ends the process with a signal, and numpy's writing with an error
    that does not name the reason.
    """
    if size and hasattr(os, "posix_fallocate"):
        os.posix_fallocate(stream.fileno(), 0, size)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)


def _preview(rows: np.ndarray, count: int) -> TablePreview:
    import pandas as pd

    flat = rows[:count].reshape(min(count, len(rows)), -1)[:, :10]
    return TablePreview(pd.DataFrame(flat).astype(str).to_dict(orient="split"))

"""What became of every link: one line of JSON each, written as soon as it is known."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

DOWNLOADED: Literal["downloaded"] = "downloaded"
PLACEHOLDER: Literal["placeholder"] = "placeholder"


@dataclass(frozen=True)
class Record:
    """What became of one link.

    Attributes:
        url: The link in its normal form, or its text where it has none.
        status: Whether its image or a placeholder is there.
        files: Names of the files with it, one per sample or one in all.
        bytes: Size of each file.
        sha256: Of their content, in hex.
        width: Pixels, upright.
        height: Likewise.
        reason: Why there is a placeholder; else empty.
        lasting: True where the failure is not expected to mend.
    """

    url: str
    status: Literal["downloaded", "placeholder"]
    files: tuple[str, ...]
    bytes: int
    sha256: str
    width: int
    height: int
    reason: str = ""
    lasting: bool = False


class Manifest:
    """The records of a folder: a journal while a download runs, one row per link at its end."""

    def __init__(self, path: Path) -> None:
        """Read what earlier runs wrote; a line cut short by a kill is left out."""
        self._path = path
        self._records: dict[str, Record] = {}
        self._owner: dict[str, str] = {}
        for record in _read(path):
            self._keep(record)
        self._stream = path.open("ab")
        # Ends a line that was cut short, so that the next one begins anew.
        if self._stream.tell():
            self._stream.write(b"\n")

    def get(self, url: str) -> Record | None:
        """The record of a link, without files that belong to another link by now."""
        record = self._records.get(url)
        if record is None:
            return None
        files = tuple(name for name in record.files if self._owner.get(name) == url)
        return replace(record, files=files)

    def add(self, record: Record) -> None:
        """Write a record down; it replaces an older one of the same link."""
        self._keep(record)
        self._stream.write(_line(record))
        self._stream.flush()

    def finish(self, first: Iterable[str]) -> None:
        """Rewrite it whole: the links named first in their order, then the rest."""
        order = dict.fromkeys([*first, *self._records])
        part = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        with part.open("wb") as stream:
            for url in order:
                record = self.get(url)
                if record is not None and record.files:
                    stream.write(_line(record))
        os.replace(part, self._path)

    def close(self) -> None:
        """Close the journal; without `finish` it stays as it is."""
        self._stream.close()

    def _keep(self, record: Record) -> None:
        self._records[record.url] = record
        self._owner.update(dict.fromkeys(record.files, record.url))


def _read(path: Path) -> Iterator[Record]:
    if not path.exists():
        return
    with path.open("rb") as stream:
        for line in stream:
            record = _parse(line)
            if record is not None:
                yield record


def _parse(line: bytes) -> Record | None:
    """One record; None for a line that is none, as a kill or another program may leave it."""
    try:
        values: Any = json.loads(line)
        record = Record(**{**values, "files": tuple(values["files"])})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    texts = (record.url, record.status, record.sha256, record.reason, *record.files)
    numbers = (record.bytes, record.width, record.height)
    sound = all(isinstance(each, str) for each in texts)
    sound &= all(isinstance(each, int) for each in numbers)
    return record if sound and record.status in (DOWNLOADED, PLACEHOLDER) else None


def _line(record: Record) -> bytes:
    return json.dumps(vars(record)).encode() + b"\n"

"""Records of a JSON file, one at a time: a list of objects, or one object per line.

The file is read in blocks; `podium.common.json_grammar` finds the records in them.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from podium.common.errors import RawDataError
from podium.common.json_grammar import (
    JsonRecord,
    Layout,
    QuickReader,
    Stretch,
    read_objects,
    shown,
)
from podium.common.raw_contract import RawFile, demand_raw_file
from podium.common.raw_header import BOM, UTF16, refuse_git_pointer
from podium.common.raw_lines import open_bytes
from podium.common.stream_window import StreamWindow


@dataclass(frozen=True)
class RawRecords:
    """A raw JSON file; iterating over it reads the file.

    Attributes:
        path: The file, plain or gzip.
        file: Its name in the contract, for messages and reports.
    """

    path: Path
    file: str

    def __iter__(self) -> Iterator[JsonRecord]:
        """Read the records; see `read_records`."""
        return read_records(self.path, self.file)

    def read(self, quick: QuickReader) -> Iterator[JsonRecord | Stretch]:
        """Read the records as `read_records` does, by a quick reader where it will have them."""
        return _read(self.path, self.file, quick)


def open_raw_json(path: Path, spec: RawFile) -> RawRecords | None:
    """Find a raw JSON file, as it is named or with `.gz` added.

    Returns:
        The file, not yet read; None where a file that is not required is missing.

    Raises:
        RawDataError: a required file is missing, see `demand_raw_file`.
    """
    found = demand_raw_file(path, spec)
    return None if found is None else RawRecords(found, spec.name)


def read_records(path: Path, file: str) -> Iterator[JsonRecord]:
    """Read a list of objects, an object per line, or objects one after the other.

    Plain or gzip, with or without a byte order mark. NaN, Infinity and numbers beyond the range
    of a double are parsed, so that the caller can set their record aside. In a list the end of a
    faulty record is anyone's guess, so a fault of syntax ends the reading; of one object per line
    only the line is lost.

    Args:
        path: The file.
        file: Its name, for messages.

    Yields:
        Every record. Memory: one block and one record of at most `LONGEST_RECORD` bytes.

    Raises:
        RawDataError: empty file, binary data, another encoding, something else than objects, a
            fault of syntax in a list, a file that is cut short, a record that is too long.
    """
    # Without a quick reader there are no stretches.
    return cast("Iterator[JsonRecord]", _read(path, file, None))


def shorten_lists(values: dict[str, Any], most: int = 4) -> dict[str, Any]:
    """A record with the beginning of its long lists as text, for people to look at."""
    return {
        name: f"[{', '.join(map(str, value[:most]))}, ... {len(value)} in all]"
        if isinstance(value, list) and len(value) > most
        else value
        for name, value in values.items()
    }


def _read(path: Path, file: str, quick: QuickReader | None) -> Iterator[JsonRecord | Stretch]:
    try:
        with open_bytes(path) as stream:
            window = StreamWindow(stream)
            layout = _opening(window, file)
            yield from read_objects(window, file, layout, quick)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise RawDataError(f"the gzip archive is damaged ({error})", file=file) from error
    except OSError as error:
        raise RawDataError(f"cannot be read ({error.strerror})", file=file) from error


def _opening(window: StreamWindow, file: str) -> Layout:
    """Tell how records follow each other, and go to the first, behind the bracket of a list."""
    window.more()
    if window.data.startswith(UTF16) or b"\x00" in window.data[:4].strip(b"\x00"):
        raise RawDataError("the text is UTF-16, or binary; save the file as UTF-8", file=file)
    refuse_git_pointer(window.data, file)
    window.at = len(BOM) if window.data.startswith(BOM) else 0
    mark = window.skip_space()
    if not mark:
        raise RawDataError("the file is empty; expected JSON records", file=file)
    if mark not in (b"[", b"{"):
        raise RawDataError(
            f"this is no JSON file of records: it begins with {shown(window)}, expected '[' or "
            "'{'",
            file=file,
        )
    if mark == b"[":
        window.at += 1
        return "list"
    return "lines" if _is_one_per_line(window) else "stream"


def _is_one_per_line(window: StreamWindow) -> bool:
    """Whether the first line is a whole object, so that each line stands for itself."""
    end = window.find(b"\n")
    # Equivalent with <=: before a line's end stands at least the bracket.
    if end < 0:
        return False
    return window.data[window.at : end].rstrip().endswith(b"}")

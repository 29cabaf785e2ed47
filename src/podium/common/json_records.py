"""Records of a JSON file, one at a time: a list of objects, or one object per line.

The file is read in blocks, and only one record is in memory. The end of a record is the next
closing brace at which the text parses. Nothing here knows what the records mean.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from podium.common.errors import RawDataError
from podium.common.raw_files import RawFile, find_raw_file
from podium.common.raw_lines import open_bytes
from podium.common.stream_window import LONGEST_RECORD, StreamWindow

NO_OBJECT = "is no JSON object"
"""The fault of a line that cannot be parsed."""

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|["{}]', re.DOTALL)


class JsonRecord(NamedTuple):
    """One record.

    Attributes:
        row: Its number, from 1.
        content: Its bytes.
        values: The parsed object; empty where there is a fault.
        fault: What is wrong with its shape, or None.
        lenient: True where it took the lenient parser, so that there may be NaN, Infinity and
            numbers beyond the range of a double.
        taken: What the caller's parser made of the content; `values` is then empty.
    """

    row: int
    content: bytes
    values: dict[str, Any]
    fault: str | None = None
    lenient: bool = False
    taken: Any = None


Taker = Callable[[bytes], Any] | None
"""Parses the text of one whole JSON object, or returns None: then it is parsed with care."""


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
        return self.read()

    def read(self, take: Taker = None) -> Iterator[JsonRecord]:
        """Read the records, with a parser that is tried first; see `read_records`."""
        return read_records(self.path, self.file, take)


def open_raw_json(path: Path, spec: RawFile) -> RawRecords | None:
    """Find a raw JSON file, as it is named or with `.gz` added.

    Returns:
        The file, not yet read; None where a file that is not required is missing.

    Raises:
        RawDataError: a required file is missing.
    """
    found = find_raw_file(path)
    if found is not None:
        return RawRecords(found, spec.name)
    if spec.required:
        raise RawDataError(f"the file is missing (looked in {path.parent})", file=spec.name)
    return None


def read_records(path: Path, file: str, take: Taker = None) -> Iterator[JsonRecord]:
    """Read a list of objects, an object per line, or objects one after the other.

    Plain or gzip, with or without a byte order mark. NaN, Infinity and numbers beyond the range
    of a double are parsed, so that the caller can set their record aside. In a list the end of a
    faulty record is anyone's guess, so a fault of syntax ends the reading; of one object per line
    only the line is lost.

    Args:
        path: The file.
        file: Its name, for messages.
        take: A parser that is tried first.

    Yields:
        Every record. Memory: one block and one record of at most `LONGEST_RECORD` bytes.

    Raises:
        RawDataError: empty file, binary data, another encoding, something else than objects, a
            fault of syntax in a list, a file that is cut short, a record that is too long.
    """
    try:
        with open_bytes(path) as stream:
            window = StreamWindow(stream)
            mark = _opening(window, file)
            if mark == b"{" and _is_one_per_line(window):
                yield from _read_lines(window, file, take)
            else:
                yield from _read_objects(window, file, take, listed=mark == b"[")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise RawDataError(f"the gzip archive is damaged ({error})", file=file) from error
    except OSError as error:
        raise RawDataError(f"cannot be read ({error.strerror})", file=file) from error


def shorten_lists(values: dict[str, Any], most: int = 4) -> dict[str, Any]:
    """A record with the beginning of its long lists as text, for people to look at."""
    return {
        name: f"[{', '.join(map(str, value[:most]))}, ... {len(value)} in all]"
        if isinstance(value, list) and len(value) > most
        else value
        for name, value in values.items()
    }


def _opening(window: StreamWindow, file: str) -> bytes:
    """The first character: a bracket or a brace."""
    window.more()
    if window.data.startswith(_UTF16) or b"\x00" in window.data[:4].strip(b"\x00"):
        raise RawDataError("the text is UTF-16, or binary; save the file as UTF-8", file=file)
    window.at = len(_BOM) if window.data.startswith(_BOM) else 0
    mark = window.skip_space()
    if not mark:
        raise RawDataError("the file is empty; expected JSON records", file=file)
    if mark not in (b"[", b"{"):
        raise RawDataError(
            f"this is no JSON file of records: it begins with {_shown(window)}, expected '[' or "
            "'{'",
            file=file,
        )
    return mark


def _is_one_per_line(window: StreamWindow) -> bool:
    """Whether the first line is a whole object, so that each line stands for itself."""
    end = window.find(b"\n")
    line = window.data[window.at : end if end >= 0 else None]
    return end >= 0 and line.rstrip().endswith(b"}")


def _read_lines(window: StreamWindow, file: str, take: Taker) -> Iterator[JsonRecord]:
    row = 0
    while window.skip_space():
        row += 1
        end = window.find(b"\n")
        if end < 0 and not window.ended:
            raise _too_long(file, row)
        content = window.data[window.at : end if end >= 0 else None].rstrip()
        window.at = end if end >= 0 else len(window.data)
        if take is not None and (taken := take(content)) is not None:
            yield JsonRecord(row, content, {}, None, False, taken)
            continue
        try:
            values, lenient = orjson.loads(content), False
        except orjson.JSONDecodeError:
            values, lenient = _parse(content), True
        if isinstance(values, dict):
            yield JsonRecord(row, content, values, lenient=lenient)
        elif end < 0:
            raise _cut_short(file, row)
        else:
            yield JsonRecord(row, content, {}, NO_OBJECT)


def _read_objects(
    window: StreamWindow, file: str, take: Taker, *, listed: bool
) -> Iterator[JsonRecord]:
    window.at += listed
    row = 0
    mark = window.skip_space()
    while mark and not (listed and row == 0 and mark == b"]"):
        row += 1
        if mark != b"{":
            raise RawDataError(
                f"expected an object in braces, found {_shown(window)}", file=file, row=row
            )
        yield _take_object(window, file, row, take)
        mark = window.skip_space()
        if listed and mark == b"]":
            break
        if listed and mark:
            if mark != b",":
                problem = f"expected ',' or ']' behind the object, found {_shown(window)}"
                raise RawDataError(problem, file=file, row=row)
            window.at += 1
            mark = window.skip_space()
    if listed:
        _end_list(window, file, row)
    if row == 0:
        raise RawDataError("the list is empty; expected JSON records", file=file)


def _end_list(window: StreamWindow, file: str, row: int) -> None:
    """Take the closing bracket, behind which nothing may follow."""
    if window.skip_space() != b"]":
        raise _cut_short(file, row + 1)
    window.at += 1
    if window.skip_space():
        raise RawDataError(f"{_shown(window)} follows the end of the list", file=file)


def _take_object(window: StreamWindow, file: str, row: int, take: Taker) -> JsonRecord:
    """The object at the window's position; goes behind it."""
    end = window.find(b"}")
    if end >= 0:
        content = window.data[window.at : end + 1]
        if take is not None and (taken := take(content)) is not None:
            window.at = end + 1
            return JsonRecord(row, content, {}, None, False, taken)
        try:
            values = orjson.loads(content)
        except orjson.JSONDecodeError:
            end = -1
        else:
            window.at = end + 1
            return JsonRecord(row, content, values)
    end = _object_end(window)
    if end < 0:
        raise _cut_short(file, row) if window.ended else _too_long(file, row)
    content = window.data[window.at : end]
    values = _parse(content)
    if values is None:
        raise RawDataError(f"{NO_OBJECT}: {_problem(content)}", file=file, row=row)
    window.at = end
    return JsonRecord(row, content, values, lenient=True)


def _object_end(window: StreamWindow) -> int:
    """Position behind the brace that closes the object, braces within texts left aside; or -1."""
    while True:
        depth = 0
        for token in _TOKEN.finditer(window.data, window.at):
            mark = token.group()
            if mark == b'"':
                break
            depth += (mark == b"{") - (mark == b"}")
            if depth == 0:
                return token.end()
        if not window.grow():
            return -1


def _parse(content: bytes) -> Any:
    """A JSON text with NaN, Infinity and numbers of any size; None where it is none at all."""
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def _problem(content: bytes) -> str:
    """What the parser says about a text that it refused."""
    try:
        orjson.loads(content)
    except orjson.JSONDecodeError as error:
        return str(error)
    return "unknown"


def _cut_short(file: str, row: int) -> RawDataError:
    return RawDataError("the file ends here: it is cut short", file=file, row=row)


def _too_long(file: str, row: int) -> RawDataError:
    return RawDataError(
        f"no end of this record within {LONGEST_RECORD:,} bytes; expected a list of records, or "
        "one record per line",
        file=file,
        row=row,
    )


def _shown(window: StreamWindow) -> str:
    return repr(window.data[window.at : window.at + 30].decode("utf-8", errors="replace"))

"""The grammar of a file of JSON records: a list, an object per line, or one after the other.

Only one record is in memory. The end of a record is the next closing brace at which the text
parses. Nothing here knows what the records mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, Protocol

import orjson

from podium.common.errors import RawDataError
from podium.common.stream_window import LONGEST_RECORD, StreamWindow

NO_OBJECT = "is no JSON object"
"""The fault of a line that cannot be parsed."""

Layout = Literal["list", "lines", "stream"]
"""A list in brackets; an object per line; objects one after the other."""

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


class Stretch(NamedTuple):
    """Records, one after the other, that were read elsewhere.

    Attributes:
        number: How many; at least one.
        end: Position in the file behind the last of them.
        taken: What was made of them.
        row: Number of the first; the reader counts.
    """

    number: int
    end: int
    taken: Any
    row: int = 0


class QuickReader(Protocol):
    """Knows what records should be, and takes those that are so; the rest is read with care."""

    def take(self, content: bytes) -> Any:
        """What is in the text of one whole object, or None where it has to be parsed with care."""

    def ahead(self, position: int, layout: Layout) -> Stretch | None:
        """The records that begin at a position of the file, where somebody has read them."""


def read_objects(
    window: StreamWindow, file: str, layout: Layout, quick: QuickReader | None = None
) -> Iterator[JsonRecord | Stretch]:
    """Read records; see `podium.common.json_records.read_records`.

    While a record is handed out, the window stands behind it.

    Args:
        window: At the first record; in a list, behind the bracket.
        file: Name of the file, for messages.
        layout: How records follow each other.
        quick: Is tried first.
    """
    if layout == "lines":
        return _read_lines(window, file, quick)
    return _read_objects(window, file, quick, listed=layout == "list")


def _read_lines(
    window: StreamWindow, file: str, quick: QuickReader | None
) -> Iterator[JsonRecord | Stretch]:
    row = 0
    while window.skip_space():
        row += 1
        if quick is not None and (known := quick.ahead(window.position, "lines")) is not None:
            window.go_to(known.end)
            yield known._replace(row=row)
            row += known.number - 1
            continue
        end = window.find(b"\n")
        if end < 0 and not window.ended:
            raise _too_long(file, row)
        content = window.data[window.at : end if end >= 0 else None].rstrip()
        window.at = end if end >= 0 else len(window.data)
        if quick is not None and (taken := quick.take(content)) is not None:
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
    window: StreamWindow, file: str, quick: QuickReader | None, *, listed: bool
) -> Iterator[JsonRecord | Stretch]:
    layout: Layout = "list" if listed else "stream"
    row = 0
    mark = window.skip_space()
    while mark and not (listed and row == 0 and mark == b"]"):
        row += 1
        if mark != b"{":
            raise RawDataError(
                f"expected an object in braces, found {shown(window)}", file=file, row=row
            )
        if quick is not None and (known := quick.ahead(window.position, layout)) is not None:
            window.go_to(known.end)
            yield known._replace(row=row)
            row += known.number - 1
        else:
            yield _take_object(window, file, row, quick)
        mark = window.skip_space()
        if listed and mark == b"]":
            break
        if listed and mark:
            if mark != b",":
                problem = f"expected ',' or ']' behind the object, found {shown(window)}"
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
        raise RawDataError(f"{shown(window)} follows the end of the list", file=file)


def _take_object(
    window: StreamWindow, file: str, row: int, quick: QuickReader | None
) -> JsonRecord:
    """The object at the window's position; goes behind it."""
    end = window.find(b"}")
    if end >= 0:
        content = window.data[window.at : end + 1]
        if quick is not None and (taken := quick.take(content)) is not None:
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


def shown(window: StreamWindow) -> str:
    """The beginning of what is in view, for messages."""
    return repr(window.data[window.at : window.at + 30].decode("utf-8", errors="replace"))

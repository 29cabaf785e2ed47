"""Raw CSV bytes to records: what a file is made of, and its records one by one.

A CSV parser that meets a fault in the middle of a file either stops or loses its place. Here a
record is found first and split into fields later: a plain file (no quotes, one kind of line
break, valid UTF-8) can then be read line by line by the database, on all threads; only a file
with quotes or faults goes through the careful reader below, which loses at most the faulty line.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

from podium.common.errors import RawDataError
from podium.common.raw_header import read_header

BLOCK = 512 * 1024
"""Bytes read at once; a line is too long when it fills a whole block."""
SEPARATOR = "\x1f"
"""A character that a plain file does not hold, so that the database reads whole lines."""
RECORDS_SCHEMA = pa.schema([("row", pa.int64()), ("content", pa.string()), ("fault", pa.string())])

_MOST_LINES = 1000
_MOST_CONTENT = 100_000
_BATCH = 50_000
_FIELD = rb'(?:"(?:[^"]|"")*+"|[^",][^,]*+|)'
_WHOLE = re.compile(rb"(?:" + _FIELD + rb",)++")
_OPEN = re.compile(rb"(?:" + _FIELD + rb',)*+"(?:[^"]|"")*+')


@dataclass(frozen=True)
class Scan:
    """What one pass over the bytes of a file tells.

    Attributes:
        header: The first line, without byte order mark and line break.
        lines: Number of physical lines below the header.
        plain: True where every line is a record that the database can read by itself.
        quoted: True where a double quote occurs anywhere.
        compressed: True for gzip.
        ends_whole: True where the last line ends with a line break.
    """

    header: str
    lines: int
    plain: bool
    quoted: bool
    compressed: bool
    ends_whole: bool


@dataclass
class Reading:
    """Counts that the careful reader keeps; complete once it is exhausted."""

    records: int = 0
    not_utf8: int = 0
    not_ascii: int = 0
    first_not_utf8: tuple[int, int] | None = None


def open_bytes(path: Path) -> IO[bytes]:
    """Open a plain or gzip file for reading bytes; gzip is told by its first two bytes."""
    with path.open("rb") as stream:
        compressed = stream.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(path, "rb")) if compressed else path.open("rb")


def scan_file(path: Path) -> Scan:
    """Read a file once and tell what it is made of.

    Args:
        path: An existing file, plain or gzip.

    Returns:
        The header line and what decides how the rest is read. Memory: one block.

    Raises:
        RawDataError: empty file, binary data, UTF-16, an archive that is cut short.
    """
    try:
        with open_bytes(path) as stream:
            return _scan(stream, path.name)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise RawDataError(f"the gzip archive is damaged ({error})", file=path.name) from error
    except OSError as error:
        raise RawDataError(f"cannot be read ({error.strerror})", file=path.name) from error


def _scan(stream: IO[bytes], name: str) -> Scan:
    first = stream.read(BLOCK)
    header = read_header(first, name)
    lines = returns = pairs = 0
    quoted = odd = False
    tail = b""
    pending = b""
    block = first
    while block:
        lines += block.count(b"\n")
        returns += block.count(b"\r")
        pairs += block.count(b"\r\n") + (tail == b"\r" and block[:1] == b"\n")
        quoted = quoted or b'"' in block
        odd = odd or b"\x00" in block or b"\x1f" in block
        odd = odd or (len(block) == BLOCK and b"\n" not in block)
        if not odd:
            odd, pending = _invalid(pending + block)
        tail = block[-1:]
        block = stream.read(BLOCK)
    line_breaks_alike = returns == 0 or returns == pairs == lines
    return Scan(
        header=header,
        lines=lines - 1 + (tail != b"\n"),
        plain=not (odd or quoted or pending) and line_breaks_alike,
        quoted=quoted,
        compressed=isinstance(stream, gzip.GzipFile),
        ends_whole=tail == b"\n",
    )


def _invalid(data: bytes) -> tuple[bool, bytes]:
    """Tell whether bytes are not UTF-8, and the start of a character that the end cuts."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return False, data[error.start :]
        return True, b""
    return False, b""


def read_records(path: Path, reading: Reading) -> Iterator[pa.RecordBatch]:
    r"""Read the records below the header with care, faulty ones included.

    Quoted fields may hold commas, doubled quotes and line breaks. A line whose quotes do not
    match is one faulty record, and reading goes on with the next line; so one stray quote costs
    one row, not the rest of the file.

    Args:
        path: A file that `scan_file` has accepted.
        reading: Counts, filled while reading.

    Yields:
        Batches of `RECORDS_SCHEMA`: `row` (1 is the first below the header), `content` (the
        record, inner line breaks kept, bytes that are not UTF-8 as `\xNN`), `fault` or null.
    """
    rows: list[int] = []
    contents: list[str] = []
    faults: list[str | None] = []
    for record, offset, fault in _records(path):
        reading.records += 1
        content, wrong = _decode(record, offset, reading)
        if len(content) > _MOST_CONTENT:
            wrong = f"the row is {len(content)} characters long"
            content = content[:_MOST_CONTENT] + "…"
        rows.append(reading.records)
        contents.append(content)
        faults.append(wrong or fault)
        if len(rows) == _BATCH:
            yield _batch(rows, contents, faults)
            rows, contents, faults = [], [], []
    yield _batch(rows, contents, faults)


def _batch(rows: list[int], contents: list[str], faults: list[str | None]) -> pa.RecordBatch:
    arrays = [pa.array(rows, pa.int64()), pa.array(contents, pa.string())]
    return pa.RecordBatch.from_arrays(
        [*arrays, pa.array(faults, pa.string())], schema=RECORDS_SCHEMA
    )


def _decode(record: bytes, offset: int, reading: Reading) -> tuple[str, str | None]:
    """The text of a record and what is wrong with its bytes."""
    if record.isascii():
        if b"\x00" in record:
            return record.decode().replace("\x00", "\\x00"), "holds a NUL byte"
        return record.decode(), None
    reading.not_ascii += 1
    try:
        text = record.decode("utf-8")
    except UnicodeDecodeError as error:
        reading.not_utf8 += 1
        if reading.first_not_utf8 is None:
            reading.first_not_utf8 = (reading.records, offset + error.start)
        text = record.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
        return text, "is not UTF-8 text"
    if "\x00" in text:
        return text.replace("\x00", "\\x00"), "holds a NUL byte"
    return text, None


def _records(path: Path) -> Iterator[tuple[bytes, int, str | None]]:
    """Records as bytes with the offset where each begins and a fault of its quotes."""
    lines: list[bytes] = []
    offset = 0
    header = True
    for more, last in _physical_lines(path):
        lines += more
        position = 0
        while position < len(lines):
            count, fault = _extent(lines, position, last) if not header else (1, None)
            if count == 0:
                break
            taken = lines[position : position + count]
            if header:
                header = False
            else:
                yield b"\n".join(line.rstrip(b"\r") for line in taken), offset, fault
            offset += sum(map(len, taken)) + count
            position += count
        lines = lines[position:]


def _physical_lines(path: Path) -> Iterator[tuple[list[bytes], bool]]:
    """Lists of lines without their line feed, and whether the list is the last one."""
    with open_bytes(path) as stream:
        parts: list[bytes] = []
        while block := stream.read(BLOCK):
            if b"\n" not in block:
                parts.append(block)
                continue
            lines = b"".join([*parts, block]).split(b"\n")
            parts = [lines.pop()]
            yield lines, False
        rest = b"".join(parts)
        yield ([rest] if rest else []), True


def _extent(lines: list[bytes], start: int, last: bool) -> tuple[int, str | None]:
    """How many lines the record at `start` takes (0: more lines are needed), and its fault."""
    line = lines[start]
    if b'"' not in line:
        return 1, None
    text = line.rstrip(b"\r")
    if _WHOLE.fullmatch(text + b","):
        return 1, None
    count = 1
    while _OPEN.fullmatch(text) and count < _MOST_LINES:
        more: list[bytes] = []
        while True:
            if start + count + len(more) == len(lines):
                if not last:
                    return 0, None
                return 1, "a quote is never closed"
            more.append(lines[start + count + len(more)].rstrip(b"\r"))
            if b'"' in more[-1] or count + len(more) >= _MOST_LINES:
                break
        text = b"\n".join([text, *more])
        count += len(more)
        if _WHOLE.fullmatch(text + b","):
            return count, None
    return 1, "a quote is never closed, or text follows a closing quote"

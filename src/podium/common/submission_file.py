"""Reading any file as a submission: what cannot be read is a fault with its rows, never a crash."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

EXAMPLES = 5
LONGEST_EXAMPLE = 60
LARGEST_FILE_MB = 1024


@dataclass(frozen=True)
class Fault:
    """A broken rule, how often it is broken, and the first places.

    Attributes:
        rule: What the organiser demands.
        rows: Number of rows (or groups, where whole groups are at fault) that break it.
        examples: The first of them, readable; rows count from 1 below the header.
    """

    rule: str
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class SubmissionTable:
    """A submission as text.

    Attributes:
        frame: One text column per header name; the index is the number of the row in the file,
            from 1 below the header. Rows with another number of fields are left out.
        header: Names as they stand in the file.
        faults: What could not be read.
        readable: False if there is no header to speak of.
    """

    frame: pd.DataFrame
    header: tuple[str, ...]
    faults: tuple[Fault, ...] = ()
    readable: bool = True


def faulty_rows(rule: str, values: pd.Series) -> Fault:
    """A fault with one example per row; `values` is indexed by the number of the row."""
    examples = tuple(f"row {row}: {_short(text)}" for row, text in values.head(EXAMPLES).items())
    return Fault(rule, len(values), examples)


def faulty_places(rule: str, places: Sequence[str]) -> Fault:
    """A fault of whole groups, or of things that are missing."""
    return Fault(rule, len(places), tuple(places[:EXAMPLES]))


def read_submission(path: Path) -> SubmissionTable:
    """Read a file of any content.

    Args:
        path: The file.

    Returns:
        The table; a file that is missing, a folder, too large or without permission is a table
        without rows and with a fault.
    """
    try:
        size_mb = path.stat().st_size / 2**20
        if size_mb > LARGEST_FILE_MB:
            return _unreadable(f"it has {size_mb:,.0f} MB, the limit is {LARGEST_FILE_MB} MB")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        return _unreadable(getattr(error, "strerror", None) or str(error))
    return read_bytes(content)


def read_bytes(content: bytes) -> SubmissionTable:
    """Read the bytes of a file as UTF-8; lines with other bytes are a fault."""
    table = read_text(content.decode("utf-8", errors="replace"))
    if not _decodes(content):
        bad = {row: repr(line[:LONGEST_EXAMPLE]) for row, line in _undecodable(content)}
        fault = Fault(
            "the file must be UTF-8 text",
            len(bad),
            tuple(f"row {row}: {line}" if row else f"header: {line}" for row, line in bad.items())[
                :EXAMPLES
            ],
        )
        table = replace(table, faults=(fault, *table.faults))
    return table


def read_text(text: str) -> SubmissionTable:
    """Read the text of a file, one row per line."""
    lines = _lines(text)
    if not lines or not lines[0].strip():
        return _unreadable("it is empty" if not lines else "its first line is blank")
    faults: list[Fault] = []
    first = lines[0]
    if first.startswith("\ufeff"):
        faults.append(Fault("the file must not begin with a byte order mark", 1, ("header",)))
        first = first.removeprefix("\ufeff")
    header = _fields(first)
    if header is None:
        return _unreadable("the quotes of its header do not close")
    if len(set(header)) < len(header):
        faults.append(Fault("a column name may stand only once", 1, (_short(first),)))
    if len(lines) == 1:
        faults.append(Fault("the file must have rows below its header", 1, ()))
    rows, ragged = _split_rows(lines[1:], len(header))
    faults.append(
        faulty_rows(f"every row must have {len(header)} fields", pd.Series(ragged, dtype="object"))
    )
    columns = list(zip(*rows.values(), strict=True)) if rows else [()] * len(header)
    frame = pd.DataFrame(
        # A name that stands twice keeps its first column.
        {
            name: pd.Series(columns[header.index(name)], index=list(rows), dtype="str")
            for name in dict.fromkeys(header)
        },
        index=pd.Index(list(rows), dtype="int64"),
    )
    return SubmissionTable(frame, tuple(header), tuple(fault for fault in faults if fault.rows))


def _split_rows(
    lines: Sequence[str], width: int
) -> tuple[dict[int, Sequence[str]], dict[int, str]]:
    """Rows of the right width and the lines of the others, both by number from 1."""
    rows: dict[int, Sequence[str]] = {}
    ragged: dict[int, str] = {}
    for number, line in enumerate(lines, 1):
        fields = _fields(line)
        if fields is not None and len(fields) == width:
            rows[number] = fields
        else:
            ragged[number] = line
    return rows, ragged


def _fields(line: str) -> Sequence[str] | None:
    """Fields of one line; None where its quotes do not close."""
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error:
        return None


def _lines(text: str) -> list[str]:
    """Lines ended by LF or CRLF; the blank ones at the end do not count."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _unreadable(reason: str) -> SubmissionTable:
    fault = Fault("the file must be a readable CSV file", 1, (reason,))
    return SubmissionTable(pd.DataFrame(), (), (fault,), readable=False)


def _undecodable(content: bytes) -> Iterator[tuple[int, bytes]]:
    for row, line in enumerate(content.split(b"\n")):
        if not _decodes(line):
            yield row, line


def _decodes(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _short(text: object) -> str:
    """The text in quotes, control characters spelled out, letters of any script as they are."""
    shown = str(text)
    return repr(shown[:LONGEST_EXAMPLE]) + ("..." if len(shown) > LONGEST_EXAMPLE else "")

"""Records of two embeddings to arrays: every row is kept or set aside with a reason."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from podium.common.errors import RawDataError
from podium.common.json_grammar import Stretch
from podium.common.json_records import RawRecords
from podium.common.raw_values import shorten
from podium.fusion.embedding_contract import IMAGE, TEXT, EmbeddingContract
from podium.fusion.embedding_table import EmbeddingTable
from podium.fusion.growing_matrix import GrowingMatrix
from podium.fusion.pairs import EmbeddingPairs
from podium.fusion.quick_records import read_quickly
from podium.fusion.row_block import RowBlock

if TYPE_CHECKING:
    import pandas as pd

RECORD = "record"
"""Stands for the column where a record as a whole is misshapen."""

# What is larger is rounded to infinity, or refused, by float32.
_LARGEST = float(np.finfo(np.float32).max)
_MOST_WRONG = 0.5
_ENOUGH_WRONG = 10_000
_LONGEST_CONTENT = 200


class Record(Protocol):
    """A parsed record, such as `podium.common.json_records.JsonRecord`."""

    @property
    def row(self) -> int:
        """Its number in the file, from 1."""

    @property
    def content(self) -> bytes:
        """Its bytes."""

    @property
    def values(self) -> dict[str, Any]:
        """Its fields."""

    @property
    def fault(self) -> str | None:
        """What is wrong with its shape."""

    @property
    def lenient(self) -> bool:
        """Whether it may hold NaN, Infinity and numbers beyond a double."""


class Fault(NamedTuple):
    """Why a row cannot be used: the field to blame, the reason, what stands there."""

    row: int
    column: str
    reason: str
    found: str
    content: str


@dataclass(frozen=True)
class EmbeddingRows:
    """What a file of embeddings holds.

    Attributes:
        file: Name of the file.
        table: The usable rows in the order of the file: `id` text, `label` int8 where there is
            one, `row` int32 (its number in the file, from 1), and the vectors.
        rows: Number of records read.
        faults: One per row that cannot be used.
        extra_columns: Fields of the first record that the contract does not ask for.
        ends_whole: Always True: a file that is cut short is refused.
    """

    file: str
    table: EmbeddingTable
    rows: int
    faults: tuple[Fault, ...]
    extra_columns: tuple[str, ...] = ()
    ends_whole: bool = True

    def quarantine(self) -> pd.DataFrame:
        """The rows set aside: file, row, reason, content (its beginning)."""
        import pandas as pd

        return pd.DataFrame(
            {
                "file": pd.Series([self.file] * len(self.faults), dtype="str"),
                "row": pd.Series([fault.row for fault in self.faults], dtype="int64"),
                "reason": pd.Series([fault.reason for fault in self.faults], dtype="str"),
                "content": pd.Series([fault.content for fault in self.faults], dtype="str"),
            }
        )


class _Unusable(Exception):
    """A field that cannot be used; carries column, reason and what was found."""


def collect_embeddings(
    records: RawRecords | Iterable[Record],
    file: str,
    contract: EmbeddingContract,
    processes: int = 1,
) -> EmbeddingRows:
    """Judge every record and put the usable ones into arrays.

    A JSON number is the only thing that counts as a number: text, null and booleans do not, and
    a number must be finite as float32.

    Args:
        records: The records of one file; those of a file go the short way.
        file: Its name, for messages.
        contract: What a record must hold.
        processes: From two on, a second one helps to read a large file; the rows are the same.

    Returns:
        The rows and the faults. Memory: the arrays, an eighth of them in reserve, one record; with
        a second process some MiB for each.

    Raises:
        RawDataError: most rows cannot be used; names the field, the first row and its value.
    """
    if isinstance(records, RawRecords):
        with read_quickly(records, contract, processes) as (quick, most_rows):
            return _collect(quick, file, contract, most_rows)
    return _collect(records, file, contract, 0)


def _collect(
    records: Iterable[Record | Stretch], file: str, contract: EmbeddingContract, most_rows: int
) -> EmbeddingRows:
    image, text = (GrowingMatrix(contract.length, most_rows) for _ in range(2))
    readers = _VectorReader(IMAGE, contract.length), _VectorReader(TEXT, contract.length)
    known: list[tuple[str, int, int]] = []
    faults: list[Fault] = []
    extra: tuple[str, ...] = ()
    read = 0
    for record in records:
        if isinstance(record, Stretch):
            block: RowBlock = record.taken
            read += record.number
            known.extend(zip(block.ids, block.labels, range(record.row, read + 1), strict=True))
            image.extend(block.vectors[:, 0])
            text.extend(block.vectors[:, 1])
            continue
        read += 1
        if read == 1:
            extra = tuple(sorted(set(record.values) - set(contract.columns)))
        try:
            name, label, image_row, text_row = _judge(record, contract, readers)
        except _Unusable as unusable:
            faults.append(_fault(record, *unusable.args))
            # A file of garbage need not be read to its end.
            if len(faults) > _ENOUGH_WRONG and len(faults) > _MOST_WRONG * read:
                break
            continue
        known.append((name, label, record.row))
        image.append(image_row)
        text.append(text_row)
    _check_throughout(faults, read, file, contract)
    pairs = EmbeddingPairs(image.finish(), text.finish())
    return EmbeddingRows(
        file, EmbeddingTable(_frame(known, contract), pairs), read, tuple(faults), extra
    )


def _frame(known: list[tuple[str, int, int]], contract: EmbeddingContract) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, pd.Series] = {"id": pd.Series([name for name, _, _ in known], dtype="str")}
    if contract.labelled:
        columns["label"] = pd.Series([label for _, label, _ in known], dtype="int8")
    columns["row"] = pd.Series([row for _, _, row in known], dtype="int32")
    return pd.DataFrame(columns)


def _judge(
    record: Record, contract: EmbeddingContract, readers: tuple[_VectorReader, _VectorReader]
) -> tuple[str, int, np.ndarray, np.ndarray]:
    if record.fault is not None:
        raise _Unusable(RECORD, record.fault, shorten(_text(record.content)))
    values = record.values
    for column in contract.columns:
        if column not in values:
            raise _Unusable(column, f"{column} is missing", f"the keys {list(values)[:8]}")
    name = _identifier(values["id"])
    label = _label(values["label"]) if contract.labelled else -1
    # Field names and hashed ids hold neither u nor s: without them there is no true and no false,
    # which are the only values that packing would take for numbers.
    strict = record.lenient or b"u" in record.content or b"s" in record.content
    image, text = readers
    return name, label, image.read(values[IMAGE], strict), text.read(values[TEXT], strict)


def _identifier(value: Any) -> str:
    if type(value) is int:
        return str(value)
    if isinstance(value, str) and value.strip():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            pass
        else:
            return value
    raise _Unusable("id", "id is neither text nor a whole number", shorten(value))


def _label(value: Any) -> int:
    if type(value) in (int, float) and value in (0, 1):
        return int(value)
    raise _Unusable("label", "label is neither 0 nor 1", shorten(value))


class _VectorReader:
    """Turns the lists of one field into float32 rows, in memory that the next row uses again."""

    def __init__(self, column: str, length: int) -> None:
        self._column, self._length = column, length
        # The standard layout refuses what float32 cannot hold; the native one makes it infinite.
        self._layout = struct.Struct(f"<{length}f")
        self._bytes = bytearray(self._layout.size)
        self._row = np.frombuffer(self._bytes, dtype="<f4")

    def read(self, value: Any, strict: bool) -> np.ndarray:
        """The numbers, valid until the next call; packing refuses text and null by itself."""
        if type(value) is not list:
            raise _Unusable(self._column, f"{self._column} is no list", shorten(value))
        if len(value) != self._length:
            reason = f"{self._column} does not have {self._length} numbers"
            raise _Unusable(self._column, reason, f"{len(value)} numbers")
        if strict:
            self._check(value)
        try:
            self._layout.pack_into(self._bytes, 0, *value)
        except (struct.error, OverflowError):
            self._check(value)
            raise
        return self._row

    def _check(self, value: list[Any]) -> None:
        """Find the first number that is none, or that float32 cannot hold."""
        for number in value:
            if type(number) not in (int, float):
                reason = f"{self._column} holds something else than numbers"
                raise _Unusable(self._column, reason, shorten(number))
            if not abs(number) <= _LARGEST:
                reason = f"{self._column} holds a number that is not finite"
                raise _Unusable(self._column, reason, shorten(number))


def _fault(record: Record, column: str, reason: str, found: str) -> Fault:
    content = _text(record.content)
    if len(content) > _LONGEST_CONTENT:
        content = content[:_LONGEST_CONTENT] + "…"
    return Fault(record.row, column, reason, found, content)


def _text(content: bytes) -> str:
    return content[: 2 * _LONGEST_CONTENT].decode("utf-8", errors="backslashreplace")


def _check_throughout(
    faults: list[Fault], read: int, file: str, contract: EmbeddingContract
) -> None:
    """Refuse a file that is not merely dirty: most of a field wrong, or most of the rows."""
    rows = read
    for column in (RECORD, *contract.columns):
        blamed = [fault for fault in faults if fault.column == column]
        if blamed and len(blamed) > _MOST_WRONG * rows:
            raise refusal(blamed, rows, file)
        # A row is blamed for the first field that is wrong; the next ones were not looked at.
        rows -= len(blamed)
    if faults and len(faults) > _MOST_WRONG * read:
        raise refusal(faults, read, file)


def refusal(faults: list[Fault], rows: int, file: str) -> RawDataError:
    """The error that names the first of the faults."""
    first = min(faults, key=lambda fault: fault.row)
    return RawDataError(
        f"{len(faults)} of {rows} rows cannot be used; the first: {first.reason} "
        f"(found {first.found})",
        file=file,
        column=None if first.column == RECORD else first.column,
        row=first.row,
    )

"""The short way through a file: good records straight to blocks of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson

from podium.common.json_grammar import JsonRecord, Stretch
from podium.fusion.embedding_contract import EmbeddingContract
from podium.fusion.read_ahead import ReadAhead
from podium.fusion.record_parser import RecordParser
from podium.fusion.row_block import make_block
from podium.fusion.stripe_reader import DOUBLE

if TYPE_CHECKING:
    from podium.common.json_records import RawRecords

BLOCK_ROWS = 32
"""Rows that are rounded together: few enough to stay in the cache of a core."""


@contextmanager
def read_quickly(
    raw: RawRecords, contract: EmbeddingContract, processes: int = 1
) -> Iterator[tuple[Iterator[JsonRecord | Stretch], int]]:
    """The records of a file, and how many there may be at most.

    Good records come as stretches of `RowBlock`, the others one by one. The bound holds for good
    records of a plain file; it is lower for a compressed one.

    Args:
        raw: The file.
        contract: What every record must hold.
        processes: From two on, a second one reads ahead where the file is large.
    """
    size, plain = _size(raw.path)
    with ReadAhead(raw.path, size if plain and processes > 1 else 0, contract) as helper:
        # A number and what parts it from the next one take two bytes at least.
        most_rows = size // max(1, 4 * contract.length)
        records = raw.read(_QuickReader(RecordParser(contract), helper))
        yield in_blocks(records, contract), most_rows


class _QuickReader:
    """Takes what the parser is sure of; has rows from the helper."""

    def __init__(self, parser: RecordParser, helper: ReadAhead) -> None:
        self.take = parser.parse
        self.ahead = helper.rows_at


def in_blocks(
    records: Iterable[JsonRecord | Stretch], contract: EmbeddingContract
) -> Iterator[JsonRecord | Stretch]:
    """Gather records that a `RecordParser` took in stretches of `RowBlock`; others pass.

    Where a number of a block is too large for float32, its records are handed out parsed, one by
    one, to be judged with care.

    Args:
        records: In the order of the file.
        contract: What every record must hold.
    """
    half = DOUBLE * contract.length
    memory = memoryview(bytearray(2 * half * BLOCK_ROWS))
    numbers = np.frombuffer(memory)
    taken: list[JsonRecord] = []
    for record in records:
        if isinstance(record, Stretch) or record.taken is None:
            yield from _flush(taken, numbers)
            taken = []
            yield record
            continue
        at = 2 * half * len(taken)
        memory[at : at + half] = record.taken[2]
        memory[at + half : at + 2 * half] = record.taken[3]
        taken.append(record)
        if len(taken) == BLOCK_ROWS:
            yield from _flush(taken, numbers)
            taken = []
    yield from _flush(taken, numbers)


def _flush(taken: list[JsonRecord], numbers: np.ndarray) -> Iterator[JsonRecord | Stretch]:
    """The records whose numbers lie in the memory."""
    if not taken:
        return
    ids = [record.taken[0] for record in taken]
    labels = [record.taken[1] for record in taken]
    block = make_block(ids, labels, numbers[: len(taken) * len(numbers) // BLOCK_ROWS])
    if block is None:
        for record in taken:
            yield JsonRecord(record.row, record.content, orjson.loads(record.content))
    else:
        yield Stretch(len(taken), 0, block, taken[0].row)


def _size(path: Path) -> tuple[int, bool]:
    """Bytes of a file, and whether it is there and not compressed."""
    try:
        with path.open("rb") as stream:
            return path.stat().st_size, stream.read(2) != b"\x1f\x8b"
    except OSError:
        # Reading tells what is wrong.
        return 0, False

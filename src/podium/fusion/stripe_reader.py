"""The process that reads ahead: takes good records from stripes of a file, without numpy.

It is told where the stripes begin, one number per line, and answers with one line for each. The
vectors lie in memory that both processes see, in as many slots as there are stripes under way.
"""

from __future__ import annotations

import mmap
import sys
from dataclasses import asdict, dataclass
from typing import IO, NamedTuple

import orjson

from podium.common.errors import RawDataError
from podium.common.json_grammar import Layout, Stretch, read_objects
from podium.common.stream_window import StreamWindow
from podium.fusion.embedding_contract import EmbeddingContract
from podium.fusion.record_parser import RecordParser

DOUBLE = 8
"""Bytes of a number."""

# Larger blocks would go back to the system after each use, and take as long as the parsing.
_BLOCK = 64 * 1024


@dataclass(frozen=True)
class Order:
    """What the helper is to do.

    Attributes:
        path: The file, not compressed.
        layout: How records follow each other.
        length: Numbers in each embedding.
        labelled: Whether there is a label.
        stripe: Bytes of the file that a stripe has.
        slots: Stripes under way.
        slot_rows: Rows that a slot has room for.
    """

    path: str
    layout: Layout
    length: int
    labelled: bool
    stripe: int
    slots: int
    slot_rows: int

    @property
    def row_bytes(self) -> int:
        """Bytes of a row in the shared memory: the image's doubles, then the text's."""
        return 2 * self.length * DOUBLE

    @property
    def slot_bytes(self) -> int:
        """Bytes of a slot."""
        return self.slot_rows * self.row_bytes

    def to_text(self, memory: int) -> str:
        """For `main`, with the descriptor of the file whose memory both see."""
        return orjson.dumps([asdict(self), memory]).decode()


class StripeRows(NamedTuple):
    """Good records that follow each other from the first one that begins in a stripe.

    Attributes:
        begin: Position of the first in the file.
        end: Position behind the last.
        ids: One each.
        labels: 0, 1, or -1 where there are none.
    """

    begin: int
    end: int
    ids: list[str]
    labels: list[int]


class StripeParser:
    """Takes records without judging the size of their numbers."""

    def __init__(self, contract: EmbeddingContract) -> None:
        """Prepare for what every record must hold."""
        self.take = RecordParser(contract).parse

    def ahead(self, position: int, layout: Layout) -> Stretch | None:
        """Nobody reads ahead of the one who does."""
        return None


def read_stripe(
    stream: IO[bytes], begin: int, order: Order, reader: StripeParser, slot: memoryview
) -> StripeRows:
    """Take good records from the first brace on, up to the stripe's end or the first in doubt.

    That the brace begins a record is a guess: who takes the rows has to know that it does.

    Args:
        stream: The file.
        begin: Where the stripe begins.
        order: What to do.
        reader: Parses records.
        slot: Memory for the vectors, of `order.slot_bytes` bytes.
    """
    window = StreamWindow(stream, begin, _BLOCK)
    first = window.find(b"{")
    rows = StripeRows(window.begin + first, 0, [], [])
    if first < 0:
        return rows
    window.at = first
    end, at, half = rows.begin, 0, order.row_bytes // 2
    try:
        for record in read_objects(window, order.path, order.layout, reader):
            if record.taken is None or at == order.slot_bytes:
                break
            name, label, image, text = record.taken
            slot[at : at + half] = image
            slot[at + half : at + 2 * half] = text
            rows.ids.append(name)
            rows.labels.append(label)
            at += 2 * half
            end = window.position
            if end >= begin + order.stripe:
                break
    except RawDataError:
        # Who reads with care will come to it.
        pass
    return rows._replace(end=end)


def main(text: str) -> None:
    """Read stripes until nobody asks any more.

    Args:
        text: By `Order.to_text`.
    """
    fields, shared = orjson.loads(text)
    order = Order(**fields)
    reader = StripeParser(EmbeddingContract(order.length, order.labelled))
    memory = memoryview(mmap.mmap(shared, order.slots * order.slot_bytes))
    with open(order.path, "rb") as stream:
        for turn, line in enumerate(sys.stdin.buffer):
            at = turn % order.slots * order.slot_bytes
            slot = memory[at : at + order.slot_bytes]
            rows = read_stripe(stream, int(line), order, reader, slot)
            sys.stdout.buffer.write(orjson.dumps(tuple(rows)) + b"\n")
            sys.stdout.buffer.flush()

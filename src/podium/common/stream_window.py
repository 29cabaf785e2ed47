"""The part of a stream in view, for readers that look for the end of a record."""

from __future__ import annotations

import re
from typing import IO

BLOCK = 512 * 1024
"""Bytes read at once."""
LONGEST_RECORD = 2 * 1024 * 1024
"""Bytes; a file without an end of record in sight is garbage, and must not fill the memory."""

_NOT_SPACE = re.compile(rb"[^ \t\r\n]")


class StreamWindow:
    """`data` from position `at` is in view; what lies before may go.

    Attributes:
        begin: Position in the stream of the first byte of `data`.
        data: Bytes of the stream.
        at: Where the reader is in `data`; its own to move on.
        ended: True once the stream has no more.
    """

    def __init__(self, stream: IO[bytes], begin: int = 0, block: int | None = None) -> None:
        """Begin with nothing in view.

        Args:
            stream: What is read.
            begin: Where in the stream; 0 if it cannot be sought.
            block: Bytes read at once; `BLOCK` where nothing is said.
        """
        self._stream = stream
        self._block = block or BLOCK
        if begin:
            stream.seek(begin)
        self.begin = begin
        self.data = b""
        self.at = 0
        self.ended = False

    @property
    def position(self) -> int:
        """Where the reader is in the stream."""
        return self.begin + self.at

    def go_to(self, position: int) -> None:
        """Go to a later position of a stream that can be sought."""
        if position <= self.begin + len(self.data):
            self.at = position - self.begin
        else:
            self._stream.seek(position)
            self.begin, self.data, self.at = position, b"", 0

    def more(self) -> bool:
        """Read a block; False at the end of the stream."""
        block = self._stream.read(self._block)
        self.begin += self.at
        self.data = self.data[self.at :] + block
        self.at = 0
        self.ended = not block
        return not self.ended

    def grow(self) -> bool:
        """Read a block unless the record in view is too long already."""
        return len(self.data) - self.at <= LONGEST_RECORD and self.more()

    def find(self, mark: bytes) -> int:
        """Position of the next mark; -1 where the stream ends or the record gets too long."""
        begin = self.at
        while (found := self.data.find(mark, begin)) < 0:
            begin = len(self.data) - self.at
            if not self.grow():
                return -1
        return found

    def skip_space(self) -> bytes:
        """Go to the next character that is no space and return it; empty at the end."""
        mark = self.data[self.at : self.at + 1]
        if mark > b" ":
            return mark
        while (found := _NOT_SPACE.search(self.data, self.at)) is None:
            self.at = len(self.data)
            if not self.more():
                return b""
        self.at = found.start()
        return found.group()

"""The part of a stream in view, for readers that look for the end of a record."""

from __future__ import annotations

import re
from typing import IO

from podium.common.raw_lines import BLOCK

LONGEST_RECORD = 2 * 1024 * 1024
"""Bytes; a file without an end of record in sight is garbage, and must not fill the memory."""

_NOT_SPACE = re.compile(rb"[^ \t\r\n]")


class StreamWindow:
    """`data` from position `at` is in view; what lies before may go.

    Attributes:
        data: Bytes of the stream.
        at: Where the reader is in `data`; its own to move on.
        ended: True once the stream has no more.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        """Begin with nothing in view."""
        self._stream = stream
        self.data = b""
        self.at = 0
        self.ended = False

    def more(self) -> bool:
        """Read a block; False at the end of the stream."""
        block = self._stream.read(BLOCK)
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

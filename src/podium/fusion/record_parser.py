"""The short way for records that are plainly good: from their text to their numbers.

simdjson (Langdale and Lemire, "Parsing gigabytes of JSON per second", 2019; the package
pysimdjson) hands out a list of numbers as doubles, without a Python object for each. It tells
little of what is wrong with a record, and it flattens lists within lists, so that only what is
beyond doubt is taken here; the rest is parsed and judged by `embedding_records`.

Without numpy, whose import takes longer than a process that reads ahead may take to start.
"""

from __future__ import annotations

from typing import Any

from simdjson import Array, Object, Parser

from podium.fusion.embedding_contract import IMAGE, TEXT, EmbeddingContract

ParsedRow = tuple[str, int, Any, Any]
"""What a good record holds: id, label (-1 where there is none), image and text. These are buffers
of doubles, any of which may be beyond float32."""


class RecordParser:
    """Parses records of one contract."""

    def __init__(self, contract: EmbeddingContract) -> None:
        """Prepare for what every record must hold."""
        self._length = contract.length
        self._labelled = contract.labelled
        self._fields = len(contract.columns)
        self._parser = Parser()

    def parse(self, content: bytes) -> ParsedRow | None:
        """The row of a record, or None where there is any doubt about it.

        Args:
            content: What may be the text of one JSON object.
        """
        # Where there are two brackets, they are those of the vectors: no list within a list.
        # (To count them takes a fifth as long as to parse; to find them, nothing.)
        second = content.find(b"[", content.find(b"[") + 1)
        # A byte order mark in front of a record would pass the parser.
        if second != content.rfind(b"[") or not content.startswith(b"{"):
            return None
        try:
            return self._row(self._parser.parse(content))
        except (ValueError, TypeError, KeyError, RuntimeError):
            # Each stands for a fault of the text, RuntimeError for an integer beyond 64 bits.
            return None

    def _row(self, document: object) -> ParsedRow | None:
        # As many fields as there are columns, and each column found: none stands twice.
        if type(document) is not Object or len(document) != self._fields:
            return None
        name = document["id"]
        if type(name) is int:
            name = str(name)
        elif type(name) is not str or not name.strip():
            return None
        label = document["label"] if self._labelled else -1
        if not isinstance(label, (int, float)) or type(label) is bool:
            return None
        if self._labelled and label not in (0, 1):
            return None
        image, text = self._vector(document[IMAGE]), self._vector(document[TEXT])
        return None if image is None or text is None else (name, int(label), image, text)

    def _vector(self, value: Any) -> Any:
        if type(value) is not Array or len(value) != self._length:
            return None
        # A copy, which outlives the document.
        return value.as_buffer(of_type="d")

"""A second process reads ahead in a large file, so that two cores share the work.

The file is divided into stripes, every other of which is the helper's. Where a record begins in a
stripe is a guess of its: the first brace. Who reads the file from its beginning knows, and takes
the helper's rows only if they begin where it stands itself; otherwise, and behind a row that is in
doubt, it reads on by itself. So what is read does not depend on the helper, nor on there being one.
"""

from __future__ import annotations

import logging
from pathlib import Path
from types import TracebackType

from podium.common.json_grammar import Layout, Stretch
from podium.fusion.embedding_contract import EmbeddingContract
from podium.fusion.helper_process import HelperProcess
from podium.fusion.row_block import make_block
from podium.fusion.stripe_reader import DOUBLE, Order

logger = logging.getLogger(__name__)

STRIPE = 256 * 1024
"""Bytes of a stripe."""
SLOTS = 16
"""Stripes of the helper under way."""
HEAD_START = 20 * 1024 * 1024
"""Bytes that are read here while the helper starts."""

_NEVER = 1 << 62


class ReadAhead:
    """Hands out the rows that the helper has read, in the order of the file."""

    def __init__(self, path: Path, size: int, contract: EmbeddingContract) -> None:
        """Prepare; the helper starts with the first question, unless the file is small.

        Args:
            path: The file; not compressed.
            size: Bytes of the file.
            contract: What every record must hold.
        """
        self._path, self._contract = path, contract
        self._helper: HelperProcess | None = None
        # Where the next stripe of the helper begins.
        self._next = 0 if size >= 2 * HEAD_START else _NEVER

    def __enter__(self) -> ReadAhead:
        """Nothing runs yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the helper."""
        if self._helper is not None:
            self._helper.end()

    def rows_at(self, position: int, layout: Layout) -> Stretch | None:
        """The rows that begin at a position, as a `RowBlock`, if the helper has them.

        Args:
            position: Where a record begins; not before that of the last call.
            layout: How records follow each other in the file.
        """
        while position >= self._next:
            try:
                if self._helper is None:
                    self._start(layout)
                    continue
                found = self._next_stretch(self._helper, position)
            except (OSError, ValueError) as error:
                logger.warning("one process alone reads %s (%s)", self._path.name, error)
                self._next = _NEVER
                return None
            if found is not None:
                return found
        return None

    def _start(self, layout: Layout) -> None:
        contract = self._contract
        # Numbers of four characters, their commas included, fill a slot.
        rows = max(1, 2 * STRIPE // (2 * contract.length * DOUBLE))
        order = Order(
            str(self._path), layout, contract.length, contract.labelled, STRIPE, SLOTS, rows
        )
        self._next = HEAD_START
        self._helper = HelperProcess(order)
        for turn in range(SLOTS):
            self._helper.ask(HEAD_START + 2 * turn * STRIPE)

    def _next_stretch(self, helper: HelperProcess, position: int) -> Stretch | None:
        """The rows of the next stripe, if they begin at the position and are all good."""
        if self._next > HEAD_START:
            # The slot of the answer before is free now.
            helper.ask(self._next + 2 * (SLOTS - 1) * STRIPE)
        rows, numbers = helper.answer()
        self._next += 2 * STRIPE
        if rows.begin != position or not rows.ids:
            return None
        block = make_block(rows.ids, rows.labels, numbers)
        return None if block is None else Stretch(len(rows.ids), rows.end, block)

"""A process that reads stripes of a file on demand, seen from the one that asks."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import tempfile
from typing import IO, cast

import numpy as np
import orjson

from podium.fusion.stripe_reader import DOUBLE, Order, StripeRows

_COMMAND = "import sys; from podium.fusion.stripe_reader import main; main(sys.argv[1])"


class HelperProcess:
    """Asks for stripes and takes the answers, in the same order."""

    def __init__(self, order: Order) -> None:
        """Start it.

        Args:
            order: What to read, and how.

        Raises:
            OSError: it cannot be started.
            ValueError: the system does not hand descriptors to other processes.
        """
        self._order = order
        self._answered = 0
        size = order.slots * order.slot_bytes
        with tempfile.TemporaryFile() as file:
            file.truncate(size)
            self._memory = mmap.mmap(file.fileno(), size)
            # It imports what can be imported here, and nothing from the working directory.
            paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _COMMAND, order.to_text(file.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=[file.fileno()],
                env={**os.environ, "PYTHONPATH": paths},
            )
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)

    def ask(self, begin: int) -> None:
        """Ask for the stripe that begins at a position.

        Raises:
            OSError: the process has ended.
        """
        self._requests.write(b"%d\n" % begin)
        self._requests.flush()

    def answer(self) -> tuple[StripeRows, np.ndarray]:
        """Wait for the next answer.

        Returns:
            The rows and their numbers, float64, one row behind the other: a view of the slot.

        Raises:
            OSError: the process has ended.
        """
        line = self._answers.readline()
        if not line.endswith(b"\n"):
            raise OSError("the helper has ended")
        rows = StripeRows(*orjson.loads(line))
        start = self._answered % self._order.slots * self._order.slot_bytes
        count = len(rows.ids) * self._order.row_bytes // DOUBLE
        self._answered += 1
        return rows, np.frombuffer(self._memory, dtype=np.float64, count=count, offset=start)

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._answers.close()
        try:
            self._requests.close()
        except OSError:
            # A request was on its way.
            pass

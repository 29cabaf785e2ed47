"""Time and memory that a piece of work takes."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

_INTERVAL_SECONDS = 0.05
_MEGABYTE = 1 << 20


class Measure:
    """Context manager: wall seconds, and the peak resident memory of the process meanwhile.

    The peak is sampled every 50 ms and is that of the whole process, what it held before included.
    """

    seconds: float = 0.0
    peak_memory_mb: float = 0.0

    def __enter__(self) -> Self:
        """Start the clock and the sampler."""
        import psutil

        self._process = psutil.Process()
        self._done = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._began = time.perf_counter()
        self._sampler.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop both."""
        self.seconds = time.perf_counter() - self._began
        self._done.set()
        self._sampler.join()
        self._look()  # once more, for work shorter than the interval

    def _sample(self) -> None:
        self._look()
        while not self._done.wait(_INTERVAL_SECONDS):
            self._look()

    def _look(self) -> None:
        resident = self._process.memory_info().rss / _MEGABYTE
        self.peak_memory_mb = max(self.peak_memory_mb, resident)

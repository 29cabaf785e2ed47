"""Numerical work on one thread, so that its sums do not depend on the number of threads."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS, OpenMP and (where it is loaded) torch to one thread meanwhile.

    A sum split over threads is added up in another order, and floating-point sums depend on it.
    """
    # It brings a BLAS of its own, and only what is loaded can be held.
    import scipy.linalg  # noqa: F401

    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 0
    with _libraries(len(sys.modules)).limit(limits=1):
        if torch:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)


@lru_cache(maxsize=1)
def _libraries(modules: int) -> ThreadpoolController:
    """The libraries that are loaded: sought anew only where a module was imported since.

    To find them takes milliseconds, as long as a small fit.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()

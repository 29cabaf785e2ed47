"""Long work cut into shards, each computed when it is asked for and kept where it was stored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class LazyShards:
    """Arrays that come in shards, to be joined along their first axis.

    Attributes:
        fingerprint: Changes whenever the same shard would come out otherwise: a stored shard with
            the same fingerprint is the same.
        count: Number of shards, at least 1.
        compute: Gives the named arrays of a shard, the same names for all; depends on the number
            of the shard alone.
        description: What is computed, for progress.
    """

    fingerprint: str
    count: int
    compute: Callable[[int], Arrays]
    description: str = "Shards"

    def all(self) -> dict[str, NDArray[Any]]:
        """Everything in memory."""
        parts = [self.compute(number) for number in range(self.count)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def fingerprint_of(*facts: NDArray[Any] | str) -> str:
    """A key of arrays and texts in their order, in hex, for `LazyShards.fingerprint`."""
    key = hashlib.sha256()
    for fact in facts:
        key.update(fact.encode() if isinstance(fact, str) else fact.tobytes())
    return key.hexdigest()


def shard_ranges(count: int, size: int) -> list[range]:
    """Cut `count` items into ranges of `size`; the last may be shorter, and there is at least one.

    Raises:
        ValueError: if size is below 1.
    """
    ranges = [range(start, min(start + size, count)) for start in range(0, count, size)]
    return ranges or [range(0)]

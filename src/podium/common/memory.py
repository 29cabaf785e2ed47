"""Memory that is free but not given back."""

from __future__ import annotations


def release_freed_memory() -> None:
    """Hand what Arrow has freed back to the system.

    Its allocator keeps the pages of every table it ever read: gigabytes, beside what is in use.
    """
    import pyarrow as pa

    pa.default_memory_pool().release_unused()

"""Files that an interrupted run meant to replace."""

from __future__ import annotations

from typing import ClassVar


class OutdatedFiles:
    """Paths that count as missing for ``--only-missing-outputs`` although a file is there."""

    paths: ClassVar[set[str]] = set()

"""Where a run comes from: its data's fingerprint, the commit, the lock file."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

_BLOCK = 1 << 22


def fingerprint(files: Iterable[Path]) -> str:
    """First 16 hex digits of the SHA-256 over the names and bytes of the files, by name.

    Of a folder the names and sizes of its files count: reading thousands of images takes minutes.
    """
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda file: file.name):
        digest.update(os.fsencode(path.name))
        if path.is_dir():
            for inner in sorted(path.iterdir()):
                if not (inner.name.startswith(".") or inner.is_dir()):
                    digest.update(os.fsencode(f"{inner.name}/{inner.lstat().st_size}/"))
            continue
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()[:16]


def git_commit(project: Path) -> str:
    """The commit checked out, ``+changes`` where files differ from it; ``unknown`` without git."""
    try:
        commit = _git(project, "rev-parse", "HEAD")
        changed = _git(project, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return f"{commit}+changes" if changed else commit


def lock_hash(project: Path) -> str:
    """First 16 hex digits of the SHA-256 of requirements.lock; ``none`` where it is missing."""
    lock = project / "requirements.lock"
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:16] if lock.is_file() else "none"


def _git(project: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(project), *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    return done.stdout.strip()

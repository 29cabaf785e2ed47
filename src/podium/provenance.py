"""Where a run comes from: its data's fingerprint, the commit, the lock file, the machine."""

from __future__ import annotations

import hashlib
import os
import platform
import stat
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from podium.common.ordered_work import work_ahead

_BLOCK = 1 << 22
# More than most machines have cores: some wait for the disk while others compute.
_THREADS = 8
_AHEAD = 256
# In the place of a SHA-256.
_UNREADABLE = b"unreadable".ljust(hashlib.sha256().digest_size)
# What a run is made of; new files elsewhere, such as notebooks and data, do not change its code.
_CODE = ("src", "conf")
# What else moves a run; notebooks, documents and tests do not.
_PROJECT = ("pyproject.toml", "requirements.lock")


def fingerprint(files: Iterable[Path]) -> str:
    """First 16 hex digits of the SHA-256 over the names and bytes of the files, by name.

    Of a folder the name and the SHA-256 of the bytes of each file in it count, but not hidden
    files and subfolders. A file in it that cannot be read counts with its name and as unreadable.

    Args:
        files: Files and folders.

    Raises:
        OSError: where one of the files, or one of the folders, cannot be read.
    """
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda file: file.name):
        digest.update(os.fsencode(path.name))
        if path.is_dir():
            inside = sorted(
                inner
                for inner in path.iterdir()
                if not (inner.name.startswith(".") or inner.is_dir())
            )
            contents = work_ahead(_content, inside, _THREADS, _AHEAD)
            for inner, content in zip(inside, contents, strict=True):
                # No name holds a slash, and each content has the same length.
                digest.update(os.fsencode(f"{inner.name}/") + content)
            continue
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()[:16]


def git_commit(project: Path) -> str:
    """The commit checked out, ``+changes`` where the code differs from it.

    It differs where a file of ``src`` or ``conf``, pyproject.toml or the lock has changed, and
    where ``src`` or ``conf`` has one that Git neither knows nor ignores. ``unknown`` without Git.
    """
    try:
        commit = _git(project, "rev-parse", "HEAD")
        known = ("status", "--porcelain", "--untracked-files=no")
        changed = _git(project, *known, "--", *_CODE, *_PROJECT)
        added = _git(project, "ls-files", "--others", "--exclude-standard", "--", *_CODE)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return f"{commit}+changes" if changed or added else commit


def lock_hash(project: Path) -> str:
    """First 16 hex digits of the SHA-256 of requirements.lock; ``none`` where it is missing."""
    lock = project / "requirements.lock"
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:16] if lock.is_file() else "none"


def machine() -> str:
    """What numeric libraries choose their instructions by: processor, Python, GPU if torch uses it.

    Such as ``x86_64 AVX512_SPR, Python 3.11``: of the instruction sets that numpy knows, the last
    one which the processor has.
    """
    import numpy as np

    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    words = [" ".join([platform.machine(), *found[-1:]])]
    words.append(f"Python {sys.version_info[0]}.{sys.version_info[1]}")
    # Not loaded for this: a run without networks has no use for it.
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        words.append(torch.cuda.get_device_name())
    return ", ".join(words)


def _content(path: Path) -> bytes:
    """SHA-256 of a file's bytes, or the mark of one that cannot be read."""
    try:
        # A pipe would never end, and so would some devices.
        if stat.S_ISREG(path.stat().st_mode):
            with path.open("rb", buffering=0) as stream:
                return hashlib.file_digest(stream, "sha256").digest()
    except OSError:
        pass
    return _UNREADABLE


def _git(project: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(project), *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    return done.stdout.strip()

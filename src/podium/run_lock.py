"""One run of a challenge at a time in one data tree: two would mix their files."""

from __future__ import annotations

import getpass
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from podium.challenges import TUNING, challenges_in
from podium.common.errors import PodiumError
from podium.data_tree import data_tree


class RunLockHooks:
    """Holds a lock per challenge while its pipeline runs; another run is refused at once.

    It holds among the runs of one user on one machine; the operating system frees that of a run
    which is killed. Tuning, which reads what stages have stored and writes files of its own, has
    another lock.
    """

    _context: KedroContext
    _held: list[Any]

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the context for its parameters."""
        self._context = context
        self._held = []

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline) -> None:
        """Take the locks, before anything is written.

        Raises:
            PodiumError: where another process runs the same challenge in the same tree.
        """
        self._release()
        parameters = self._context._runtime_params or {}
        choice = (parameters.get("data_root"), parameters.get("data"))
        for challenge in challenges_in(pipeline):
            tree = data_tree(self._context.project_path, challenge, *choice)
            names = {node.name.split(".")[1] for node in pipeline.nodes
                     if node.name.startswith(f"{challenge}.")}  # fmt: skip
            self._take(tree, challenge, f"{challenge}.{TUNING}" if names == {TUNING} else challenge)

    @hook_impl(trylast=True)
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Let go."""
        self._release()

    @hook_impl(trylast=True)
    def on_pipeline_error(self, error: Exception) -> None:
        """Let go."""
        self._release()

    def _take(self, tree: Path, challenge: str, name: str) -> None:
        from filelock import FileLock, Timeout

        # One object per file in this process: what a failed start left is taken over.
        lock = FileLock(lock_file(tree, name), is_singleton=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            self._release()
            raise PodiumError(
                f"another run of {challenge} is at work in {tree}: let it end, or give this one a "
                "folder of its own with --params data_root=FOLDER"
            ) from None
        self._held.append(lock)

    def _release(self) -> None:
        while self._held:
            self._held.pop().release(force=True)


def lock_file(tree: Path, name: str) -> Path:
    """Where the lock lies: not in the tree, in which a run that is refused leaves no trace.

    Args:
        tree: The data tree.
        name: Of the challenge, or of its tuning.
    """
    digest = hashlib.sha256(f"{tree.resolve()}/{name}".encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"podium-{getpass.getuser()}-{digest}.lock"


@contextmanager
def one_at_a_time(folder: Path, name: str) -> Iterator[None]:
    """Wait while another process of this user does the same in the same folder.

    Args:
        folder: Where it is done.
        name: Of what is done.
    """
    from filelock import FileLock

    with FileLock(lock_file(folder, name), is_singleton=True):
        yield

"""One run of a challenge at a time in one data tree: two would mix their files."""

from __future__ import annotations

import getpass
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from podium.challenges import TUNING, challenges_in
from podium.common.errors import PodiumError
from podium.data_tree import data_tree

if TYPE_CHECKING:
    from filelock import BaseFileLock

FOLDER = Path(".podium") / "locks"


class RunLockHooks:
    """Holds a lock per challenge while its pipeline runs; another run is refused at once.

    It holds among all runs of this project on one machine, and among those that one user starts in
    several copies of it. The operating system frees the lock of a run which is killed. Tuning,
    which reads what stages have stored and writes files of its own, has another lock.
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
        from filelock import Timeout

        for lock in _locks(Path(self._context.project_path), tree, name):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                self._release()
                raise PodiumError(
                    f"another run of {challenge} is at work in {tree}: let it end, or give this "
                    "one a folder of its own with --params data_root=FOLDER"
                ) from None
            self._held.append(lock)

    def _release(self) -> None:
        while self._held:
            self._held.pop().release(force=True)


def lock_files(project: Path, place: Path, name: str) -> list[Path]:
    """Where the locks lie: not in the place itself, in which a refused run leaves no trace.

    One is in the project, where all meet who run it; it is missing where that cannot be written.
    One is in the folder for temporary files, where a user's other copies of the project meet.

    Args:
        project: Root of the project.
        place: What is locked: a data tree, or a folder.
        name: Of the challenge or its tuning, or of what is done in the folder.
    """
    digest = hashlib.sha256(f"{place.resolve()}/{name}".encode()).hexdigest()[:16]
    own = project.resolve() / FOLDER / f"{digest}.lock"
    common = Path(tempfile.gettempdir()) / f"podium-{getpass.getuser()}-{digest}.lock"
    return [own, common] if _may_be_written(own) else [common]


@contextmanager
def one_at_a_time(project: Path, folder: Path, name: str) -> Iterator[None]:
    """Wait while another process does the same in the same folder.

    Args:
        project: Root of the project.
        folder: Where it is done.
        name: Of what is done.
    """
    with ExitStack() as held:
        for lock in _locks(project, folder, name):
            held.enter_context(lock)
        yield


def _locks(project: Path, place: Path, name: str) -> list[BaseFileLock]:
    from filelock import FileLock

    # One object per file in this process: what a failed start left is taken over. Other users may
    # lock the same files.
    return [
        FileLock(file, mode=0o666, is_singleton=True) for file in lock_files(project, place, name)
    ]


def _may_be_written(file: Path) -> bool:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return os.access(file if file.exists() else file.parent, os.W_OK)
    except OSError:
        return False

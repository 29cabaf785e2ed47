"""One whole run that many tests look at, and cheap copies of what it left."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import pytest
from running import SUBMISSION

_numbers = itertools.count()


@dataclass(frozen=True)
class FinishedRun:
    root: Path
    log: str
    code: int

    @property
    def submission(self):
        return (self.root / SUBMISSION).read_bytes()


@pytest.fixture(scope="session")
def finished(project_copy):
    """`kedro run --pipeline=hearme` on the tiny files. Read only."""
    root = project_copy.data_root("finished")
    done = project_copy.run("--pipeline=hearme", root=root)
    assert done.returncode == 0, done.stdout[-3000:]
    return FinishedRun(root, done.stdout, done.returncode)


@pytest.fixture
def root_copy(project_copy, finished):
    """The finished data root once more, to be changed."""
    return project_copy.data_root(f"copy_{next(_numbers)}", copy_of=finished.root)


@pytest.fixture(scope="session")
def finished_museum(project_copy):
    """Lost in the Museum on its tiny images, on one thread: the data root and the log."""
    root = project_copy.data_root("finished_museum", challenge="museum")
    return root, project_copy.session("museum", root=root)


@pytest.fixture(scope="session")
def finished_echoes(project_copy):
    """Embedded Echoes on its tiny files, on one thread: the data root and the log. Read only."""
    root = project_copy.data_root("finished_echoes", challenge="echoes")
    return root, project_copy.session("echoes", root=root)


@pytest.fixture(scope="session")
def finished_amazon(project_copy):
    """The Amazon challenge on its tiny files, on one thread: the data root and the log."""
    root = project_copy.data_root("finished_amazon", challenge="amazon")
    return root, project_copy.session("amazon", root=root)

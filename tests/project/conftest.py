"""One whole run that many tests look at, and cheap copies of what it left."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import pytest
from running import SUBMISSION

_numbers = itertools.count()

# Fixtures that need the finished run of a challenge; `finished_of` that of the test's parameter.
NEEDS = {"finished": "hearme", "finished_museum": "museum"}
NEEDS |= {"finished_echoes": "echoes", "finished_amazon": "amazon"}


def pytest_collection_modifyitems(items):
    """With several workers one of them makes a finished run, and all that look at it stay there."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))


def _group(item):
    if "finished_of" in item.fixturenames:
        return item.callspec.params["challenge"]
    needed = [challenge for name, challenge in NEEDS.items() if name in item.fixturenames]
    return needed[0] if needed else item.path.stem


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
    done = project_copy.run("--pipeline=hearme", root=root, as_typed=True)
    assert done.returncode == 0, done.stdout[-3000:]
    return FinishedRun(root, done.stdout, done.returncode)


@pytest.fixture
def root_copy(project_copy, finished):
    """The finished data root once more, to be changed."""
    return project_copy.data_root(f"copy_{next(_numbers)}", copy_of=finished.root)


@pytest.fixture(scope="session")
def finished_of(request):
    """The data root of a challenge's finished run, by its name. Read only."""

    def of(challenge):
        if challenge == "hearme":
            return request.getfixturevalue("finished").root
        return request.getfixturevalue(f"finished_{challenge}")[0]

    return of


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

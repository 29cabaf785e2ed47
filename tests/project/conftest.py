"""One whole run that many tests look at, and cheap copies of what it left."""

import itertools
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from kedro.io import DataCatalog
from running import CHALLENGE, SUBMISSION

from podium.challenges import challenges

_numbers = itertools.count()

# Files whose tests look at the finished run of a challenge. In the others those tests do that are
# made for one challenge, by their name or their parameter.
LOOK_AT = {
    "hearme": ("test_resume", "test_runs", "test_tracking_server"),
    "museum": ("test_museum_runs",),
    "echoes": ("test_echoes_runs",),
    "amazon": ("test_amazon_runs", "test_serving"),
}
OF_EACH = ("test_hostile_machine", "test_notebooks", "test_tuning")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """One of several workers makes a finished run, and all tests that look at it stay there."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFinishedRun(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return _group(nodeid)

    return ByFinishedRun(config, log)


def _group(nodeid):
    path, _, name = nodeid.partition("::")
    file = Path(path).stem
    for challenge in challenges():
        made_for_it = name.startswith(f"test_{challenge}_") or name.endswith(f"[{challenge}]")
        if file in LOOK_AT.get(challenge, ()) or (file in OF_EACH and made_for_it):
            return challenge
    return path


@pytest.fixture(scope="session")
def catalog(config):
    """Every dataset that the configuration declares."""
    return DataCatalog.from_config(config["catalog"])


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
def finished_of(project_copy, request):
    """A whole run of any challenge on its tiny files: the data root and the log. Read only."""

    @cache
    def of(challenge):
        if challenge == CHALLENGE:  # is made by the command itself
            run = request.getfixturevalue("finished")
            return run.root, run.log
        root = project_copy.data_root(f"finished_{challenge}", challenge=challenge)
        return root, project_copy.session(challenge, root=root)

    return of


@pytest.fixture(scope="session")
def finished_museum(finished_of):
    """Lost in the Museum on its tiny images, on one thread."""
    return finished_of("museum")


@pytest.fixture(scope="session")
def finished_echoes(finished_of):
    """Embedded Echoes on its tiny files, on one thread."""
    return finished_of("echoes")


@pytest.fixture(scope="session")
def finished_amazon(finished_of):
    """The Amazon challenge on its tiny files, on one thread."""
    return finished_of("amazon")

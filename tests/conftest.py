"""What several test files share: a tiny data set and a copy of the project to run it in."""

import gc
import multiprocessing.util
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from running import PROJECT, ProjectCopy, bootstrapped

from podium.fusion.synthetic import SyntheticTask
from podium.pipelines.echoes import sample as echoes
from podium.pipelines.hearme.sample import SampleSize, write_sample

# The same examples each time: a red test is red for its change. To look for new ones:
# pytest --hypothesis-profile=default
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")
TEMPORARY = "podium_"


def pytest_configure(config):
    """Nothing asks the hub for a model, in these processes nor in those that they start."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    _take_temporary_folder(config)
    # A shell's job in the background ignores it, and so would all that the tests start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # The libraries are millions of objects, which would be looked through at every turn.
    gc.set_threshold(100_000, 50, 50)


def _take_temporary_folder(config):
    """What is left there, such as the locks of data trees, goes with the tests; pytest's stays."""
    usual = tempfile.gettempdir()
    if Path(usual).name.startswith(TEMPORARY):  # another session's, which has started this one
        return
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", usual)
    multiprocessing.util.get_temp_dir()  # it wants to remove its own at the very end
    own = tempfile.mkdtemp(prefix=TEMPORARY)
    tempfile.tempdir = os.environ["TMPDIR"] = own

    def give_back():
        tempfile.tempdir = os.environ["TMPDIR"] = usual
        shutil.rmtree(own, ignore_errors=True)

    config.add_cleanup(give_back)


TINY_SIZE = SampleSize(users=150, tracks=300, listens=15_000, test_users=20)
TINY_ECHOES = echoes.SampleSize(
    part1=60, part2=30, test=24, task=SyntheticTask(rows=0, length=16, factors=8)
)


@pytest.fixture(scope="session")
def tiny_raw(tmp_path_factory):
    """HearMe's four raw files, tiny; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("tiny") / "hearme"
    write_sample(folder, 7, TINY_SIZE)
    return folder


@pytest.fixture(scope="session")
def tiny_echoes(tmp_path_factory):
    """Echoes' four raw files, tiny; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("tiny") / "echoes"
    echoes.write_sample(folder, 7, TINY_ECHOES)
    return folder


@pytest.fixture(scope="session")
def tiny_museum(tmp_path_factory):
    """A few small images of Lost in the Museum, five of them faulty."""
    from podium.pipelines.museum.sample import SampleSize, write_sample

    root = tmp_path_factory.mktemp("tiny_museum")
    size = SampleSize(paintings=24, visitor_photos=8, distractors=10, longest_side=(96, 128))
    write_sample(root / "museum", 7, size, truth_path=root / "truth.csv")
    return root / "museum"


@pytest.fixture(scope="session")
def tiny_amazon(tmp_path_factory):
    """The Amazon challenge's two files and its images, tiny; the truth lies beside them."""
    from podium.pipelines.amazon.sample import SampleSize, write_sample

    root = tmp_path_factory.mktemp("tiny_amazon")
    size = SampleSize(train=120, test=40)
    write_sample(root / "amazon", 7, size, truth_path=root / "truth.csv")
    return root / "amazon"


TINY_RAW = {
    "hearme": "tiny_raw",
    "echoes": "tiny_echoes",
    "museum": "tiny_museum",
    "amazon": "tiny_amazon",
}


@pytest.fixture(scope="session")
def pipelines():
    """All registered pipelines by name."""
    from podium.pipeline_registry import register_pipelines

    return register_pipelines()


@pytest.fixture(scope="session")
def config():
    """The project's configuration without a preset."""
    from kedro.framework.project import settings

    bootstrapped()
    return settings.CONFIG_LOADER_CLASS(
        conf_source=str(PROJECT / "conf"), env="base", **settings.CONFIG_LOADER_ARGS
    )


@pytest.fixture(scope="session")
def project_copy(tmp_path_factory, request):
    """The project in a folder of its own; tiny files are made when a test asks for them."""

    def tiny_raw(challenge):
        name = TINY_RAW.get(challenge)
        return name and request.getfixturevalue(name)

    return ProjectCopy(tmp_path_factory.mktemp("podium") / "project", tiny_raw)


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """Spark on this machine, where it is installed."""
    pytest.importorskip("pyspark")
    if not (shutil.which("java") or "JAVA_HOME" in os.environ):
        pytest.skip("Spark needs Java")
    from podium.common.spark import connect

    folder = tmp_path_factory.mktemp("spark")
    engine = connect(threads=1, memory_limit="1GB", temp_directory=str(folder))
    yield engine
    engine.disconnect()

"""A full disk, a read-only folder, a second run at once: nothing is lost or mixed."""

import os
import random
import re
import signal
import subprocess
from pathlib import Path

import pytest
from mlflow import MlflowClient
from running import ended, owed, wait_until
from soak import Soak

from podium.challenges import challenges
from podium.common.errors import PodiumError

SYSTEM = Path("/sys/kernel")
EVERY_CHALLENGE = pytest.mark.parametrize("challenge", challenges())
# Whole runs of all challenges are for `make soak`; what they try is the same code in each.
WHOLE_RUNS = pytest.mark.parametrize(
    "challenge", challenges() if os.environ.get("PODIUM_SOAK") else ["museum"]
)


GROUP = {"own_process_group": True}
# About as long as a tiny run takes; it is killed within them.
RUN_SECONDS = 10.0


def submission(root, challenge):
    return root / "07_model_output" / challenge / "submission.csv"


def said(done):
    """The last line of a run that failed, unwrapped."""
    assert done.returncode != 0, done.stdout[-2000:]
    return done.stdout.strip().splitlines()[-1]


def contents(root):
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@WHOLE_RUNS
def test_a_second_run_at_once_is_refused_and_the_first_ends_as_if_alone(
    project_copy, finished_of, challenge
):
    root = project_copy.data_root(f"twice_{challenge}", challenge=challenge)
    with project_copy.start(f"--pipeline={challenge}", root=root) as first:
        try:
            assert wait_until(lambda: owed(root, challenge) is not None, first)
            first.send_signal(signal.SIGSTOP)  # not to end before the other begins
            refused = f"another run of {challenge} is at work in {root}"
            with pytest.raises(PodiumError, match=re.escape(refused)):
                project_copy.session(challenge, root=root)
            first.send_signal(signal.SIGCONT)
            output, _ = first.communicate(timeout=300)
        finally:
            first.kill()
    assert first.returncode == 0, output[-3000:]
    alone = submission(finished_of(challenge)[0], challenge)
    assert submission(root, challenge).read_bytes() == alone.read_bytes()


def test_two_challenges_at_once_share_a_tracking_store_that_is_not_there_yet(project_copy):
    root = project_copy.data_root("both", challenge="museum")
    project_copy.add_raw(root, "amazon")
    store = f"sqlite:///{root}/both.db"
    runs = {
        name: project_copy.start(
            f"--pipeline={name}.data_processing",
            root=root,
            variables={"MLFLOW_TRACKING_URI": store},
        )
        for name in ("museum", "amazon")
    }
    for name, run in runs.items():
        done = ended(run, 300)
        assert done.returncode == 0, done.stdout[-3000:]
        assert "without tracking" not in done.stdout
        client = MlflowClient(store)
        experiment = client.get_experiment_by_name(name)
        assert [found.info.status for found in client.search_runs([experiment.experiment_id])] == [
            "FINISHED"
        ]


@EVERY_CHALLENGE
def test_killed_at_random_and_resumed_it_ends_with_the_same_bytes(
    project_copy, finished_of, challenge
):
    """As `make soak` does it by the dozen on sample data."""
    root = project_copy.data_root(f"soak_{challenge}", challenge=challenge)
    expected = submission(finished_of(challenge)[0], challenge).read_bytes()
    runs = []

    def start(*words):
        run = project_copy.start(f"--pipeline={challenge}", *words, root=root, **GROUP)
        runs.append(run)
        return run

    Soak(challenge, root, start, 1, random.Random(challenge), (expected, RUN_SECONDS)).run()
    assert [run.returncode for run in runs].count(-signal.SIGKILL) == 1
    assert runs[-1].returncode == 0


@WHOLE_RUNS
def test_on_a_full_disk_it_stops_with_one_line_and_goes_on_later(
    project_copy, finished_of, challenge
):
    """No file may grow beyond 48 KiB, the tracking store included."""
    root = project_copy.data_root(f"full_{challenge}", challenge=challenge)
    words = project_copy.command(f"--pipeline={challenge}", root=root)
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 48; exec "$@"', "run", *words],
        cwd=project_copy.folder,
        env=project_copy.environment(MLFLOW_TRACKING_URI=f"sqlite:///{root}/small.db"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert "File too large" in said(done), done.stdout[-3000:]
    assert "go on with --only-missing-outputs" in said(done)
    assert not submission(root, challenge).exists()
    assert not list(root.rglob("*.part*")), "half a file is left"
    assert "Traceback" not in done.stdout
    project_copy.session(challenge, only_missing_outputs=True, root=root)
    whole = submission(finished_of(challenge)[0], challenge)
    assert submission(root, challenge).read_bytes() == whole.read_bytes()


@EVERY_CHALLENGE
@pytest.mark.skipif(not SYSTEM.is_dir(), reason="needs a folder that nobody can write to")
def test_in_a_folder_that_is_read_only_it_says_so_and_changes_nothing(
    project_copy, finished_of, challenge
):
    """No file can be made in the kernel's own folder, whoever asks."""
    root = project_copy.data_root(f"read_only_{challenge}", copy_of=finished_of(challenge)[0])
    folder, aside = root / "03_primary" / challenge, root / "aside"
    folder.rename(aside)
    folder.symlink_to(SYSTEM)
    before = contents(aside), submission(root, challenge).read_bytes()
    done = project_copy.run(f"--pipeline={challenge}.data_processing", root=root)
    assert any(words in said(done) for words in ("Permission denied", "Read-only file system"))
    assert "Traceback" not in done.stdout
    assert (contents(aside), submission(root, challenge).read_bytes()) == before

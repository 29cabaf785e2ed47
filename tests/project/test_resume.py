"""Killed at any point and resumed, a run ends with the bytes of an undisturbed one."""

import signal

import pytest
from running import JOURNAL, SUBMISSION, owed, wait_until

OTHER = {"hearme.rankers.lightgbm_fraction.arguments.rounds": 9, "seed": 5}


def kill_when(process, condition):
    """SIGKILL as soon as a condition holds; False if the process ended first."""
    killed = wait_until(condition, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return killed and process.returncode == -signal.SIGKILL


def saved(root, name):
    """Condition: the journal is there and does not owe the dataset any more."""

    def condition():
        debts = owed(root)
        return debts is not None and name not in debts

    return condition


def part_of(root, pattern):
    """Condition: a file is being written that is not yet whole."""
    return lambda: any(root.glob(f"*/hearme/.{pattern}.*.part*"))


@pytest.fixture(scope="module")
def other(project_copy, finished):
    """An undisturbed run with other parameters."""
    root = project_copy.data_root("other")
    project_copy.session("hearme", root=root, parameters=OTHER)
    submission = (root / SUBMISSION).read_bytes()
    assert submission != finished.submission
    return submission


def test_killed_again_and_again(project_copy, finished):
    """On two threads, where the undisturbed run had one."""
    root = project_copy.data_root("killed")
    words = ["--pipeline=hearme"]
    points = [
        part_of(root, "features"),
        saved(root, "hearme.feature_importance"),
    ]
    for number, point in enumerate(points):
        process = project_copy.start(*words, root=root, threads=2)
        assert kill_when(process, point), f"ended before point {number}"
        assert not (root / SUBMISSION).exists()
        assert owed(root), "nothing says that the run was cut short"
        words = ["--pipeline=hearme", "--only-missing-outputs"]
    done = project_copy.run(*words, root=root, threads=2)
    assert done.returncode == 0, done.stdout[-3000:]
    again = "Completed node: hearme.modeling.fit_rankers"
    assert again not in " ".join(done.stdout.split()), "models were there already"
    assert (root / SUBMISSION).read_bytes() == finished.submission
    assert not (root / JOURNAL).exists()


def test_old_outputs_do_not_mix_with_new_ones(project_copy, root_copy, other):
    """Every output is there from a run with other parameters when the new one is killed."""
    process = project_copy.start("--pipeline=hearme", root=root_copy, **OTHER)
    assert kill_when(process, saved(root_copy, "hearme.targets"))
    assert (root_copy / SUBMISSION).read_bytes() != other
    project_copy.session("hearme", only_missing_outputs=True, root=root_copy, parameters=OTHER)
    assert (root_copy / SUBMISSION).read_bytes() == other
    assert not (root_copy / JOURNAL).exists()

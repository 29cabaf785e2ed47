"""Killed at any point and resumed, a run ends with the bytes of an undisturbed one."""

from running import JOURNAL, SUBMISSION, kill_when, owed, saved


def part_of(root, pattern):
    """Condition: a file is being written that is not yet whole."""
    return lambda: any(root.glob(f"*/hearme/.{pattern}.*.part*"))


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

"""A lock holds whatever folder a process has for its temporary files."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from podium.common.errors import PodiumError
from podium.run_lock import FOLDER, RunLockHooks, lock_files, one_at_a_time

HOLD = """
import sys
from pathlib import Path
from podium.run_lock import one_at_a_time
with one_at_a_time(Path(sys.argv[1]), Path(sys.argv[2]), "hearme"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def places(tmp_path):
    """A project, a data tree, and a folder for temporary files."""
    made = [tmp_path / name for name in ("project", "tree", "temporary")]
    for folder in made:
        folder.mkdir()
    return made


def hooks_of(project):
    hooks = RunLockHooks()
    hooks.after_context_created(SimpleNamespace(project_path=project))
    return hooks


def test_another_process_with_its_own_temporary_folder_is_refused(places):
    project, tree, temporary = places
    command = [sys.executable, "-c", HOLD, str(project), str(tree)]
    other = subprocess.Popen(
        command,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    hooks = hooks_of(project)
    with other:
        assert "held\n" in iter(other.stdout.readline, ""), "it took no lock"
        with pytest.raises(PodiumError, match="another run of hearme is at work in"):
            hooks._take(tree, "hearme", "hearme")
        other.stdin.close()
    hooks._take(tree, "hearme", "hearme")
    hooks._release()
    assert not list(tree.iterdir()), "the data tree holds a trace"


def test_two_copies_of_the_project_meet_in_the_temporary_folder(places, tmp_path):
    project, tree, _ = places
    (_, one), (_, two) = (lock_files(at, tree, "hearme") for at in (project, tmp_path / "copy"))
    assert one == two


def test_each_tree_and_name_has_locks_of_its_own(places):
    project, tree, other = places
    asked = [(tree, "hearme"), (tree, "hearme.tuning"), (other, "hearme")]
    files = [file for place, name in asked for file in lock_files(project, place, name)]
    assert len(set(files)) == 2 * len(asked)
    assert sum(file.parent == project.resolve() / FOLDER for file in files) == len(asked)


def test_where_the_project_cannot_be_written_the_temporary_folder_serves(places):
    project, tree, _ = places
    (project / FOLDER.parts[0]).write_text("no folder can be made here")
    (file,) = lock_files(project, tree, "hearme")
    assert project not in file.parents
    with one_at_a_time(project, tree, "hearme"):
        assert file.exists()


def test_other_users_may_take_the_lock(places):
    project, tree, _ = places
    with one_at_a_time(project, tree, "hearme"):
        own, _ = lock_files(project, tree, "hearme")
        assert own.stat().st_mode & 0o777 == 0o666

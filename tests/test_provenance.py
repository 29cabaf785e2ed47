import hashlib
import os
import platform
import subprocess
import sys

import pytest

from podium.provenance import fingerprint, git_commit, lock_hash, machine


@pytest.fixture
def files(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"1,2\n")
    (tmp_path / "b.csv").write_bytes(b"3,4\n")
    return [tmp_path / "a.csv", tmp_path / "b.csv"]


def git(folder, *words):
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    subprocess.run(["git", "-C", folder, *identity, *words], check=True, capture_output=True)


def test_fingerprint_by_hand(files):
    assert fingerprint(files) == hashlib.sha256(b"a.csv1,2\nb.csv3,4\n").hexdigest()[:16]


def test_fingerprint_does_not_depend_on_order_or_place(files, tmp_path):
    assert fingerprint(files[::-1]) == fingerprint(files)
    (tmp_path / "other").mkdir()
    moved = [file.rename(tmp_path / "other" / file.name) for file in files]
    assert fingerprint(moved) == hashlib.sha256(b"a.csv1,2\nb.csv3,4\n").hexdigest()[:16]


@pytest.mark.parametrize("change", ["bytes", "name", "one less"])
def test_fingerprint_changes(files, change):
    before = fingerprint(files)
    if change == "bytes":
        files[1].write_bytes(b"3,5\n")
    elif change == "name":
        files[1] = files[1].rename(files[1].with_name("c.csv"))
    else:
        files.pop()
    assert fingerprint(files) != before


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "b.png").write_bytes(b"two")
    (tmp_path / "images" / "a.png").write_bytes(b"one")
    return tmp_path / "images"


def test_fingerprint_of_a_folder_by_hand(folder):
    digest = hashlib.sha256(b"images")
    for name, content in ((b"a.png/", b"one"), (b"b.png/", b"two")):
        digest.update(name + hashlib.sha256(content).digest())
    assert fingerprint([folder]) == digest.hexdigest()[:16]


@pytest.mark.parametrize("change", ["bytes", "name", "exchange", "one less", "one more"])
def test_fingerprint_of_a_folder_changes(folder, change):
    before = fingerprint([folder])
    one, two = folder / "a.png", folder / "b.png"
    if change == "bytes":  # of the same number
        one.write_bytes(b"six")
    elif change == "name":
        one.rename(folder / "c.png")
    elif change == "exchange":
        one.rename(folder / "c.png")
        two.rename(one)
        (folder / "c.png").rename(two)
    elif change == "one less":
        one.unlink()
    else:
        (folder / "c.png").write_bytes(b"one")
    assert fingerprint([folder]) != before


def test_fingerprint_passes_over_hidden_files_and_subfolders(folder):
    before = fingerprint([folder])
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "inner").mkdir()
    (folder / "inner" / "c.png").write_bytes(b"x")
    assert fingerprint([folder]) == before


def test_what_cannot_be_read_is_in_the_fingerprint_by_its_name(folder):
    before = fingerprint([folder])
    os.mkfifo(folder / "pipe.png")
    (folder / "dead.png").symlink_to("nowhere.png")
    with_both = fingerprint([folder])
    (folder / "dead.png").unlink()
    with_one = fingerprint([folder])
    assert len({before, with_both, with_one}) == 3


def test_fingerprint_follows_more_files_than_are_read_ahead(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(600):
        (folder / f"{number:03}.png").write_bytes(b"%d" % number)
    before = fingerprint([folder])
    assert fingerprint([folder]) == before
    (folder / "599.png").write_bytes(b"699")
    assert fingerprint([folder]) != before


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("src/code.py", True),
        ("conf/base/globals.yml", True),
        ("requirements.lock", True),
        ("notebooks/look.ipynb", False),
        ("README.md", False),
    ],
)
def test_commit_and_changes_of_what_moves_a_run(tmp_path, file, counts):
    git(tmp_path, "init", "-q")
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("one")
    git(tmp_path, "add", file)
    git(tmp_path, "commit", "-qm", "first")
    commit = git_commit(tmp_path)
    assert len(commit) == 40 and set(commit) <= set("0123456789abcdef")
    (tmp_path / file).write_text("two")
    assert git_commit(tmp_path) == (f"{commit}+changes" if counts else commit)


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("src/podium/pricing/own_model.py", True),
        ("conf/mine/hearme/parameters.yml", True),
        ("conf/local/hearme.yml", False),  # ignored by Git; its values are in the recipe
        ("src/podium/__pycache__/own_model.pyc", False),
        ("notebooks/look.ipynb", False),
        ("data/01_raw/hearme/test.csv", False),
        ("note.txt", False),
    ],
)
@pytest.mark.parametrize("inside", ["", "project"])
def test_a_new_file_of_code_or_configuration_is_a_change(tmp_path, file, counts, inside):
    """Also where the project is a folder of a repository."""
    git(tmp_path, "init", "-q")
    project = tmp_path / inside
    for name in ("src/podium/pricing/prices.py", "conf/base/parameters.yml"):
        (project / name).parent.mkdir(parents=True)
        (project / name).touch()
    (project / ".gitignore").write_text("/conf/local/**\n__pycache__/\n")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "-qm", "first")
    commit = git_commit(project)
    assert len(commit) == 40
    (project / file).parent.mkdir(parents=True, exist_ok=True)
    (project / file).touch()
    assert git_commit(project) == (f"{commit}+changes" if counts else commit)


def test_unknown_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit(tmp_path) == "unknown"
    monkeypatch.setenv("PATH", "")
    assert git_commit(tmp_path) == "unknown"


def test_lock(tmp_path):
    assert lock_hash(tmp_path) == "none"
    (tmp_path / "requirements.lock").write_bytes(b"numpy==2.4.0\n")
    assert lock_hash(tmp_path) == hashlib.sha256(b"numpy==2.4.0\n").hexdigest()[:16]


def test_the_machine_is_named_by_what_libraries_choose_instructions_by(monkeypatch):
    import numpy
    import torch

    known = numpy.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    words = machine().split(", ")
    assert words[0].split() == [platform.machine(), *known[-1:]]
    assert words[1] == f"Python {sys.version_info[0]}.{sys.version_info[1]}"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "A GPU")
    assert machine() == ", ".join([*words[:2], "A GPU"])

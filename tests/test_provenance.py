import hashlib
import subprocess

import pytest

from podium.provenance import fingerprint, git_commit, lock_hash


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


def test_commit_and_changes(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-qm", "first")
    commit = git_commit(tmp_path)
    assert len(commit) == 40 and set(commit) <= set("0123456789abcdef")
    (tmp_path / "untracked").touch()
    assert git_commit(tmp_path) == commit
    (tmp_path / "file").write_text("two")
    assert git_commit(tmp_path) == f"{commit}+changes"


def test_unknown_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit(tmp_path) == "unknown"
    monkeypatch.setenv("PATH", "")
    assert git_commit(tmp_path) == "unknown"


def test_lock(tmp_path):
    assert lock_hash(tmp_path) == "none"
    (tmp_path / "requirements.lock").write_bytes(b"numpy==2.4.0\n")
    assert lock_hash(tmp_path) == hashlib.sha256(b"numpy==2.4.0\n").hexdigest()[:16]

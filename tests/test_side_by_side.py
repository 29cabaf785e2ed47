"""Whole challenges in processes of their own: the cores shared out, and nothing left over."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest
from click.exceptions import Exit
from running import PROJECT, bootstrapped, wait_for_end

from podium import side_by_side
from podium.challenges import challenges
from podium.common.threads import available_cores
from podium.run_cli import _groups, _run_challenges, _wanted_threads
from podium.side_by_side import Ended, lanes, run_side_by_side


@pytest.mark.parametrize(
    ("cores", "wanted", "threads", "challenges", "expected"),
    [
        (1, None, None, 4, (1, 1)),
        (2, None, None, 4, (2, 1)),
        (8, None, None, 4, (4, 2)),
        (16, None, None, 4, (4, 4)),
        (16, 1, None, 4, (1, 16)),
        (2, 4, None, 4, (4, 1)),
        (8, None, 4, 4, (2, 4)),
        (2, None, 8, 4, (1, 8)),
        (8, None, None, 1, (1, 8)),
    ],
)
def test_cores_are_shared_out(monkeypatch, cores, wanted, threads, challenges, expected):
    monkeypatch.setattr(side_by_side, "available_cores", lambda: cores)
    assert lanes(wanted, threads, challenges) == expected


def test_threads_that_were_given_hold(project_copy):
    bootstrapped()
    options = {"env": None, "conf_source": None, "params": {}}
    assert _wanted_threads(project_copy.folder, options) is None
    for threads in (available_cores(), available_cores() + 1):
        for given in ({"threads": threads}, {"threads": str(threads)}):
            wanted = _wanted_threads(project_copy.folder, options | {"params": given})
            assert wanted == threads


def test_only_samples_run_side_by_side_unless_the_user_says_so(tmp_path):
    root = {"data_root": str(tmp_path)}
    names = list(challenges())
    assert _groups(tmp_path, root, None) == [(names, None)]
    raw = tmp_path / "01_raw" / names[1]
    raw.mkdir(parents=True)
    (raw / "test.csv").touch()
    others = [name for name in names if name != names[1]]
    assert _groups(tmp_path, root, None) == [([names[1]], 1), (others, None)]
    assert _groups(tmp_path, root | {"data": "competition"}, None) == [(names, 1)]
    assert _groups(tmp_path, root, 3) == [(names, 3)]


def test_what_a_run_has_started_ends_soon_after_it(tmp_path, monkeypatch):
    """It would hold the output for as long as it lives."""
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nread options\nsleep 300 &\necho $! $options\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(side_by_side, "_PATIENCE_SECONDS", 0.1)
    said = {"one": [], "other": []}
    ended = run_side_by_side(
        tmp_path, list(said), {"params": {"a": [1, None]}}, at_once=2, threads=3, columns=80,
        show=lambda challenge, line: said[challenge].append(line),
    )  # fmt: skip
    assert [(one.challenge, one.code) for one in ended] == [("one", 3), ("other", 3)]
    for challenge, lines in said.items():
        (line,) = lines
        number, options = line.split(" ", 1)
        expected = f'{{"params": {{"a": [1, null], "threads": 3}}, "pipelines": ["{challenge}"]}}'
        assert options == expected
        wait_for_end(int(number))


def test_a_line_that_cannot_be_shown_ends_nothing(tmp_path, monkeypatch):
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nread options\nfor i in 1 2 3; do echo $i; done\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    tried = []

    def show(challenge, line):
        tried.append(line)
        raise BrokenPipeError

    (ended,) = run_side_by_side(tmp_path, ["one"], {}, at_once=1, threads=1, columns=80, show=show)
    assert isinstance(ended, Ended) and ended.code == 0 and tried == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("script", "patience", "code"),
    [
        ("trap 'exit 7' INT; echo ready; while :; do sleep 0.1; done", 30, 7),
        ("trap '' INT; echo ready; sleep 300", 2, -9),
    ],
    ids=["ends when interrupted", "does not"],
)
def test_a_run_that_is_silent_is_stopped(tmp_path, monkeypatch, script, patience, code):
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nread options\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(side_by_side, "_PATIENCE_SECONDS", patience)
    processes = side_by_side._Processes()
    run = processes.start(tmp_path, {}, {"PATH": "/usr/bin:/bin"})
    assert run.stdout.readline() == "ready\n"
    processes.stop()
    assert run.wait(30) == code
    with pytest.raises(RuntimeError, match="stopped"):
        processes.start(tmp_path, {}, {})


def test_a_run_that_is_silent_ends_where_its_parent_does():
    program = (
        "import threading, time\n"
        "from podium.side_by_side import _end_with\n"
        "threading.Thread(target=_end_with, args=(0,), daemon=True).start()\n"
        "time.sleep(300)\n"
    )
    words = [sys.executable, "-c", program]
    variables = {**os.environ, "PYTHONPATH": str(PROJECT / "src")}
    with subprocess.Popen(
        words, env=variables, stdin=subprocess.PIPE, start_new_session=True
    ) as run:
        try:
            run.stdin.close()
            assert run.wait(60) == -signal.SIGTERM
        finally:
            run.kill()


def test_one_that_fails_stops_no_other_but_the_overview(tmp_path, monkeypatch, capsys):
    first, *others = challenges()
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nread options\ncase $options in *{first}*) exit 3;; esac\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(Exit) as end:
        _run_challenges(tmp_path, {"params": {}}, None, None)
    shown, said = capsys.readouterr()
    assert end.value.exit_code == 1
    assert re.search(rf"^{first} +\| FAILED with exit code 3", shown, re.M)
    assert re.findall(r"^(\w+) +\| done", shown, re.M) == others
    assert f"`kedro run --pipeline={first}`, then `kedro run --pipeline=overview`." in said


def _is_a_run(process):
    with contextlib.suppress(psutil.NoSuchProcess):  # ended meanwhile
        return "podium.side_by_side" in process.cmdline()
    return False


@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_they_end_where_the_run_of_all_is_stopped(project_copy, tmp_path, end):
    parent = subprocess.Popen(
        project_copy.command(root=tmp_path),
        cwd=project_copy.folder,
        env=project_copy.environment(MLFLOW_TRACKING_URI=project_copy.store),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with parent:
        next(line for line in parent.stdout if " | " in line)
        children = psutil.Process(parent.pid).children(recursive=True)
        assert any(_is_a_run(child) for child in children)
        began = time.monotonic()
        getattr(parent, end)()
        rest = parent.stdout.read()
        for child in children:
            wait_for_end(child.pid)
    assert "| done" not in rest and time.monotonic() - began < 120
    assert parent.returncode == (1 if end == "terminate" else -9), rest[-2000:]

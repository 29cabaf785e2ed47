"""Whole challenges in processes of their own: the cores shared out, and nothing left over."""

import json
import subprocess

import psutil
import pytest

from podium import side_by_side
from podium.side_by_side import lanes


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
        runs = [child for child in children if "podium.side_by_side" in child.cmdline()]
        assert runs and all(
            json.loads(run.cmdline()[-1])["params"]["data_root"] == str(tmp_path) for run in runs
        )
        getattr(parent, end)()
        parent.stdout.read()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive and parent.returncode != 0

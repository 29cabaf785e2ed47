"""The notebooks run from top to bottom on what a run left, and are stored without outputs."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import nbformat
import pandas as pd
import pytest
from executed_notebooks import code_cells, execute_notebook
from jupyter_client import BlockingKernelClient
from running import PROJECT, wait_until

from podium.challenges import challenges

NOTEBOOKS = PROJECT / "notebooks"
LOAD = "%load_ext kedro.ipython"


def read(challenge):
    return nbformat.read(NOTEBOOKS / f"{challenge}.ipynb", as_version=4)


@pytest.mark.parametrize("challenge", challenges())
def test_every_challenge_has_a_notebook_without_outputs(challenge):
    cells = code_cells(read(challenge))
    assert LOAD in cells[0].source.splitlines()
    assert not [cell.source for cell in cells if cell.outputs or cell.execution_count]


def executed(challenge, project_copy, root):
    """What each code cell of a challenge's notebook shows, by its source."""
    outputs = execute_notebook(read(challenge), project_copy, root)
    where = next(text for text in outputs.values() if "These are results on" in text)
    assert "competition data" in where
    assert str(root) in where.replace("\n", "")
    return outputs


def test_hearme_notebook_runs_and_shows_the_run(project_copy, finished):
    outputs = executed("hearme", project_copy, finished.root)
    what_if = next(text for source, text in outputs.items() if "trials" in source)
    assert "all alike" in what_if
    assert "without interaction_ridge" in what_if


def test_echoes_notebook_runs_and_shows_the_run(project_copy, finished_echoes):
    root, _ = finished_echoes
    outputs = executed("echoes", project_copy, root)
    board = pd.read_csv(root / "08_reporting" / "echoes" / "leaderboard.csv")
    what_if = next(text for source, text in outputs.items() if "trials" in source)
    # In use is stacking; a single repeat, so that the mean of the scores is the leaderboard's.
    stacking = board.set_index("model").loc["blend", "score"]
    assert f"{stacking:.4f}".rstrip("0") in what_if and "greedy" in what_if
    errors = pd.read_parquet(root / "08_reporting" / "echoes" / "row_errors.parquet")
    hardest = next(text for source, text in outputs.items() if "errors.head" in source)
    assert errors["id"].iloc[0][:8] in hardest


def test_museum_notebook_runs_and_shows_the_run(project_copy, finished_museum):
    root, _ = finished_museum
    outputs = executed("museum", project_copy, root)
    board = pd.read_csv(root / "08_reporting" / "museum" / "leaderboard.csv").set_index("model")
    weights = next(text for source, text in outputs.items() if "hardly whitened" in source)
    # The submitted weights give the score of the leaderboard, mixed photos being one per strength.
    assert f"{board.loc['joined', 'score']:.4f}".rstrip("0") in weights
    bars = next(text for source, text in outputs.items() if "fewest inliers" in source)
    assert all(fewest in bars for fewest in ("12", "30", "60"))


def test_amazon_notebook_runs_and_shows_the_run(project_copy, finished_amazon):
    root, _ = finished_amazon
    outputs = executed("amazon", project_copy, root)
    board = pd.read_csv(root / "08_reporting" / "amazon" / "leaderboard.csv").set_index("model")
    what_if = next(text for source, text in outputs.items() if "trials" in source)
    # With all members it is the stack of the leaderboard.
    assert f"{board.loc['stack', 'score']:.4f}".rstrip("0") in what_if
    assert "without ridge" in what_if
    errors = pd.read_parquet(root / "08_reporting" / "amazon" / "row_errors.parquet")
    hardest = next(text for source, text in outputs.items() if "errors.head" in source)
    assert str(errors["sample_id"].iloc[0]) in hardest


def test_the_prompt_starts_with_the_catalog_in_it(project_copy):
    # Kedro looks for IPython where the shell looks for programs.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    asked = "print('hearme.leaderboard' in catalog, sorted(pipelines)[0])"
    done = project_copy.kedro("ipython", "--", "-c", asked, PATH=path)
    assert done.returncode == 0 and "True __default__" in done.stdout, done.stdout[-3000:]


@pytest.fixture
def lab(project_copy, tmp_path):
    """`kedro jupyter lab` as it is typed: its address and the folder of its kernels."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["lab", "--no-browser", f"--ServerApp.port={port}", "--IdentityProvider.token=known"]
    words += ["--ServerApp.port_retries=0", "--ServerApp.allow_root=True"]
    folders = {
        f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("DATA", "RUNTIME", "CONFIG")
    }
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    with subprocess.Popen(
        [sys.executable, "-m", "kedro", "jupyter", *words],
        cwd=project_copy.folder,
        env=project_copy.environment(PATH=path, **folders),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as server:
        try:
            yield f"http://127.0.0.1:{port}", tmp_path / "RUNTIME", server
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.communicate()


def test_a_notebook_of_jupyter_lab_starts_with_the_catalog_in_it(lab):
    address, folder, server = lab
    asked = {"headers": {"Authorization": "token known"}, "timeout": 60}

    def answers():
        try:
            return httpx.get(f"{address}/api/status", **asked).status_code == httpx.codes.OK
        except httpx.ConnectError:
            return False

    assert wait_until(answers, server), server.stdout.read()[-3000:]
    specs = httpx.get(f"{address}/api/kernelspecs", **asked).json()["kernelspecs"]
    (own,) = (name for name in specs if name.startswith("kedro"))
    kernel = httpx.post(f"{address}/api/kernels", json={"name": own}, **asked).json()["id"]
    client = BlockingKernelClient(connection_file=str(folder / f"kernel-{kernel}.json"))
    client.load_connection_file()
    client.start_channels()
    said = []
    try:
        client.wait_for_ready(timeout=60)
        client.execute_interactive(
            "print('hearme.leaderboard' in catalog, sorted(pipelines)[0])",
            output_hook=lambda message: said.append(message["content"].get("text", "")),
            timeout=60,
        )
    finally:
        client.stop_channels()
    assert "True __default__" in "".join(said)

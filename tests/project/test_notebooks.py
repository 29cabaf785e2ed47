"""The notebooks run from top to bottom on what a run left, and are stored without outputs."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import nbformat
import pandas as pd
import pytest
from executed_notebooks import code_cells, execute_notebook
from jupyter_client import BlockingKernelClient
from running import PROJECT, wait_until
from started_servers import stop

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


@pytest.fixture
def preferring(project_copy):
    """Parameters in which the submission is made by given models: the name of their folder."""
    folder = project_copy.folder / "conf" / "preferring"

    def write(challenge, *models):
        file = folder / challenge / "parameters.yml"
        file.parent.mkdir(parents=True)
        file.write_text(f"{challenge}: {{evaluation: {{chosen: [{', '.join(models)}]}}}}\n")
        return folder.name

    yield write
    shutil.rmtree(folder, ignore_errors=True)


def part_of(challenge, *marks):
    """A notebook cut down to the start and to the code cells of which the source holds a mark."""
    notebook = read(challenge)
    kept = [cell for cell in code_cells(notebook) if any(mark in cell.source for mark in marks)]
    assert len(kept) == len(marks)
    notebook.cells = [*code_cells(notebook)[:2], *kept]
    return notebook


def test_hearme_notebook_runs_and_shows_the_run(project_copy, finished):
    outputs = executed("hearme", project_copy, finished.root)
    board = pd.read_csv(finished.root / "08_reporting" / "hearme" / "leaderboard.csv")
    what_if = next(text for source, text in outputs.items() if "trials" in source)
    # With its own weights it is the blend of the leaderboard.
    blend = board.set_index("model").loc["blend", "score"]
    own = next(line for line in what_if.splitlines() if "as in the run" in line)
    assert f"{blend:.4f}".rstrip("0") in own
    assert "all alike" in what_if
    assert "without interaction_ridge" in what_if


def test_hearme_notebook_looks_at_the_model_of_the_submission(project_copy, finished, preferring):
    env = preferring("hearme", "popularity")
    marks = ('load("folds")', 'load("targets")', "leaderboard = ", 'errors["gain"] =')
    outputs = execute_notebook(part_of("hearme", *marks), project_copy, finished.root, env=env)
    assert any("popularity against own_" in text for text in outputs.values()), outputs


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
    assert "as configured" in weights and "as submitted" not in weights
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
    (estimate,) = pd.read_csv(root / "08_reporting/amazon/test_estimate.csv").to_dict("records")
    expected = next(text for source, text in outputs.items() if "test_estimate" in source)
    assert f"{estimate['score']:.3f}".rstrip("0") in expected


def test_amazon_notebook_shows_a_run_in_which_no_preferred_model_was_scored(
    project_copy, finished_amazon, preferring
):
    root, _ = finished_amazon
    env = preferring("amazon", "misspelt")
    notebook = part_of("amazon", "leaderboard = ", "breakdown = ")
    *_, shown = execute_notebook(notebook, project_copy, root, env=env).values()
    folder = root / "08_reporting" / "amazon"
    best = pd.read_csv(folder / "leaderboard.csv")["model"].iloc[0]
    breakdown = pd.read_csv(folder / "breakdown.csv")
    scores = breakdown.loc[breakdown["model"] == best, "score"]
    assert len(scores) and all(f"{score:.2f}".rstrip("0") in shown for score in scores)


def test_the_prompt_starts_with_the_catalog_in_it(project_copy):
    # Kedro looks for IPython where the shell looks for programs.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    asked = "print('hearme.leaderboard' in catalog, sorted(pipelines)[0])"
    done = project_copy.kedro("ipython", "--", "-c", asked, PATH=path)
    assert done.returncode == 0 and "True __default__" in done.stdout, done.stdout[-3000:]


@pytest.fixture
def lab(project_copy, tmp_path):
    """`kedro jupyter lab` as it is typed: the folder of its address and kernels, and itself."""
    words = ["lab", "--no-browser", "--ServerApp.port=0", "--IdentityProvider.token=known"]
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
            yield tmp_path / "RUNTIME", server
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                server.communicate(timeout=60)
            stop(server)


def test_a_notebook_of_jupyter_lab_starts_with_the_catalog_in_it(lab):
    folder, server = lab
    asked = {"headers": {"Authorization": "token known"}, "timeout": 60}

    def api(path):
        (file,) = folder.glob("jpserver-*.json")
        return f"http://127.0.0.1:{json.loads(file.read_text())['port']}/api/{path}"

    def answers():
        with suppress(httpx.HTTPError, ValueError):  # there is no file yet, or half of one
            return httpx.get(api("status"), **asked).status_code == httpx.codes.OK
        return False

    assert wait_until(answers, server), server.stdout.read()[-3000:]
    specs = httpx.get(api("kernelspecs"), **asked).json()["kernelspecs"]
    (own,) = (name for name in specs if name.startswith("kedro"))
    kernel = httpx.post(api("kernels"), json={"name": own}, **asked).json()["id"]
    client = BlockingKernelClient(connection_file=str(folder / f"kernel-{kernel}.json"))
    client.load_connection_file()
    client.start_channels()
    said = []
    try:
        client.wait_for_ready(timeout=300)
        client.execute_interactive(
            "print('hearme.leaderboard' in catalog, sorted(pipelines)[0])",
            output_hook=lambda message: said.append(message["content"].get("text", "")),
            timeout=300,
        )
    finally:
        client.stop_channels()
    assert "True __default__" in "".join(said)

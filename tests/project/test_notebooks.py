"""The notebooks run from top to bottom on what a run left, and are stored without outputs."""

import nbformat
import pytest
from nbclient import NotebookClient
from running import ENV, PROJECT

from podium.challenges import challenges

NOTEBOOKS = PROJECT / "notebooks"
LOAD = "%load_ext kedro.ipython"


def read(challenge):
    return nbformat.read(NOTEBOOKS / f"{challenge}.ipynb", as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell):
    """Everything that a cell printed or displayed as text."""
    parts = (out.get("text") or out.get("data", {}).get("text/plain", "") for out in cell.outputs)
    return "\n".join(parts)


@pytest.mark.parametrize("challenge", challenges())
def test_every_challenge_has_a_notebook_without_outputs(challenge):
    cells = code_cells(read(challenge))
    assert LOAD in cells[0].source.splitlines()
    assert not [cell.source for cell in cells if cell.outputs or cell.execution_count]


def test_hearme_notebook_runs_and_shows_the_run(project_copy, finished):
    notebook = read("hearme")
    reload = f"%reload_kedro --env={ENV} --params=data_root={finished.root}"
    code_cells(notebook)[0].source += f"\n{reload}"
    client = NotebookClient(
        notebook,
        timeout=200,
        kernel_name="python3",
        resources={"metadata": {"path": str(project_copy.folder)}},
    )
    # A cell that fails raises its error.
    client.execute(env=project_copy.environment(MLFLOW_TRACKING_URI=project_copy.store))
    outputs = {cell.source: shown(cell) for cell in code_cells(notebook)}
    where = next(text for text in outputs.values() if "These are results on" in text)
    assert "competition data" in where
    assert str(finished.root) in where.replace("\n", "")
    what_if = next(text for source, text in outputs.items() if "trials" in source)
    assert "all alike" in what_if
    assert "without interaction_ridge" in what_if

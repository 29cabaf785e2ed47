"""Notebooks executed in a copy of the project, as a user would."""

from running import ENV


def execute_notebook(notebook, project_copy, root, env=ENV):
    """What each code cell shows, by its source. A cell that fails raises its error."""
    from nbclient import NotebookClient

    code_cells(notebook)[0].source += f"\n%reload_kedro --env={env} --params=data_root={root}"
    client = NotebookClient(
        notebook,
        timeout=200,
        kernel_name="python3",
        resources={"metadata": {"path": str(project_copy.folder)}},
    )
    client.execute(env=project_copy.environment(MLFLOW_TRACKING_URI=project_copy.store))
    return {cell.source: shown(cell) for cell in code_cells(notebook)}


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell):
    """Everything that a cell printed or displayed as text."""
    parts = (out.get("text") or out.get("data", {}).get("text/plain", "") for out in cell.outputs)
    return "\n".join(parts)

"""Command that makes a tracked run again: ``kedro reproduce``."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from podium.reproduction import Difference

DIFFERENT = 1
NOT_REPRODUCIBLE = 2
_MOST_SHOWN = 20


@click.command()
@click.argument("run_id")
@click.option(
    "--current-code",
    is_flag=True,
    help="Run the code and the libraries as they are now, whatever the run was made with.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the second run's files in this new folder; by default they are removed.",
)
@click.pass_context
def reproduce(context: click.Context, run_id: str, current_code: bool, folder: Path | None) -> None:
    """Make the MLflow run RUN_ID again, and compare submissions byte by byte and all scores.

    Code, parameters and raw files are those of the run. It runs in a folder of its own: nothing of
    the project's data is changed.

    Exit code 0: the same; 1: something differs; 2: it could not be made again.
    """
    from podium.common.errors import PodiumError

    project = Path(getattr(context.obj, "project_path", None) or Path.cwd())
    try:
        if folder is None:
            with tempfile.TemporaryDirectory(prefix="podium-reproduce-") as name:
                results, remark = _reproduce(project, run_id, Path(name), current_code)
        else:
            folder.mkdir(parents=True)
            results, remark = _reproduce(project, run_id, folder.resolve(), current_code)
    except FileExistsError as error:
        raise click.UsageError(f"{folder} is there already") from error
    except PodiumError as error:
        click.secho(f"Error: {error}", fg="red", err=True)
        raise click.exceptions.Exit(NOT_REPRODUCIBLE) from error
    conclude(run_id, results, remark)


def _reproduce(
    project: Path, run_id: str, folder: Path, current_code: bool
) -> tuple[list[Difference], str | None]:
    """What was compared, and a remark on the machines if those differ."""
    import mlflow

    from podium import reproduction

    # A bar for a file of a few kilobytes says nothing.
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    mlflow.set_tracking_uri(_tracking_uri(project))
    first, recipe = reproduction.read_recipe(run_id)
    if current_code:
        code = project
    else:
        reproduction.demand_same_lock(recipe, project)
        code = reproduction.checked_out(recipe, project, folder)
    try:
        reproduction.prepare_folder(recipe, code, folder)
        second = reproduction.run_again(first, recipe, code, folder)
    finally:
        reproduction.drop_worktree(project, code)
    results = reproduction.compare_runs(first, second, recipe.data)
    return results, reproduction.machines_differ(first, second)


def _tracking_uri(project: Path) -> str:
    """As a run of the project would choose it."""
    from kedro.framework.session import KedroSession

    context = KedroSession.create(project_path=project).load_context()
    settings = context.config_loader["mlflow"]
    return str(settings["server"]["mlflow_tracking_uri"])


def conclude(run_id: str, results: list[Difference], remark: str | None = None) -> None:
    """Say what is the same and what is not, and where anything differs the remark.

    Raises:
        click.exceptions.Exit: with code 1, where anything differs or nothing was compared.
    """
    different = [result for result in results if not result.same]
    if not results:
        click.secho(f"Run {run_id} has neither a submission nor a score.", fg="red", err=True)
    for result in different[:_MOST_SHOWN]:
        click.secho(f"{result.name}: {result.before}, now {result.again}", fg="red", err=True)
    if len(different) > _MOST_SHOWN:
        click.secho(f"and {len(different) - _MOST_SHOWN} more", fg="red", err=True)
    if different and remark:
        click.secho(remark, fg="yellow", err=True)
    for result in results:
        if result.same and isinstance(result.before, str):
            click.echo(f"{result.name}: the same, {result.before}")
    same = len(results) - len(different)
    click.echo(f"{same} of {len(results)} results are the same as in run {run_id}.")
    if different or not results:
        raise click.exceptions.Exit(DIFFERENT)

"""Commands that the project adds to Kedro, such as ``kedro submission check``."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from podium.images_cli import images
from podium.new_challenge import new_challenge
from podium.reproduce_cli import reproduce
from podium.run_cli import command as run

REFUSED = 1
COULD_NOT_CHECK = 2


@click.group(name="podium")
def cli() -> None:
    """Commands of the project."""


cli.add_command(images)
cli.add_command(new_challenge)
cli.add_command(reproduce)
cli.add_command(run)


@cli.group()
def submission() -> None:
    """Check or score a submission file."""


def _data_options(command: Any) -> Any:
    for option in (
        click.option(
            "--data",
            type=click.Choice(["sample", "competition"]),
            help="Which data to check against; by default the competition's files if they are "
            "there, else the sample.",
        ),
        click.option("--data-root", help="Folder that holds 01_raw; 'data' by default."),
    ):
        command = option(command)
    return command


@submission.command()
@click.argument("challenge")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_data_options
@click.pass_context
def check(
    context: click.Context, challenge: str, file: Path, data_root: str | None, data: str | None
) -> None:
    """Say whether FILE would be accepted in CHALLENGE, and every fault if not.

    Exit code 0: accepted; 1: refused; 2: could not be checked.
    """
    module = _module(challenge)
    raw = _raw_folder(context, challenge, data_root, data)
    faults = _guarded(module.check_file, file, raw)
    if faults:
        _refuse(file, challenge, faults)
    click.secho(f"{file} would be accepted in {challenge}.", fg="green")


@submission.command()
@click.argument("challenge")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--truth",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV file with the truth.",
)
@click.option(
    "--only-in-truth",
    is_flag=True,
    help="Count only what the truth knows (for a truth that was cut down on purpose). "
    "By default what has no truth counts 0, or is an error where every row must have one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead.")
@_data_options
@click.pass_context
def score(
    context: click.Context,
    *,
    challenge: str,
    file: Path,
    truth: Path,
    only_in_truth: bool,
    as_json: bool,
    data_root: str | None,
    data: str | None,
) -> None:
    """Score FILE in CHALLENGE with the official metric.

    Exit code 0: scored; 1: the file would be refused; 2: could not be scored.
    """
    from podium.common.submission import SubmissionError

    module = _module(challenge)
    raw = _raw_folder(context, challenge, data_root, data, quiet=as_json)
    try:
        scores = _guarded(module.score_file, file, truth, raw, only_in_truth=only_in_truth)
    except SubmissionError as error:
        _refuse(file, challenge, error.faults)
    if as_json:
        click.echo(json.dumps(scores))
        return
    width = max(map(len, scores))
    for name, value in scores.items():
        shown = f"{value:,.0f}" if value.is_integer() and abs(value) > 1 else f"{value:.5f}"
        click.echo(f"{name.ljust(width)}  {shown:>10}")


def _module(challenge: str) -> ModuleType:
    """The rules of a challenge, found by convention."""
    from podium.challenges import challenges

    if challenge not in challenges():
        known = ", ".join(challenges())
        raise click.UsageError(f"unknown challenge {challenge!r}; known are: {known}")
    return import_module(f"podium.pipelines.{challenge}.submission_rules")


def _raw_folder(
    context: click.Context,
    challenge: str,
    data_root: str | None,
    data: str | None,
    *,
    quiet: bool = False,
) -> Path:
    """The raw files of the tree in use; says which data they are."""
    from podium.data_tree import data_kind, data_tree

    project = Path(getattr(context.obj, "project_path", None) or Path.cwd())
    kind = data_kind(project, challenge, data_root, data)
    raw = data_tree(project, challenge, data_root, data) / "01_raw" / challenge
    if not raw.is_dir():
        raise click.UsageError(
            f"no raw files in {raw}; run `kedro run --pipeline={challenge}` first, or name the "
            "folder of the data with --data-root"
        )
    if not quiet:
        label = "SAMPLE data" if kind == "sample" else "the competition's data"
        click.echo(f"Checking against {label} in {raw}")
    return raw


def _guarded(function: Any, *arguments: Any, **options: Any) -> Any:
    """Call and turn errors meant for the user into exit code 2 (faults of the file pass)."""
    from podium.common.errors import PodiumError
    from podium.common.submission import SubmissionError

    try:
        return function(*arguments, **options)
    except SubmissionError:
        raise
    except PodiumError as error:
        click.secho(f"Error: {error}", fg="red", err=True)
        raise click.exceptions.Exit(COULD_NOT_CHECK) from error


def _refuse(file: Path, challenge: str, faults: Any) -> None:
    from podium.common.submission import render_faults

    count = f"{len(faults)} {'rule is' if len(faults) == 1 else 'rules are'} broken"
    click.secho(f"{file} would be refused in {challenge}: {count}", fg="red", err=True)
    click.echo(render_faults(faults), err=True)
    raise click.exceptions.Exit(REFUSED)

"""A new challenge, rendered from the template: ``kedro new-challenge NAME``."""

from __future__ import annotations

import keyword
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from podium.challenges import STAGES, challenges
from podium.common.errors import PodiumError

TEMPLATE = Path("templates") / "challenge"
# Kedro's own words, what stands beside the challenges in parameters and configuration, and what has
# a meaning after --params.
_RESERVED = (
    *(*STAGES, "params", "parameters", "compute", "run", "podium", "sample", "tuning"),
    *("data", "data_root", "seed", "threads", "time_budget"),
)


class ChallengeNameError(PodiumError):
    """A name that a challenge cannot have."""


@click.command(name="new-challenge")
@click.argument("name")
@click.option("--title", help="Heading of its page and report; made of the name by default.")
@click.pass_context
def new_challenge(context: click.Context, name: str, title: str | None) -> None:
    """Render a tiny working challenge called NAME, to be made a real one."""
    project = Path(getattr(context.obj, "project_path", None) or Path.cwd())
    try:
        files = render_challenge(project, name, title)
    except PodiumError as error:
        raise click.ClickException(str(error)) from error
    for file in files:
        click.echo(f"  {file.relative_to(project)}")
    click.secho(
        f"{name} is a challenge now: kedro run --pipeline={name}. "
        "Go on with docs/adding_a_challenge.md.",
        fg="green",
    )


def render_challenge(project: Path, name: str, title: str | None = None) -> list[Path]:
    """Write code, configuration, tests, docs page and notebook of a new challenge.

    Args:
        project: Root of the project; the template lies in it.
        name: See `check_name`.
        title: Heading of its page and report; by default the name in words.

    Returns:
        The files, sorted.

    Raises:
        ChallengeNameError: the name cannot be used.
        PodiumError: a file would be overwritten; then nothing is written.
    """
    from cookiecutter.generate import generate_files

    check_name(project, name)
    values = {"name": name, "title": title or name.replace("_", " ").capitalize()}
    if not values["title"].isprintable() or set(values["title"]) & set("\"'\\{}"):
        raise PodiumError(f"the title {title!r} must not hold quotes, braces or backslashes")
    with tempfile.TemporaryDirectory() as folder:
        generate_files(str(project / TEMPLATE), {"cookiecutter": values}, folder)
        rendered = Path(folder) / name
        _format(rendered, project)
        files = sorted(path.relative_to(rendered) for path in rendered.rglob("*") if path.is_file())
        there = [str(file) for file in files if (project / file).exists()]
        if there:
            raise PodiumError(f"nothing was written, for it is there already: {', '.join(there)}")
        _copy_all(rendered, project, files)
    return [project / file for file in files]


def check_name(project: Path, name: str) -> None:
    """Refuse a name that is taken, reserved, or no plain Python name.

    Raises:
        ChallengeNameError: saying why.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        problem = "must be a Python name of small letters, digits and _, and no keyword"
    elif name in challenges():
        problem = f"is a challenge already; there are {', '.join(challenges())}"
    elif name in _RESERVED or name.startswith("test"):
        problem = "has a meaning of its own in the project; choose another"
    elif (project / "src/podium/pipelines" / f"{name}.py").exists():
        problem = f"is a module already: src/podium/pipelines/{name}.py"
    else:
        return
    raise ChallengeNameError(f"the name {name!r} {problem}")


def _format(rendered: Path, project: Path) -> None:
    """Sort imports and break lines anew, which depend on the length and place of the name."""
    ruff = [sys.executable, "-m", "ruff"]
    config = ["--no-cache", "--config", str(project / "pyproject.toml"), str(rendered)]
    for words in (["check", "--select", "I", "--fix"], ["format"]):
        subprocess.run([*ruff, *words, *config], cwd=project, check=True, capture_output=True)


def _copy_all(source: Path, target: Path, files: list[Path]) -> None:
    """Copy all the files, or leave none."""
    made: list[Path] = []
    try:
        for file in files:
            for folder in reversed((target / file).parents):
                if not folder.exists():
                    folder.mkdir()
                    made.append(folder)
            made.append(target / file)
            shutil.copyfile(source / file, target / file)
    except BaseException:
        for path in reversed(made):
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
        raise

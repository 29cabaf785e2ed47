"""Command that downloads images: ``kedro images download``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd

    from podium.vision.downloading.rules import DownloadRules

FAILED = 2
_COLUMNS = ("sample_id", "image_link")


@click.group()
def images() -> None:
    """Download images."""


@images.command()
@click.argument("source")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the images go; by default the folder images beside the CSV file, or where the "
    "challenge's run looks for them.",
)
@click.option(
    "--rule",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="A limit, such as per_host=16 or retry_failed=always; may be given several times. "
    "Names and defaults: podium.vision.downloading.rules.DownloadRules. For a challenge the others "
    "are those of its parameters.",
)
@click.option(
    "--data",
    type=click.Choice(["sample", "competition"]),
    help="For a challenge: which data; by default the competition's if they are there, else the "
    "sample.",
)
@click.option("--data-root", help="For a challenge: folder that holds 01_raw; 'data' by default.")
@click.pass_context
def download(
    context: click.Context,
    *,
    source: str,
    folder: Path | None,
    given: tuple[str, ...],
    data_root: str | None,
    data: str | None,
) -> None:
    """Download the images of SOURCE: a CSV file with links, or a challenge.

    Of a CSV file the columns sample_id and image_link are read. For a challenge its own steps run,
    up to the images: a run of it finds them. A link that fails gets a gray placeholder and a line
    in failed_downloads.txt. A second call goes on where the first one stopped.

    Exit code 0: each row has its file; 2: the download could not be done.
    """
    from podium.challenges import challenges
    from podium.common.errors import PodiumError
    from podium.vision.downloading.rules import DownloadRules
    from podium.vision.image_rows import check_rows

    rules = _rules(given)
    try:
        limits = DownloadRules.parse(rules)
        if source in challenges():
            where = {"data_root": data_root, "data": data}
            project = Path(getattr(context.obj, "project_path", None) or Path.cwd())
            table, target = _of_challenge(project, source, where, rules, folder)
        else:
            table, target = _of_file(source, limits, folder)
        strays = check_rows(table, target)
    except PodiumError as error:
        click.secho(f"Error: {error}", fg="red", err=True)
        raise click.exceptions.Exit(FAILED) from error
    counts = table["status"].value_counts()
    for status in ("downloaded", "kept", "placeholder"):
        click.echo(f"{status:<12}{counts.get(status, 0):>10,}")
    click.echo(f"The images are in {target}")
    if strays:
        click.echo(f"There too, and left as they are: {strays}")
    if counts.get("placeholder", 0):
        click.echo(f"Links that failed, with the reason: {target / 'failed_downloads.txt'}")


def _of_challenge(
    project: Path,
    challenge: str,
    where: dict[str, str | None],
    rules: dict[str, str],
    folder: Path | None,
) -> tuple[pd.DataFrame, Path]:
    """What became of the rows of a challenge, and the folder of their images."""
    from podium.challenge_images import download_challenge

    chosen = {name: value for name, value in where.items() if value is not None}
    images = download_challenge(project, challenge, chosen, rules, folder)
    return images.table, images.folder


def _of_file(source: str, limits: DownloadRules, folder: Path | None) -> tuple[pd.DataFrame, Path]:
    """The same for the rows of a CSV file."""
    from podium.challenges import challenges
    from podium.vision.downloading.download import download_images

    file = Path(source)
    if not file.is_file():
        known = ", ".join(challenges())
        raise click.UsageError(f"{source!r} is neither a file nor a challenge ({known})")
    target = folder or file.parent / "images"
    return download_images(_read(file), target, limits), target


def _read(file: Path) -> pd.DataFrame:
    """The two columns as text, an empty link missing."""
    import pandas as pd

    from podium.common.errors import RawDataError

    try:
        # As text, so that an id such as 007 keeps its form and none is taken for a missing value.
        table = pd.read_csv(
            file, usecols=list(_COLUMNS), dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    except (ValueError, OSError) as error:
        raise RawDataError(" ".join(str(error).split()), file=file.name) from error
    return table[list(_COLUMNS)]


def _rules(given: tuple[str, ...]) -> dict[str, str]:
    rules = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise click.UsageError(f"--rule takes NAME=VALUE, not {each!r}")
        rules[name.strip()] = value.strip()
    return rules

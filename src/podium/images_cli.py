"""Command that downloads images: ``kedro images download``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd

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
    help="Where the images go; by default the folder images beside the CSV file, or in "
    "02_intermediate of the challenge.",
)
@click.option(
    "--rule",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="A limit, such as per_host=16 or retry_failed=always; may be given several times. "
    "Names and defaults: podium.vision.downloading.rules.DownloadRules.",
)
@click.option(
    "--data",
    type=click.Choice(["sample", "competition"]),
    help="For a challenge: which data; by default the competition's if they are there.",
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
    """Download the images of SOURCE: a CSV file, or a challenge whose raw CSV files have links.

    The columns sample_id and image_link are read. A link that fails gets a gray placeholder and a
    line in failed_downloads.txt. A second call goes on where the first one stopped.

    Exit code 0: each row has its file; 2: the download could not be done.
    """
    from podium.common.errors import PodiumError

    files, usual = _files(context, source, data_root, data)
    target = folder or usual
    try:
        table = _download(files, target, _rules(given))
    except PodiumError as error:
        click.secho(f"Error: {error}", fg="red", err=True)
        raise click.exceptions.Exit(FAILED) from error
    counts = table["status"].value_counts()
    for status in ("downloaded", "kept", "placeholder"):
        click.echo(f"{status:<12}{counts.get(status, 0):>10,}")
    click.echo(f"The images are in {target}")
    if counts.get("placeholder", 0):
        click.echo(f"Links that failed, with the reason: {target / 'failed_downloads.txt'}")


def _download(files: list[Path], folder: Path, rules: dict[str, str]) -> pd.DataFrame:
    import pandas as pd

    from podium.vision.downloading.download import download_images
    from podium.vision.downloading.rules import DownloadRules
    from podium.vision.downloading.tables import check_files

    limits = DownloadRules.parse(rules)
    table = download_images(pd.concat([_read(file) for file in files]), folder, limits)
    check_files(table, folder, strays=False)
    return table


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


def _files(
    context: click.Context, source: str, data_root: str | None, data: str | None
) -> tuple[list[Path], Path]:
    """The CSV files, and where their images go by default."""
    from podium.challenges import challenges
    from podium.data_tree import data_tree

    if source not in challenges():
        if Path(source).is_file():
            return [Path(source)], Path(source).parent / "images"
        known = ", ".join(challenges())
        raise click.UsageError(f"{source!r} is neither a file nor a challenge ({known})")
    project = Path(getattr(context.obj, "project_path", None) or Path.cwd())
    tree = data_tree(project, source, data_root, data)
    raw = tree / "01_raw" / source
    found = sorted(file for file in raw.glob("*.csv") if _has_links(file))
    if not found:
        raise click.UsageError(
            f"no CSV file with the columns {' and '.join(_COLUMNS)} in {raw}; name one, or the "
            "folder of the data with --data-root"
        )
    return found, tree / "02_intermediate" / source / "images"


def _has_links(file: Path) -> bool:
    with file.open(encoding="utf-8-sig", errors="replace") as stream:
        names = [name.strip().strip('"') for name in stream.readline().split(",")]
    return set(_COLUMNS) <= set(names)


def _rules(given: tuple[str, ...]) -> dict[str, Any]:
    rules = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise click.UsageError(f"--rule takes NAME=VALUE, not {each!r}")
        rules[name.strip()] = value.strip()
    return rules

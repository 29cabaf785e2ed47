"""The images of a table's links, each a file: downloaded, kept from before, or a placeholder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from podium.common.progress import track
from podium.vision.downloading.items import Item, collect_items
from podium.vision.downloading.manifest import Record
from podium.vision.downloading.rules import DownloadRules
from podium.vision.downloading.run import DownloadRun
from podium.vision.downloading.store import ImageStore, only_run
from podium.vision.downloading.tables import Result, log_result, result_table, write_failures

if TYPE_CHECKING:
    import pandas as pd


def download_images(
    rows: pd.DataFrame,
    folder: Path,
    rules: DownloadRules | None = None,
    *,
    progress: str | None = "Images downloaded",
) -> pd.DataFrame:
    """Download the images of all rows; a row whose link fails gets a gray placeholder.

    Each link is asked for once, however many rows have it. An image counts once it is whole and
    decodes. The folder then holds the images, `manifest.jsonl` with a row per link, and
    `failed_downloads.txt`. A run that is stopped at any moment leaves whole files; the next one
    goes on where it stopped.

    Args:
        rows: sample_id (unique) and image_link (text, may be missing) of n rows, in any order.
        folder: Where the images go; it is made if need be.
        rules: Limits; None for the defaults.
        progress: What the progress bar and the log call the work; None for neither.

    Returns:
        n rows in the order of the input: sample_id, image_link, file (name in the folder), status
        (downloaded, kept or placeholder), reason (empty but for placeholders), bytes, width and
        height (pixels, upright), seconds (spent on the link in this run).

    Raises:
        PodiumError: wrong rows, or a folder that cannot be written to.
    """
    rules = rules or DownloadRules()
    items, places, names = collect_items(rows, rules.names)
    with only_run(folder):
        store = ImageStore(folder)
        try:
            results = _results(items, store, rules, progress)
            store.manifest.finish(item.url for item in items)
        finally:
            store.manifest.close()
        table = result_table(rows, [results[place] for place in places], names)
        write_failures(table, folder)
    log_result(table, folder)
    return table


def _results(
    items: list[Item], store: ImageStore, rules: DownloadRules, progress: str | None
) -> list[Result]:
    """What became of each item, in their order."""
    results: dict[int, Result] = {}
    for number, item in enumerate(items):
        record = store.kept(item.url, item.names, rules.retry_failed)
        if record is not None:
            results[number] = Result(record, new=False)
    wanted = {number: item for number, item in enumerate(items) if number not in results}
    with _steps(progress, len(wanted)) as step:

        def finish(number: int, record: Record, seconds: float) -> None:
            store.add(record)
            results[number] = Result(record, new=True, seconds=seconds)
            step()

        DownloadRun(wanted, store.folder, rules, finish).to_the_end()
    return [results[number] for number in range(len(items))]


@contextmanager
def _steps(progress: str | None, total: int) -> Iterator[Callable[[], None]]:
    """A function to call after each step, for the progress."""
    if progress is None or not total:
        yield lambda: None
        return
    steps = track(range(total), progress, unit="images")

    def step() -> None:
        next(steps, None)

    step()
    try:
        yield step
    finally:
        steps.close()

"""What a download leaves for people: the table, the list of failures, the check of the files."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.common.errors import PodiumError
from podium.vision.downloading.items import IMAGE_LINK, SAMPLE_ID
from podium.vision.downloading.manifest import DOWNLOADED, PLACEHOLDER, Record
from podium.vision.downloading.store import is_image_name

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

FAILURES = "failed_downloads.txt"
KEPT = "kept"
_SHOWN = 5


@dataclass(frozen=True)
class Result:
    """What became of a link in this run.

    Attributes:
        record: Its row in the manifest.
        new: False where it is from an earlier run.
        seconds: Time spent on it.
    """

    record: Record
    new: bool
    seconds: float = 0.0

    @property
    def status(self) -> str:
        """downloaded, kept or placeholder."""
        kept = not self.new and self.record.status == DOWNLOADED
        return KEPT if kept else self.record.status


def result_table(
    rows: pd.DataFrame, results: Sequence[Result], names: Sequence[str]
) -> pd.DataFrame:
    """The table that `download_images` returns; results and names of n rows."""
    import pandas as pd

    records = [result.record for result in results]
    files = [name + Path(each.files[0]).suffix for name, each in zip(names, records, strict=True)]
    columns: dict[str, tuple[list[Any], str]] = {
        "file": (files, "str"),
        "status": ([result.status for result in results], "str"),
        "reason": ([record.reason for record in records], "str"),
        "bytes": ([record.bytes for record in records], "int64"),
        "width": ([record.width for record in records], "int64"),
        "height": ([record.height for record in records], "int64"),
        "seconds": ([result.seconds for result in results], "float64"),
    }
    typed = {name: pd.Series(values, dtype=kind) for name, (values, kind) in columns.items()}
    return rows[[SAMPLE_ID, IMAGE_LINK]].reset_index(drop=True).assign(**typed)


def write_failures(table: pd.DataFrame, folder: Path) -> None:
    """Write `failed_downloads.txt`: sample_id, link and reason of each placeholder, by tabs.

    It is written also where nothing failed, so that an older one does not stay.
    """
    failed = table[table["status"] == PLACEHOLDER]
    lines = [f"{SAMPLE_ID}\t{IMAGE_LINK}\treason"]
    for row in failed[[SAMPLE_ID, IMAGE_LINK, "reason"]].itertuples(index=False):
        lines.append("\t".join(_one_line(cell) for cell in row))
    part = folder / f".{FAILURES}.{os.getpid()}.part"
    part.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="replace")
    os.replace(part, folder / FAILURES)


def file_faults(table: pd.DataFrame, folder: Path, *, strays: bool = True) -> list[str]:
    """Hold the rows against the files of the folder, one to one.

    Args:
        table: From `download_images`, or several of them put together.
        folder: Of the images.
        strays: Also name images that belong to no row.

    Returns:
        What is wrong, a line for each kind; empty where all is right.
    """
    sizes = {
        entry.name: entry.stat(follow_symlinks=False).st_size
        for entry in os.scandir(folder)
        if entry.is_file(follow_symlinks=False) and is_image_name(entry.name)
    }
    files = table["file"]
    missing = files[~files.isin(sizes)]
    present = table[files.isin(sizes)]
    resized = present["file"][present["file"].map(sizes) != present["bytes"]]
    twice = table[SAMPLE_ID][table[SAMPLE_ID].duplicated()].astype(str)
    unknown = sorted(set(sizes).difference(files)) if strays else []
    found = (
        ("rows have no file", list(missing)),
        ("files have another size than noted", list(resized)),
        ("samples are given more than once", list(twice)),
        ("files belong to no row", unknown),
    )
    return [_fault(what, names) for what, names in found if names]


def check_files(table: pd.DataFrame, folder: Path, *, strays: bool = True) -> None:
    """Make sure that rows and files match one to one; see `file_faults`.

    Raises:
        PodiumError: naming what does not match.
    """
    faults = file_faults(table, folder, strays=strays)
    if faults:
        raise PodiumError(f"rows and images in {folder} do not match: {'; '.join(faults)}")


def log_result(table: pd.DataFrame, folder: Path) -> None:
    """Say how many images there are, and why others are not."""
    counts = Counter(table["status"])
    shown = ", ".join(f"{counts[name]:,} {name}" for name in (DOWNLOADED, KEPT, PLACEHOLDER))
    logger.info("%s images in %s: %s", f"{len(table):,}", folder, shown)
    reasons = Counter(table.loc[table["status"] == PLACEHOLDER, "reason"])
    for reason, count in reasons.most_common(_SHOWN):
        logger.info("  %s x %s", f"{count:,}", reason)


def _fault(what: str, names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"{len(names):,} {what} ({', '.join(names[:_SHOWN])}{more})"


def _one_line(cell: Any) -> str:
    import pandas as pd

    return "" if pd.isna(cell) else " ".join(str(cell).split())

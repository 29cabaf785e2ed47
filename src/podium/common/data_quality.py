"""The data quality report: every row read is kept, dropped or quarantined, and it must add up."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from podium.common.errors import PodiumError

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

    from podium.common.raw_contract import RawFile, RawFolder

logger = logging.getLogger(__name__)

QUALITY_COLUMNS = ["file", "check", "action", "rows", "share", "example"]
QUARANTINE_COLUMNS = ["file", "row", "reason", "content"]
ACTIONS = ("read", "kept", "repaired", "estimated", "dropped", "quarantined", "reported")
"""The first is the sum of `kept`, `dropped` and `quarantined`; the others tell about kept rows."""


class OpenFile(Protocol):
    """What the log asks of a raw file, such as `podium.common.raw_files.RawTable`."""

    @property
    def file(self) -> str:
        """Name of the file."""

    @property
    def rows(self) -> int:
        """Number of records read."""

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """Names in the file that nobody asked for."""

    @property
    def ends_whole(self) -> bool:
        """False where the last record may be cut short."""


def counts_frame(rows: list[tuple[str, str, str, int, str]]) -> pd.DataFrame:
    """Counts of ``(file, check, action, rows, example)``; those of 0 rows are left out."""
    frame = pd.DataFrame(
        [row for row in rows if row[3]], columns=["file", "check", "action", "rows", "example"]
    )
    text = dict.fromkeys(["file", "check", "action", "example"], "str")
    return frame.astype({**text, "rows": "int64"})


class QualityLog:
    """Collects what was counted on one file."""

    def __init__(self, raw: OpenFile) -> None:
        """Begin with what opening the file has told."""
        self.file = raw.file
        self._rows: list[tuple[str, str, int, str]] = [("rows", "read", raw.rows, "")]
        if raw.extra_columns:
            names = ", ".join(raw.extra_columns)
            self.add("columns that are not needed", "reported", len(raw.extra_columns), names)
        if not raw.ends_whole:
            self.add("last row does not end with a line break", "reported", 1)

    def add(self, check: str, action: str, rows: int, example: str = "") -> None:
        """Add a count; nothing is added for 0 rows, except what must always be there."""
        if action not in ACTIONS:
            raise ValueError(f"unknown action {action!r}")
        if rows or action in ("read", "kept"):
            self._rows.append((check, action, int(rows), example))

    def frame(self) -> pd.DataFrame:
        """The counts in the order they were added, without the share."""
        frame = pd.DataFrame(self._rows, columns=["check", "action", "rows", "example"])
        frame.insert(0, "file", self.file)
        return frame.astype({"file": "str", "check": "str", "action": "str", "example": "str"})


def combine_quality(parts: Sequence[pd.DataFrame], files: Sequence[str]) -> pd.DataFrame:
    """Put the counts of all files together and check that they add up.

    Args:
        parts: As `QualityLog.frame` returns them, or of the same columns.
        files: The order of the files in the report.

    Returns:
        `QUALITY_COLUMNS`; share is rows / rows read of the file. Sorted by file, then action.

    Raises:
        PodiumError: the rows read are not those kept, dropped and quarantined.
    """
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    table = table.assign(
        by_file=table["file"].map({name: at for at, name in enumerate(files)}),
        by_action=table["action"].map({name: at for at, name in enumerate(ACTIONS)}),
    ).sort_values(["by_file", "by_action"], kind="stable")
    sums = table.pivot_table(
        index="file", columns="action", values="rows", aggfunc="sum", fill_value=0
    ).reindex(columns=list(ACTIONS), fill_value=0)
    for file, counts in sums.iterrows():
        parted = int(counts["kept"] + counts["dropped"] + counts["quarantined"])
        if parted != int(counts["read"]):
            raise PodiumError(
                f"{file}: {int(counts['read'])} rows were read, but {parted} are kept, dropped or "
                "quarantined; the file may have changed while it was read"
            )
    table["share"] = table["rows"] / table["file"].map(sums["read"]).astype("float64")
    return table[QUALITY_COLUMNS].reset_index(drop=True)


def log_quality(report: pd.DataFrame) -> None:
    """One line per file: rows read, kept, dropped and quarantined."""
    for file, part in report.groupby("file", sort=False):
        counts = part.groupby("action", sort=False)["rows"].sum()
        logger.info(
            "%s: %d rows read, %d kept, %d dropped, %d quarantined",
            file,
            *(int(counts.get(action, 0)) for action in ("read", "kept", "dropped", "quarantined")),
        )


def quality_report(
    parts: Sequence[pd.DataFrame], files: Mapping[str, RawFile | RawFolder]
) -> pd.DataFrame:
    """Put the counts of all files together, and log a line per file.

    Args:
        parts: See `combine_quality`.
        files: The contracts of the raw files, in the order of the report.

    Returns:
        See `combine_quality`.

    Raises:
        PodiumError: the counts of a file do not add up.
    """
    report = combine_quality(parts, [file.name for file in files.values()])
    log_quality(report)
    return report


def sort_quarantine(quarantine: pd.DataFrame) -> pd.DataFrame:
    """The rows set aside by file and row; of one row in the order they were found."""
    return quarantine.sort_values(["file", "row"], kind="stable", ignore_index=True)


def count_copies(
    duplicates: pd.DataFrame,
    test_copies: pd.DataFrame,
    *,
    key: str,
    what: str,
    train_file: str,
    test_file: str,
) -> pd.DataFrame:
    """Count the rows with copies; those of the test that are known already are warned of.

    Args:
        duplicates: For each training row its id, `group`, and `rows` of the group.
        test_copies: For each test row that has copies among the training rows, `test_id`.
        key: Column of the id of the training rows.
        what: What copies are called, such as ``near copies``.
        train_file: Name of the file of the training rows.
        test_file: Likewise of the test rows.

    Returns:
        As `counts_frame`.
    """
    grouped = duplicates[duplicates["rows"] > 1]
    first, copied = (
        "" if ids.empty else f"{key} {ids.iloc[0]}"
        for ids in (grouped[key], test_copies["test_id"])
    )
    if len(test_copies):
        logger.warning("%s: %d rows are %s of training rows", test_file, len(test_copies), what)
    check = f"{what}, kept together in {grouped['group'].nunique()} groups"
    return counts_frame(
        [
            (train_file, check, "reported", len(grouped), first),
            (test_file, f"{what} of training rows", "reported", len(test_copies), copied),
        ]
    )


def quality_schema(files: Sequence[str]) -> DataFrameSchema:
    """The contract of a report on these files, for pandera."""
    import pandera.pandas as pap

    return pap.DataFrameSchema(
        {
            "file": pap.Column("str", pap.Check.isin(list(files))),
            "check": pap.Column("str"),
            "action": pap.Column("str", pap.Check.isin(ACTIONS)),
            "rows": pap.Column("int64", pap.Check.ge(0)),
            "share": pap.Column("float64", pap.Check.ge(0)),
            "example": pap.Column("str"),
        },
        strict=True,
    )

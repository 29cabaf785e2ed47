"""The users that a list is asked for: nothing in their file may be lost."""

from __future__ import annotations

import pandas as pd

from podium.common.data_quality import QualityLog
from podium.common.errors import RawDataError
from podium.common.raw_files import BLANK, RawTable
from podium.common.raw_values import parse_whole_number, refuse_repeated, shorten


def read_asked_users(raw: RawTable) -> tuple[pd.DataFrame, QualityLog]:
    """Type the users of a file that says what has to be delivered.

    Args:
        raw: Column user_id as text.

    Returns:
        row, user_id int64 (unique) and what else was read, in the order of the file, blank lines
        dropped; and the counts.

    Raises:
        RawDataError: a user is no whole number, or there twice.
    """
    table = raw.table
    parsed = parse_whole_number(table.user_id, least=0)
    typed = table.select(
        "row", "fault", "content", user_id=parsed.value, repaired=parsed.repaired
    ).order_by("row")
    frame = typed.to_pyarrow().to_pandas()
    blank = frame["fault"] == BLANK
    frame = frame[~blank]
    for bad in frame[frame["user_id"].isna() | frame["fault"].notna()].itertuples():
        why = bad.fault if isinstance(bad.fault, str) else "is not a whole number of 0 or more"
        raise RawDataError(
            f"{shorten(bad.content)} {why}", file=raw.file, column="user_id", row=bad.row
        )
    if frame.empty:
        raise RawDataError("the file has a header but no data rows", file=raw.file)
    frame["user_id"] = frame["user_id"].astype("int64")
    refuse_repeated(frame["user_id"], frame["row"], raw.file)
    log = QualityLog(raw)
    log.add("rows", "kept", len(frame))
    log.add(BLANK, "dropped", int(blank.sum()))
    odd = frame[frame["repaired"]]
    example = shorten(odd["content"].iloc[0]) if len(odd) else ""
    log.add("user_id written oddly", "repaired", len(odd), example)
    return frame, log

"""A tiny HearMe in raw files, with a submission and a truth whose score is known."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

USERS = [7, 3, 12]
ITEMS = list(range(1000, 1080))


def write_raw(raw: Path) -> None:
    """The four files; track 1079 occurs in the listens only, and some cells are dirty."""
    raw.mkdir(parents=True)
    (raw / "test.csv").write_text("user_id\n" + "".join(f"{user}\n" for user in USERS))
    items = "".join(f'{item},"Ән, {item}",100\n' for item in ITEMS[:-1])
    (raw / "item_metadata.csv").write_text(
        "item_id,track_name,track_duration\n" + items + "abc,broken,1\n", encoding="utf-8"
    )
    (raw / "interactions.csv").write_text(
        "user_id,item_id,listened_duration,listened_datetime\n"
        "7,1000,50,2025-03-01 10:00:00.00000\n"
        "7,1079,50,2025-03-01 10:05:00.00000\n"
        "7,,50,2025-03-01 10:07:00.00000\n"
        "7,10"
    )
    (raw / "user_metadata.csv").write_text("user_id,age_bin\n7,18_29\n")


def submission() -> pd.DataFrame:
    """Tracks 1000 to 1049 for everybody."""
    rows = [(user, 1000 + rank, rank + 1) for user in USERS for rank in range(50)]
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "rank"])
    frame.insert(0, "id", range(len(frame)))
    return frame


def write_fractions(path: Path) -> None:
    """User 7: 1 + .75 recommended and 1 beside; user 3: .3, that is .25; user 12: nothing."""
    path.write_text(
        "item_id,user_id,note,fraction\n"
        "1000,7,x,1\n1001,7,x,0.7\n1070,7,x,1\n1049,3,x,0.3\n1000,99,x,1\n"
    )


def write_listens(path: Path) -> None:
    """The same worth, as raw listens of tracks of 100 seconds (1079: length unknown)."""
    path.write_text(
        "user_id,item_id,listened_duration,listened_datetime\n"
        "7,1000,230,2025-09-01\n7,1001,70,2025-09-01\n7,1001,40,2025-09-02\n"
        "7,1079,60,2025-09-01\n3,1049,30,2025-09-03\n99,1000,100,2025-09-03\n"
    )

"""Small raw files of HearMe, and the whole first stage on a folder of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ibis
import pandas as pd

from podium.common.raw_files import RawTable, open_raw_csv
from podium.pipelines.hearme import data_processing as stage
from podium.pipelines.hearme.raw_contract import RAW_FILES

PARAMETERS = {"listens_from": "2025-02-28", "listens_until": "2025-08-30", "fewest_tracks": 5}


def good_files() -> dict[str, list[str]]:
    """The lines of the four files, header first, without any fault."""
    listens = ["user_id,item_id,listened_duration,listened_datetime"]
    listens += [
        f"{at % 4},{at % 10},{60 + at % 7},2025-0{3 + at % 5}-1{at % 10} 10:00:{at % 60:02d}.12345"
        for at in range(60)
    ]
    items = [
        "item_id,track_name,artist_name,track_duration,track_genres_list,"
        "track_dislike_count,track_like_count,track_download_count"
    ]
    items += [f"{at},Трек {at},Әнші {at},{200 + at},\"['Поп', 'Рок']\",1,2,3" for at in range(10)]
    users = [
        "user_id,age_bin,children,gender,top_genre,user_disliked_track_count,"
        "user_liked_track_count,user_downloaded_track_count"
    ]
    users += [f"{at},18_29,{at % 2},M,Поп,1,2,3" for at in range(4)]
    return {
        "interactions.csv": listens,
        "item_metadata.csv": items,
        "user_metadata.csv": users,
        "test.csv": ["user_id", "0", "1", "2"],
    }


def write_files(folder: Path, files: dict[str, list[str] | bytes]) -> None:
    """Write lines (with a line break after each) or bytes."""
    for name, lines in files.items():
        data = lines if isinstance(lines, bytes) else "".join(f"{x}\n" for x in lines).encode()
        (folder / name).write_bytes(data)


@dataclass
class Stage:
    """What the first stage makes of a folder."""

    train: pd.DataFrame
    items: pd.DataFrame
    users: pd.DataFrame
    test: pd.DataFrame
    artists: pd.DataFrame
    genres: pd.DataFrame
    quarantine: pd.DataFrame
    quality: pd.DataFrame

    def rows(self, file: str, action: str, check: str | None = None) -> int:
        """Number of rows in the report."""
        report = self.quality[(self.quality["file"] == file) & (self.quality["action"] == action)]
        return int(
            report["rows"].sum()
            if check is None
            else report.loc[report["check"] == check, "rows"].sum()
        )


def open_all(folder: Path, connection: ibis.BaseBackend) -> dict[str, RawTable]:
    """Open the four files."""
    return {
        name: open_raw_csv(folder / file.name, file, connection) for name, file in RAW_FILES.items()
    }


def run_stage(folder: Path, threads: int = 1, **parameters: object) -> Stage:
    """Run every node of the first stage, in the order of the pipeline."""
    connection = ibis.duckdb.connect(threads=threads)
    values = {**PARAMETERS, **parameters}
    raw = open_all(folder, connection)
    known, items_aside, items_counts = stage.clean_items(raw["raw_items"], values)
    people, users_aside, users_counts = stage.clean_users(raw["raw_users"])
    listens, aside, counts = stage.clean_listens(raw["raw_interactions"], known, values)
    items, durations = stage.estimate_durations(known, listens, values)
    train, capped = stage.cap_listens_at_tracks(listens, items)
    test, test_counts = stage.mark_test_users(raw["raw_test"], listens)
    users, profiles = stage.complete_users(people, listens, test)
    genres, genre_counts = stage.list_genres(known)
    quarantine, quality = stage.report_quality(
        aside,
        items_aside,
        users_aside,
        counts,
        items_counts,
        users_counts,
        test_counts,
        durations,
        capped,
        profiles,
        genre_counts,
    )
    return Stage(
        train=train.execute(),
        items=items,
        users=users,
        test=test,
        artists=stage.list_artists(items),
        genres=genres,
        quarantine=quarantine.execute(),
        quality=quality,
    )

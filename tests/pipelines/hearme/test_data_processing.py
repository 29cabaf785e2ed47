"""The first stage on small files, every rule by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from raw_hearme import good_files, run_stage, write_files

from podium.common.data_quality import combine_quality
from podium.common.errors import PodiumError
from podium.common.parameters import ParameterError
from podium.pipelines.hearme import schemas


def test_clean_files_stay_as_they_are(tmp_path: Path) -> None:
    write_files(tmp_path, good_files())
    result = run_stage(tmp_path)
    assert len(result.train) == 60
    assert result.quarantine.empty
    assert set(result.quality["action"]) == {"read", "kept"}
    schemas.Items.validate(result.items, lazy=True)
    schemas.Users.validate(result.users, lazy=True)
    schemas.Test.validate(result.test, lazy=True)
    schemas.ItemArtists.validate(result.artists, lazy=True)
    schemas.ItemGenres.validate(result.genres, lazy=True)
    schemas.DataQuality.validate(result.quality, lazy=True)
    assert result.genres["genre"].tolist()[:2] == ["Поп", "Рок"]


BAD_LISTENS = [
    ("x,1,60,2025-03-01 10:00:00", "user_id is not"),
    ("-1,1,60,2025-03-01 10:00:00", "user_id is not"),
    ("1,,60,2025-03-01 10:00:00", "item_id is not"),
    ("1,1,sixty,2025-03-01 10:00:00", "listened_duration is not"),
    ("1,1,,2025-03-01 10:00:00", "listened_duration is not"),
    ("1,1,60,yesterday", "listened_datetime is not"),
    ("1,1,-5,2025-03-01 10:00:00", "listened_duration is negative"),
    ("1,1,21601,2025-03-01 10:00:00", "listened_duration is absurdly"),
    ("1,1,99999999999999,2025-03-01 10:00:00", "listened_duration is absurdly"),
    ("1,1,60,2025-02-27 23:59:59.99999", "listened_datetime is before"),
    ("1,1,60,2025-08-31 00:00:00", "listened_datetime is after"),
    ("1,999,60,2025-03-01 10:00:00", "item_id is not in"),
    ("1,1,60", "has 3 fields"),
    ("1,1,60,2025-03-01 10:00:00,1", "has 5 fields"),
]


def test_bad_listens_are_set_aside_each_with_its_reason(tmp_path: Path) -> None:
    files = good_files()
    files["interactions.csv"] += [line for line, _ in BAD_LISTENS]
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    assert result.quarantine["row"].tolist() == list(range(61, 61 + len(BAD_LISTENS)))
    assert result.quarantine["content"].tolist() == [line for line, _ in BAD_LISTENS]
    for found, (_, reason) in zip(result.quarantine["reason"], BAD_LISTENS, strict=True):
        assert found.startswith(reason)
    assert result.rows("interactions.csv", "quarantined") == len(BAD_LISTENS)
    assert len(result.train) == 60


def test_good_edges_are_kept_and_repairs_counted(tmp_path: Path) -> None:
    files = good_files()
    files["interactions.csv"] += [
        "1,1,60,2025-02-28 00:00:00",
        "1,1,60,2025-08-30 23:59:59.99999",
        "1,1,21600,2025-03-01 10:00:00",
        " 1 ,1.0,0,2025-03-01T10:00:00",
        "555,1,60,2025-03-01 10:00:00",
        "",
    ]
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    assert len(result.train) == 65
    assert result.rows("interactions.csv", "repaired", "numbers or time written oddly") == 1
    assert result.rows("interactions.csv", "repaired", "longer than the track, capped") == 1
    assert result.rows("interactions.csv", "dropped", "blank line") == 1
    assert result.rows("interactions.csv", "reported", "of users without a profile") == 1
    assert result.train["listened_seconds"].max() == 201
    stranger = result.users[result.users["user_id"] == 555]
    assert len(stranger) == 1
    assert stranger.drop(columns="user_id").isna().all(axis=None)


@pytest.mark.parametrize("file", list(good_files()))
def test_blank_lines_are_dropped_and_counted(tmp_path: Path, file: str) -> None:
    files = good_files()
    files[file][2:2] = ["", "  "]
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    assert result.rows(file, "dropped", "blank line") == 2
    assert result.rows(file, "read") == len(files[file]) - 1


def test_exact_duplicates_are_dropped(tmp_path: Path) -> None:
    files = good_files()
    line = files["interactions.csv"][1]
    other = line.replace(",60,", ",61,")
    files["interactions.csv"] += [line, line, line.replace(",60,", ",60.0,"), other]
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    assert result.rows("interactions.csv", "dropped", "exact duplicate") == 3
    assert len(result.train) == 61


def test_bad_metadata_values_become_null(tmp_path: Path) -> None:
    files = good_files()
    files["user_metadata.csv"] += [
        "10,18-29,2,X,Поп,-1,2,3",
        "11,61_inf,1.0,f, Джаз ,1,2,3",
        "what,18_29,1,M,Поп,1,2,3",
    ]
    files["item_metadata.csv"][1] = "0,Трек,Әнші,0,[],-1,2,many"
    files["item_metadata.csv"] += ["50,,,99999999,,,,"]
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    users = result.users.set_index("user_id")
    assert users.loc[10, ["age_bin", "children", "gender", "disliked_count"]].isna().all()
    assert users.loc[11, ["age_bin", "children", "gender", "top_genre"]].tolist() == [
        "61_inf", 1, "F", "Джаз",
    ]  # fmt: skip
    assert result.rows("user_metadata.csv", "quarantined") == 1
    assert result.rows("user_metadata.csv", "repaired", "age_bin wrong, set to null") == 1
    report = result.quality.set_index("check")
    assert report.loc["age_bin wrong, set to null", "example"] == "row 5: '18-29'"
    items = result.items.set_index("item_id")
    # Track 0 was played 60 to 66 s, no length twice: the longest play is taken.
    assert items.loc[0, "track_seconds_estimated"]
    assert items.loc[0, "track_seconds"] == 66
    assert pd.isna(items.loc[50, "track_seconds"])
    assert result.rows("item_metadata.csv", "estimated") == 1


def test_most_complete_metadata_row_wins(tmp_path: Path) -> None:
    files = good_files()
    full = files["item_metadata.csv"][1]
    files["item_metadata.csv"][1:2] = ["0,Other,,,,,,", full, full, "0,Later,Ә,200,[],1,2,3"]
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    assert result.items.loc[result.items["item_id"] == 0, "track_name"].tolist() == ["Трек 0"]
    assert result.rows("item_metadata.csv", "dropped", "exact duplicate") == 1
    assert result.quarantine["row"].tolist() == [1, 4]


def test_threads_do_not_change_the_bytes(tmp_path: Path) -> None:
    files = good_files()
    rows = [
        f"{at * 7919 % 5},{at * 104729 % 12},{at % 300},2025-0{3 + at % 5}-10 10:{at % 60:02d}:00"
        for at in range(150_000)
    ]
    files["interactions.csv"] += rows
    write_files(tmp_path, files)
    one, four = run_stage(tmp_path, threads=1), run_stage(tmp_path, threads=4)
    pd.testing.assert_frame_equal(one.train, four.train)
    pd.testing.assert_frame_equal(one.quarantine, four.quarantine)
    pd.testing.assert_frame_equal(one.quality, four.quality)
    pd.testing.assert_frame_equal(one.items, four.items)


def test_a_report_that_does_not_add_up_is_refused() -> None:
    part = pd.DataFrame(
        {
            "file": ["a.csv"] * 2,
            "check": ["rows"] * 2,
            "action": ["read", "kept"],
            "rows": [3, 2],
            "example": ["", ""],
        }
    )
    with pytest.raises(PodiumError, match="3 rows were read, but 2"):
        combine_quality([part], ["a.csv"])


@pytest.mark.parametrize(
    "wrong", [{"listens_until": "2025-01-01"}, {"typo": 1}, {"longest_listen_seconds": 0}]
)
def test_wrong_parameters_are_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    write_files(tmp_path, good_files())
    with pytest.raises(ParameterError):
        run_stage(tmp_path, **wrong)

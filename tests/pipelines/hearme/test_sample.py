"""The sample files: in the statement's formats, whole or not at all, the same for a seed."""

import ast
import csv
import re
from pathlib import Path

import pandas as pd
import pytest

from podium.common.raw_contract import RawFile
from podium.pipelines.hearme import sample
from podium.pipelines.hearme.raw_contract import AGE_BINS, GENDERS, ITEMS, RAW_FILES
from podium.pipelines.hearme.sample import (
    BROKEN_TIMES,
    COMPETITION,
    SAMPLE,
    write_sample,
)
from podium.recommendation.synthetic import Noise, SampleSize, generate

NAMES = sorted(file.name for file in RAW_FILES.values())
SIZE = SampleSize(users=600, tracks=2_000, listens=60_000, test_users=50)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample")
    write_sample(path / "01_raw" / "hearme", 5, SIZE, truth_path=path / "truth.csv")
    return path


@pytest.fixture(scope="module")
def raw(root: Path) -> Path:
    return root / "01_raw" / "hearme"


@pytest.fixture(scope="module")
def noise() -> Noise:
    return generate(SIZE, 5).noise


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_same_seed_same_bytes_and_another_seed_other_bytes(raw: Path, tmp_path: Path) -> None:
    write_sample(tmp_path / "same", 5, SIZE)
    write_sample(tmp_path / "other", 6, SIZE)
    for name in NAMES:
        assert (tmp_path / "same" / name).read_bytes() == (raw / name).read_bytes()
        assert (tmp_path / "other" / name).read_bytes() != (raw / name).read_bytes()


def test_only_the_four_files_lie_among_the_raw(raw: Path) -> None:
    assert sorted(path.name for path in raw.iterdir()) == NAMES


def test_names_and_columns_are_the_contract_s(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in RAW_FILES.values():
        assert tuple(read(raw / file.name)[0]) == file.columns
    other = RawFile("tracks.csv", tuple(reversed(ITEMS.columns)))
    monkeypatch.setattr(sample, "ITEMS", other)
    write_sample(tmp_path / "hearme", 5, SIZE)
    assert tuple(read(tmp_path / "hearme" / "tracks.csv")[0]) == other.columns


def test_interactions_have_the_statements_format(raw: Path, noise: Noise) -> None:
    rows = read(raw / "interactions.csv")
    assert list(rows[0]) == ["user_id", "item_id", "listened_duration", "listened_datetime"]
    good = re.compile(r"\d{4}-\d\d-\d\d [0-2]\d:[0-5]\d:[0-5]\d\.\d{5}")
    broken = [
        row["listened_datetime"] for row in rows if not good.fullmatch(row["listened_datetime"])
    ]
    assert len(broken) == noise.unparsable_times
    assert set(broken) <= set(BROKEN_TIMES)
    for text in BROKEN_TIMES:
        assert pd.isna(pd.to_datetime(text, errors="coerce"))
    assert all(row["listened_duration"].lstrip("-").isdigit() for row in rows)
    assert len(rows) - len({tuple(row.values()) for row in rows}) == noise.duplicates
    assert 0.7 * SIZE.listens < len(rows) < 1.3 * SIZE.listens


def test_item_metadata_has_the_statements_format(raw: Path, noise: Noise) -> None:
    rows = read(raw / "item_metadata.csv")
    assert list(rows[0]) == [
        "item_id",
        "track_name",
        "artist_name",
        "track_duration",
        "track_genres_list",
        "track_dislike_count",
        "track_like_count",
        "track_download_count",
    ]
    assert len(rows) == SIZE.tracks + noise.duplicate_items
    unique = list({row["item_id"]: row for row in rows}.values())
    assert len(unique) == SIZE.tracks
    assert len({tuple(row.values()) for row in rows}) == SIZE.tracks
    lacking = {column: sum(row[column] == "" for row in unique) for column in unique[0]}
    assert lacking["track_duration"] == noise.items_without_duration
    assert lacking["track_genres_list"] == noise.items_without_genres
    assert lacking["track_like_count"] == noise.items_without_counts
    lists = [
        ast.literal_eval(row["track_genres_list"]) for row in unique if row["track_genres_list"]
    ]
    assert all(isinstance(genre, str) for genres in lists for genre in genres)
    assert {len(genres) for genres in lists} == {1, 2}
    assert {"Қазақ эстрадасы", "Rock'n'Roll", "Поп"} <= {g for genres in lists for g in genres}
    assert sum(" feat. " in row["artist_name"] for row in unique) > SIZE.tracks // 20
    names = "".join(row["track_name"] for row in unique)
    assert "," in names and '"' in names and "ң" in names


def test_user_metadata_has_the_statements_format(raw: Path, noise: Noise) -> None:
    rows = read(raw / "user_metadata.csv")
    assert list(rows[0]) == [
        "user_id",
        "age_bin",
        "children",
        "gender",
        "top_genre",
        "user_disliked_track_count",
        "user_liked_track_count",
        "user_downloaded_track_count",
    ]
    users = {row["user_id"] for row in rows}
    assert len(users) == SIZE.users - noise.users_without_metadata
    assert len(rows) == len(users) + noise.duplicate_users
    assert {row["age_bin"] for row in rows} == {"", *AGE_BINS}
    assert {row["gender"] for row in rows} == {"", *GENDERS}
    assert {row["children"] for row in rows} == {"", "0", "1"}


def test_test_users_have_listens_and_the_truth_knows_them(root: Path, raw: Path) -> None:
    test = [row["user_id"] for row in read(raw / "test.csv")]
    assert len(test) == len(set(test)) == SIZE.test_users
    assert set(test) <= {row["user_id"] for row in read(raw / "interactions.csv")}
    truth = read(root / "truth.csv")
    assert list(truth[0]) == ["user_id", "item_id", "fraction"]
    assert {row["user_id"] for row in truth} == set(test)
    known = {row["item_id"] for row in read(raw / "item_metadata.csv")}
    assert {row["item_id"] for row in truth} <= known


@pytest.mark.parametrize("place", ["01_raw/hearme/truth.csv", "01_raw/truth.csv"])
def test_truth_may_not_lie_among_the_raw_files(tmp_path: Path, place: str) -> None:
    with pytest.raises(ValueError, match="must not lie"):
        write_sample(tmp_path / "01_raw" / "hearme", 5, SIZE, truth_path=tmp_path / place)
    assert not list(tmp_path.iterdir())


def test_a_failure_midway_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(sample, "_write_users", fail)
    with pytest.raises(OSError, match="disk full"):
        write_sample(tmp_path / "hearme", 5, SIZE)
    assert not list(tmp_path.iterdir())


def test_files_that_are_there_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("user_id\n1\n")
    with pytest.raises(FileExistsError):
        write_sample(tmp_path, 5, SIZE)
    assert (tmp_path / "test.csv").read_text() == "user_id\n1\n"


def test_the_declared_sizes() -> None:
    assert (SAMPLE.users, SAMPLE.tracks, SAMPLE.test_users) == (500, 1_300, 80)
    assert (COMPETITION.users, COMPETITION.tracks) == (279_000, 349_000)
    assert (COMPETITION.listens, COMPETITION.test_users) == (24_800_000, 1_500)

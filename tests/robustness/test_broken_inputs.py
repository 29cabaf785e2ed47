"""One table of broken inputs over all challenges, each with what a person wants to be told."""

from collections import Counter
from dataclasses import dataclass

import broken_amazon
import broken_echoes
import broken_hearme
import hostile_folder
import pandas as pd
import pytest
import raw_amazon
import raw_echoes
import raw_hearme
from broken_cases import Counted, Refused

from podium.challenges import challenges
from podium.common.errors import RawDataError
from podium.image_datasets import ImageFolderDataset
from podium.pipelines.museum import data_processing as museum
from podium.pipelines.museum import schemas

CASES = [
    case
    for module in (broken_hearme, broken_echoes, hostile_folder, broken_amazon)
    for case in module.CASES
]


@dataclass
class ImageTables:
    """What the first stage of Lost in the Museum makes of a folder."""

    train: pd.DataFrame
    test: pd.DataFrame
    quarantine: pd.DataFrame
    quality: pd.DataFrame


def inspected(folder):
    """The first stage of Lost in the Museum, with the dataset that the catalog names."""
    dataset = ImageFolderDataset(
        filepath=str(folder / hostile_folder.FOLDER),
        schema="podium.pipelines.museum.raw_contract.IMAGES",
    )
    images = dataset.load.__wrapped__(dataset)  # without Kedro's wrapping of errors
    facts, thumbnails = museum.inspect_images(images, {"seed": 1, "threads": 1})
    train, test = museum.list_images(facts)
    quarantine, quality = museum.report_quality(facts, images)
    schemas.Train.validate(train)
    schemas.Test.validate(test)
    schemas.DataQuality.validate(quality)
    assert test["image_name"].tolist() == list(images.names) and len(thumbnails) == len(test)
    assert set(test.loc[~test["readable"], "image_name"]) == set(quarantine["content"])
    return ImageTables(train, test, quarantine, quality)


def written(raw):
    return lambda folder: raw.write_files(folder, raw.good_files())


MAKERS = {
    "hearme": (written(raw_hearme), raw_hearme.run_stage),
    "echoes": (written(raw_echoes), raw_echoes.run_stage),
    "amazon": (written(raw_amazon), raw_amazon.run_stage),
    "museum": (hostile_folder.good_folder, inspected),
}


def adds_up(quality):
    """Every record that was read is kept, dropped or set aside."""
    table = quality.pivot_table(
        index="file", columns="action", values="rows", aggfunc="sum", fill_value=0
    )
    parts = table.reindex(columns=["kept", "dropped", "quarantined"], fill_value=0).sum(axis=1)
    return parts.equals(table["read"].rename(None).astype(parts.dtype))


def test_there_are_a_hundred_kinds_and_many_of_every_challenge():
    counts = Counter(case.challenge for case in CASES)
    print(f"\n{len(CASES)} kinds of broken input: {dict(counts)}")
    assert set(counts) == set(challenges()) == set(MAKERS)
    assert len(CASES) >= 100 and min(counts.values()) >= 20
    assert len({str(case) for case in CASES}) == len(CASES)
    said = (getattr(case.wanted, "says", None) or getattr(case.wanted, "reason", None)
            or getattr(case.wanted, "check", None) for case in CASES)  # fmt: skip
    assert all(said)


@pytest.mark.parametrize("challenge", MAKERS)
def test_the_good_files_are_kept_whole(tmp_path, challenge):
    make, run = MAKERS[challenge]
    make(tmp_path)
    result = run(tmp_path)
    assert adds_up(result.quality) and result.quarantine.empty
    assert set(result.quality["action"]) <= {"read", "kept", "reported", "estimated"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_person_is_told_what_is_wrong(tmp_path, case):
    make, run = MAKERS[case.challenge]
    make(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    case.spoil(tmp_path)
    spoilt = {path for path in tmp_path.rglob("*")}
    assert before != {path: path.lstat().st_mtime_ns for path in spoilt}, "nothing is broken"
    wanted = case.wanted
    if isinstance(wanted, Refused):
        with pytest.raises(RawDataError) as caught:
            run(tmp_path)
        error = caught.value
        assert (error.file, error.column, error.row) == (wanted.file, wanted.column, wanted.row)
        assert wanted.says in str(error) and str(error).startswith(wanted.file)
        assert len(str(error)) > len(wanted.file) + 15 and len(str(error).splitlines()) == 1
    else:
        result = run(tmp_path)
        assert adds_up(result.quality)
        if isinstance(wanted, Counted):
            told = result.quality[result.quality["file"] == wanted.file]
            told = told[told["check"].str.contains(wanted.check, regex=False)]
            assert wanted.rows in told["rows"].tolist(), result.quality.to_string()
            assert result.quarantine.empty
        else:
            aside = result.quarantine[result.quarantine["file"] == wanted.file]
            assert wanted.row in aside["row"].tolist(), result.quarantine.to_string()
            reason = aside.set_index("row").loc[wanted.row, "reason"]
            assert wanted.reason in reason, reason
    assert {path for path in tmp_path.rglob("*")} == spoilt, "reading wrote or lost a file"

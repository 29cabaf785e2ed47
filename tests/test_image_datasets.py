"""A folder of images as a raw file of the contract."""

import io
import sys

import numpy as np
import pytest
from kedro.io import DatasetError
from PIL import Image

from podium.common.errors import PodiumError
from podium.common.raw_contract import RawFile, RawFolder, find_raw
from podium.data_tree import data_kind, demand_raw_files, raw_files
from podium.error_hooks import user_message
from podium.image_datasets import ImageFolderDataset
from podium.provenance import fingerprint
from podium.vision.inspection import COLUMNS

CONTRACT = """
from podium.common.raw_contract import RawFile, RawFolder
IMAGES = RawFolder("images")
EXTRA = RawFolder("extra", required=False)
NOTES = RawFile("notes.csv", ("a",))
RAW_FILES = {"raw_images": IMAGES, "raw_extra": EXTRA, "raw_notes": NOTES}
"""


@pytest.fixture
def raw(tmp_path, monkeypatch):
    """The raw folder of a challenge with a folder of images among its files."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "gallery_contract.py").write_text(CONTRACT)
    monkeypatch.syspath_prepend(tmp_path / "code")
    import gallery_contract

    monkeypatch.setitem(sys.modules, "podium.pipelines.gallery.schemas", gallery_contract)
    folder = tmp_path / "data" / "01_raw" / "gallery"
    folder.mkdir(parents=True)
    return folder


def put_images(folder, count=3):
    folder.mkdir(parents=True)
    for at in range(count):
        stream = io.BytesIO()
        Image.new("RGB", (20 + at, 10), "red").save(stream, "PNG")
        (folder / f"{at:02}.png").write_bytes(stream.getvalue())
    return folder


def dataset(folder, constant="IMAGES"):
    return ImageFolderDataset(
        filepath=str(folder), schema=f"gallery_contract.{constant}", metadata={"layer": "raw"}
    )


def test_a_folder_is_listed_and_shown(raw):
    put_images(raw / "images", 12)
    images = dataset(raw / "images")
    assert images.exists() and images.metadata == {"layer": "raw"}
    folder = images.load()
    assert len(folder) == 12
    assert np.array_equal(folder.read(0, 4), np.full((2, 4, 3), [255, 0, 0]))
    shown = images.preview(2)
    assert shown["columns"] == list(COLUMNS)
    assert [row[0] for row in shown["data"]] == ["00.png", "01.png"]
    assert [row[4:6] for row in shown["data"]] == [["20", "10"], ["21", "10"]]
    with pytest.raises(DatasetError, match="not written by a run"):
        images.save(folder)


@pytest.mark.parametrize("prepare", ["missing", "empty", "hidden"])
def test_without_images_the_message_names_the_folder(raw, prepare):
    if prepare != "missing":
        (raw / "images").mkdir()
    if prepare == "hidden":
        (raw / "images" / ".gitkeep").touch()
    images = dataset(raw / "images")
    assert not images.exists()
    assert images.preview() == {"index": [], "columns": list(COLUMNS), "data": []}
    with pytest.raises(DatasetError) as caught:
        images.load()
    message = user_message(caught.value)
    assert message.startswith("images: ") and str(raw / "images") in message
    assert dataset(raw / "images", "EXTRA").load() is None


@pytest.mark.parametrize("made", ["a file", "a broken link"])
def test_what_is_no_folder_is_refused_even_where_none_is_required(raw, made):
    path = raw / "images"
    path.write_bytes(b"x") if made == "a file" else path.symlink_to(raw / "unmounted")
    with pytest.raises(DatasetError) as caught:
        dataset(path, "EXTRA").load()
    message = user_message(caught.value)
    assert message.startswith("images: the folder of images cannot be opened")
    assert str(path) in message


def test_what_a_contract_describes_is_found(raw):
    put_images(raw / "images")
    (raw / "notes.csv.gz").touch()
    (raw / "file").touch()
    assert find_raw(raw / "images", RawFolder("images")) == raw / "images"
    assert find_raw(raw / "file", RawFolder("file")) is None
    assert find_raw(raw / "notes.csv", RawFile("notes.csv", ())) == raw / "notes.csv.gz"
    assert find_raw(raw / "images", RawFile("images", ())) is None


def demand(raw):
    names = {"raw_images": "images", "raw_extra": "extra", "raw_notes": "notes.csv"}
    demand_raw_files("gallery", {dataset: raw / name for dataset, name in names.items()})


@pytest.mark.parametrize("empty", [False, True])
def test_a_run_demands_the_folder_with_files(raw, empty):
    (raw / "notes.csv").touch()
    if empty:
        (raw / "images").mkdir()
    with pytest.raises(PodiumError, match=r"gallery lacks images/ \(a folder with files\)\. Put"):
        demand(raw)
    (raw / "images").mkdir(exist_ok=True)
    (raw / "images" / "a.jpg").touch()
    demand(raw)


@pytest.mark.parametrize("held", ["nothing", "a hidden file", "a file"])
def test_an_empty_folder_is_no_competition_data(raw, held):
    (raw / "images").mkdir()
    if held != "nothing":
        (raw / "images" / (".gitkeep" if held == "a hidden file" else "a.jpg")).touch()
    root = raw.parents[1]
    assert raw_files(root, "gallery") == ([raw / "images"] if held == "a file" else [])
    kind = data_kind(root.parent, "gallery")
    assert kind == ("competition" if held == "a file" else "sample")


def test_the_fingerprint_of_a_raw_folder_follows_names_and_bytes(raw):
    put_images(raw / "images")
    first = fingerprint(raw_files(raw.parents[1], "gallery"))
    (raw / "images" / ".DS_Store").touch()
    (raw / "images" / "inner").mkdir()
    assert fingerprint([raw / "images"]) == first
    (raw / "images" / "00.png").rename(raw / "images" / "07.png")
    second = fingerprint([raw / "images"])
    size = (raw / "images" / "07.png").stat().st_size
    (raw / "images" / "07.png").write_bytes(b"x" * size)
    assert len({first, second, fingerprint([raw / "images"])}) == 3

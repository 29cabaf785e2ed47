"""Images of rows, from files and from memory."""

import shutil

import numpy as np
from PIL import Image

from podium.vision.pictures import Pictures


def folder_of(path):
    path.mkdir()
    for shade in (50, 150):
        Image.new("RGB", (40, 20), (shade, 0, 0)).save(path / f"{shade}.png")
    (path / "spoilt.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    names = ["50.png", "150.png", "spoilt.png", "missing.png"]
    sources = np.array([*(path / name for name in names), None], dtype=object)
    return Pictures(sources)


def test_rows_are_read_when_they_are_looked_at(tmp_path):
    pictures = folder_of(tmp_path / "images")
    assert pictures.lost == 1 and pictures.take(np.array([0, 4])).lost == 0
    assert len(pictures) == 5 and pictures.known.tolist() == [True] * 4 + [False]
    assert pictures.read(0).shape == (20, 40, 3) and pictures.read(0)[0, 0, 0] == 50
    assert pictures.read(1, 10).shape == (5, 10, 3)
    assert [pictures.read(row) for row in (2, 3, 4)] == [None] * 3
    taken = pictures.take(np.array([4, 1]))
    assert taken.read(0) is None and taken.read(1)[0, 0, 0] == 150


def test_in_memory_they_outlive_their_files(tmp_path):
    pictures = folder_of(tmp_path / "images")
    held = pictures.in_memory()
    wanted = [pictures.read(row) for row in range(2)]
    shutil.rmtree(tmp_path / "images")
    for row, pixels in enumerate(wanted):
        np.testing.assert_array_equal(held.read(row), pixels)
        assert pictures.read(row) is None
    assert [held.read(row) for row in (2, 3, 4)] == [None] * 3
    assert held.known.tolist() == [True, True, True, False, False]

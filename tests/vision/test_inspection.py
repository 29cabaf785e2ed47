"""The table of facts about images and their thumbnails."""

import logging

import hostile_images as made
import numpy as np
import pytest
from PIL import Image

from podium.vision.image_folder import ImageFolder
from podium.vision.inspection import COLUMNS, ImageFacts, inspect_folder, inspect_image

PNG = made.encoded(made.picture(), "PNG")
WIDTH, HEIGHT = made.WIDTH, made.HEIGHT


def half_clear():
    image = made.picture().convert("RGBA")
    image.putalpha(128)
    return made.encoded(image, "PNG")


def with_text_for_a_turn():
    tag = b"\x01\x12\0\x02\0\0\0\x02l\0\0\0"
    exif = made.png_chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01" + tag + bytes(4))
    return PNG[:33] + exif + PNG[33:]


CASES = {
    "plain.png": (PNG, ("PNG", "RGB", WIDTH, HEIGHT, 1, "", "")),
    "grey.JPG": (
        made.encoded(made.picture().convert("L"), "JPEG"),
        ("JPEG", "L", WIDTH, HEIGHT, 1, "", ""),
    ),
    "turned.jpg": (
        made.turned("JPEG", 6),
        ("JPEG", "RGB", HEIGHT, WIDTH, 6, "", "turned by its EXIF tag 6"),
    ),
    "turned_how.png": (made.turned("PNG", 200), ("PNG", "RGB", WIDTH, HEIGHT, 1, "", "")),
    "turned_text.png": (with_text_for_a_turn(), ("PNG", "RGB", WIDTH, HEIGHT, 1, "", "")),
    "flipped.webp": (
        made.turned("WEBP", 4),
        ("WEBP", "RGB", WIDTH, HEIGHT, 4, "", "turned by its EXIF tag 4"),
    ),
    "named.jpg": (
        PNG,
        ("PNG", "RGB", WIDTH, HEIGHT, 1, "", "PNG by its content, .jpg by its name"),
    ),
    "moving.png": (
        made.frames("GIF"),
        ("GIF", "P", WIDTH, HEIGHT, 1, "",
         "GIF by its content, .png by its name; several frames, the first taken"),
    ),
    "moving.webp": (
        made.frames("WEBP"),
        ("WEBP", "RGB", WIDTH, HEIGHT, 1, "", "several frames, the first taken"),
    ),
    "clear.png": (
        half_clear(),
        ("PNG", "RGBA", WIDTH, HEIGHT, 1, "", "transparency laid on white"),
    ),
    "deep.png": (
        made.encoded(Image.fromarray(np.zeros((5, 9), np.uint16)), "PNG"),
        ("PNG", "I;16", 9, 5, 1, "", ""),
    ),
    "empty.jpg": (b"", ("", "", 0, 0, 1, "empty file", "")),
    "text.jpg": (b"<html>", ("", "", 0, 0, 1, "not an image", "")),
    "cut.png": (PNG[:-80], ("PNG", "RGB", WIDTH, HEIGHT, 1, "truncated", "")),
    "bomb.png": (
        made.png_bomb(),
        ("PNG", "RGB", 100_000, 100_000, 1, "decompression bomb: 100000 x 100000 pixels", ""),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_facts(name):
    data, expected = CASES[name]
    facts, picture = inspect_image(data, name=name)
    assert facts == ImageFacts(len(data), *expected)
    assert picture.shape == (64, 64, 3) and picture.dtype == np.uint8
    assert picture.any() == (not facts.fault and name != "deep.png")


def test_a_file_on_disk_has_its_own_name(tmp_path):
    (tmp_path / "a.webp").write_bytes(PNG)
    facts, _ = inspect_image(tmp_path / "a.webp")
    assert facts.note == "PNG by its content, .webp by its name"
    assert inspect_image(tmp_path / "none.jpg")[0] == ImageFacts(fault="missing")


@pytest.mark.parametrize("tag", [1, 6])
def test_a_thumbnail_is_the_upright_picture_pressed_into_a_square(tag):
    data = made.turned("JPEG", tag, made.picture(1200, 800), quality=95)
    expected = made.pixels(made.picture(64, 64))
    expected = np.rot90(expected, -1) if tag == 6 else expected
    assert np.abs(inspect_image(data)[1].astype(int) - expected).max() <= 8


@pytest.mark.parametrize("threads", [1, 3])
def test_a_folder_becomes_a_table(tmp_path, threads):
    for name, (data, _) in CASES.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "link.jpg").symlink_to("/etc/hostname")
    folder = ImageFolder.open(tmp_path)
    table, thumbnails = inspect_folder(folder, threads=threads)
    assert tuple(table.columns) == COLUMNS
    assert table["image_name"].tolist() == list(folder.names)
    assert table.dtypes[["bytes", "width", "height"]].eq("int64").all()
    assert not table.isna().any().any()
    assert thumbnails.shape == (len(folder), 64, 64, 3) and thumbnails.dtype == np.uint8
    rows = table.set_index("image_name")
    assert rows.loc["link.jpg", "fault"] == "link out of the folder"
    for at, name in enumerate(folder.names):
        if name in CASES:
            facts, picture = inspect_image(CASES[name][0], name=name)
            assert rows.loc[name, "bytes"] == len(CASES[name][0])
            assert rows.loc[name, ["width", "height"]].tolist() == [facts.width, facts.height]
            for column in ("format", "mode", "fault", "note"):
                assert rows.loc[name, column] == getattr(facts, column)
            assert np.array_equal(thumbnails[at], picture)
        else:
            assert not thumbnails[at].any()


def test_progress_is_logged(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("podium.common.progress._LOG_EVERY_SECONDS", 0)
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(PNG)
    with caplog.at_level(logging.INFO):
        inspect_folder(ImageFolder.open(tmp_path), progress="Looking")
    assert "Looking: 1 of 2" in caplog.text

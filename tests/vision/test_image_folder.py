"""Folders of images: which files count, links, and reading in order on threads."""

import os
import pickle
import threading
import time

import hostile_images as made
import numpy as np
import pytest

from podium.common.errors import RawDataError
from podium.vision.image_folder import Ignored, ImageFolder, Signature
from podium.vision.reading import ImageFault, read_image

GOOD = made.encoded(made.picture(), "PNG")


def folder_of(root, *names, data=GOOD):
    root.mkdir(parents=True, exist_ok=True)
    for name in names:
        (root / name).write_bytes(data)
    return root


def test_images_are_told_by_suffix_and_kept_to_the_byte(tmp_path):
    kept = ["A.JPG", "a.jpg", "b c.jpeg", "d.e.WebP", "Ёлка и снег.png"]
    folder_of(tmp_path, *kept, "notes.txt", "jpg", "e.gif", ".hidden.jpg", ".DS_Store")
    folder_of(tmp_path / "more.jpg", "inside.jpg")
    folder_of(tmp_path / ".thumbnails", "inside.jpg")
    folder = ImageFolder.open(tmp_path)
    assert folder.names == tuple(kept)
    assert len(folder) == 5
    assert folder.ignored == (
        Ignored("e.gif", "other suffix"),
        Ignored("jpg", "other suffix"),
        Ignored("more.jpg", "subfolder"),
        Ignored("notes.txt", "other suffix"),
    )
    assert folder.path(2) == tmp_path / "b c.jpeg"
    assert all(np.array_equal(folder.read(at, None), made.pixels(made.picture())) for at in (0, 4))


def test_the_order_is_that_of_composed_names(tmp_path):
    apart, composed = "e\u0301a.jpg", "\u00e9b.jpg"
    folder_of(tmp_path, composed, "f.jpg", apart, "e.jpg")
    assert ImageFolder.open(tmp_path).names == ("e.jpg", "f.jpg", apart, composed)


def test_names_that_no_table_can_hold_are_ignored(tmp_path):
    folder_of(tmp_path, "a.jpg", "two\nlines.jpg")
    (tmp_path / os.fsdecode(b"\xff.jpg")).write_bytes(GOOD)
    folder = ImageFolder.open(tmp_path)
    assert folder.names == ("a.jpg",)
    assert [entry.reason for entry in folder.ignored] == [
        "control character in the name",
        "name is not UTF-8",
    ]


def test_links_are_followed_within_the_folder_only(tmp_path):
    outside = folder_of(tmp_path / "images2", "secret.jpg") / "secret.jpg"
    root = folder_of(tmp_path / "images", "e.png")
    (root / "a.png").symlink_to("e.png")
    (root / "b.png").symlink_to(outside)
    (root / "c.png").symlink_to("../images2/secret.jpg")
    (root / "d.png").symlink_to("d.png")
    (root / "f.png").symlink_to("none.png")
    (root / "g.png").symlink_to(outside.parent)
    (tmp_path / "by a link").symlink_to(root)
    reasons = {
        "b.png": "link out of the folder",
        "c.png": "link out of the folder",
        "d.png": "broken link",
        "f.png": "broken link",
        "g.png": "link out of the folder",
    }
    for place in (root, tmp_path / "by a link"):
        folder = ImageFolder.open(place)
        found = {}
        for index, image in folder.read_many(range(len(folder)), None):
            if isinstance(image, ImageFault):
                found[folder.names[index]] = image.reason
            else:
                assert np.array_equal(image, made.pixels(made.picture()))
        assert found == reasons
        assert set(folder.names) - set(found) == {"a.png", "e.png"}


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda root: None, r"images: the folder of images cannot be opened \(No such file"),
        (lambda root: root.write_bytes(b""), r"cannot be opened \(Not a directory\)"),
        (lambda root: root.mkdir(), "no image among the 0 entries of .*images; expected .jpg"),
        (lambda root: folder_of(root, "a.txt", ".b.jpg"), "no image among the 1 entries"),
    ],
)
def test_a_folder_without_images_is_named(tmp_path, prepare, message):
    prepare(tmp_path / "images")
    with pytest.raises(RawDataError, match=message):
        ImageFolder.open(tmp_path / "images")


@pytest.mark.parametrize("threads", [1, 3])
def test_many_are_read_in_the_order_asked(tmp_path, threads):
    names = [f"{at:02}.png" for at in range(30)]
    for at, name in enumerate(names):
        data = made.encoded(made.picture(40 + at, 30), "PNG")
        folder_of(tmp_path, name, data=data[:-80] if at == 7 else data)
    folder = ImageFolder.open(tmp_path)
    asked = [5, 29, 7, 0, 5, *range(8, 25)]
    read = list(folder.read_many(asked, 36, threads))
    assert [index for index, _ in read] == asked
    for index, image in read:
        if index == 7:
            assert isinstance(image, ImageFault) and image.reason == "truncated"
        else:
            expected = read_image(tmp_path / names[index], longest_side=36)
            assert np.array_equal(image, expected)


def test_little_is_read_ahead_and_an_end_is_clean(tmp_path, monkeypatch):
    begun = []
    monkeypatch.setattr(
        "podium.vision.image_folder.read_image", lambda data, **_: begun.append(1) or data
    )
    folder = ImageFolder.open(folder_of(tmp_path, *(f"{at:03}.png" for at in range(100))))
    images = folder.read_many(range(100), None, 2)
    assert begun == []
    assert next(images)[0] == 0
    time.sleep(0.05)
    assert len(begun) <= 5
    images.close()
    assert len(begun) <= 5


def test_two_threads_read_at_a_time(tmp_path, monkeypatch):
    meeting = threading.Barrier(2, timeout=10)
    monkeypatch.setattr("podium.vision.image_folder.read_image", lambda data, **_: meeting.wait())
    folder = ImageFolder.open(folder_of(tmp_path, *(f"{at}.png" for at in range(6))))
    assert len(list(folder.read_many(range(6), None, 2))) == 6


def test_an_error_of_the_caller_is_no_fault(tmp_path):
    folder = ImageFolder.open(folder_of(tmp_path, "a.png"))
    with pytest.raises(ValueError, match="longest_side must be at least 1"):
        list(folder.read_many([0], 0))


def test_a_folder_can_be_sent_to_another_process(tmp_path, monkeypatch):
    folder_of(tmp_path / "images", "a.jpg")
    monkeypatch.chdir(tmp_path)
    folder = ImageFolder.open(tmp_path.__class__("images"))
    monkeypatch.chdir("/")
    copy = pickle.loads(pickle.dumps(folder))
    assert copy == folder and hash(copy) == hash(folder)
    assert copy.read(0, 10).shape == (7, 10, 3)


def test_a_signature_follows_the_file(tmp_path):
    folder_of(tmp_path, "a.jpg", "b.jpg")
    (tmp_path / "c.jpg").symlink_to("a.jpg")
    (tmp_path / "d.jpg").symlink_to("/etc/hostname")
    folder = ImageFolder.open(tmp_path)
    os.utime(tmp_path / "a.jpg", ns=(5, 7))
    assert folder.signature(0) == Signature("a.jpg", len(GOOD), 7)
    assert folder.signature(2) == Signature("c.jpg", len(GOOD), 7)
    assert folder.signature(3).bytes == len("/etc/hostname")
    (tmp_path / "a.jpg").write_bytes(GOOD + b"x")
    os.utime(tmp_path / "a.jpg", ns=(5, 8))
    assert folder.signature(0) == Signature("a.jpg", len(GOOD) + 1, 8)
    (tmp_path / "b.jpg").unlink()
    assert folder.signature(1) == Signature("b.jpg", 0, 0)

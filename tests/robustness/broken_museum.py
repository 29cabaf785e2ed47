"""Hostile images of Lost in the Museum: each among good ones, and what its row says."""

import os

import hostile_images as made
import numpy as np
from broken_cases import Case, Counted, Refused, SetAside
from PIL import Image
from raw_museum import FOLDER, GOOD

#: Names in the order of the folder: the spoilt one is the last.
LAST = f"zz {GOOD + 1}"


def put(name, make):
    """One more image."""
    return lambda folder: (folder / FOLDER / name).write_bytes(make()) and None


def linked(name, target):
    return lambda folder: os.symlink(target, folder / FOLDER / name)


def sixteen_bits():
    deep = np.array(made.picture().convert("L")).astype(np.uint16) * 257
    return made.encoded(Image.fromarray(deep), "PNG")


def palette_with_alpha():
    stored = made.picture().convert("P", palette=Image.Palette.ADAPTIVE)
    return made.encoded(stored, "PNG", transparency=bytes([0, 128, 255]))


def every_image(content):
    def spoil(folder):
        for path in (folder / FOLDER).iterdir():
            path.write_bytes(content)

    return spoil


def keep(count):
    def spoil(folder):
        for path in sorted((folder / FOLDER).iterdir())[count:]:
            path.unlink()

    return spoil


def no_image(folder):
    for path in (folder / FOLDER).iterdir():
        path.rename(path.with_suffix(".txt"))


def emptied(folder):
    for path in (folder / FOLDER).iterdir():
        path.unlink()


def unreadable(name, make, reason):
    return put(name, make), SetAside(FOLDER, GOOD + 1, reason)


def jpeg(**options):
    return made.encoded(made.picture(), "JPEG", **options)


_KINDS = {
    "no folder": (
        lambda folder: (emptied(folder), (folder / FOLDER).rmdir()),
        Refused(FOLDER, "cannot be opened"),
    ),
    "an empty folder": (emptied, Refused(FOLDER, "no image")),
    "a folder of texts": (no_image, Refused(FOLDER, "no image among the 14 entries")),
    "too few images": (keep(9), Refused(FOLDER, "9 of 9 images can be read; ten are needed")),
    "no image that can be read": (every_image(b"no"), Refused(FOLDER, "0 of 14 images")),
    "zero bytes": unreadable(f"{LAST}.jpg", lambda: b"", "empty file"),
    "a page of HTML": unreadable(f"{LAST}.jpg", lambda: b"<html>404</html>", "not an image"),
    "a signature only": unreadable(f"{LAST}.png", lambda: b"\x89PNG\r\n\x1a\n", "truncated"),
    "a truncated JPEG": unreadable(f"{LAST}.jpg", lambda: jpeg()[:-200], "truncated"),
    "a truncated progressive JPEG": unreadable(
        f"{LAST}.jpg", lambda: jpeg(progressive=True)[:-200], "truncated"
    ),
    "a truncated PNG": unreadable(
        f"{LAST}.png", lambda: made.encoded(made.picture(), "PNG")[:-100], "truncated"
    ),
    "a truncated WebP": unreadable(
        f"{LAST}.webp", lambda: made.encoded(made.picture(), "WEBP")[:-30], "truncated"
    ),
    "zeros for the end": unreadable(
        f"{LAST}.jpg", lambda: jpeg()[:-200] + bytes(5000), "truncated"
    ),
    "a decompression bomb, PNG": unreadable(
        f"{LAST}.png", made.png_bomb, "decompression bomb: 100000 x 100000 pixels"
    ),
    "a decompression bomb, JPEG": unreadable(
        f"{LAST}.jpg", made.jpeg_bomb, "decompression bomb: 60000 x 60000 pixels"
    ),
    "a decompression bomb, WebP": unreadable(
        f"{LAST}.webp", made.webp_bomb, "decompression bomb: 12000 x 12000 pixels"
    ),
    "a decompression bomb in the metadata": unreadable(
        f"{LAST}.png", made.png_text_bomb, "decompression bomb in the metadata"
    ),
    "a format that is not supported": unreadable(
        f"{LAST}.jpg", lambda: b"\0\0\0\x18ftypheic" + bytes(99), "HEIC is not supported"
    ),
    "a link out of the folder": (
        linked(f"{LAST}.jpg", "/etc/hostname"),
        SetAside(FOLDER, GOOD + 1, "link out of the folder"),
    ),
    "a broken link": (
        linked(f"{LAST}.jpg", "nowhere.jpg"),
        SetAside(FOLDER, GOOD + 1, "broken link"),
    ),
    "a link within the folder": (linked(f"{LAST}.jpg", "01.jpg"), Counted(FOLDER, "images", 15)),
    "a wrong extension": (
        put(f"{LAST}.jpg", lambda: made.encoded(made.picture(), "PNG")),
        Counted(FOLDER, "PNG by its content, .jpg by its name"),
    ),
    "a single pixel": (
        put(f"{LAST}.png", lambda: made.encoded(made.picture(1, 1), "PNG")),
        Counted(FOLDER, "images", 15),
    ),
    "a thread of pixels": (
        put(f"{LAST}.png", lambda: made.encoded(made.picture(1, 5000), "PNG")),
        Counted(FOLDER, "images", 15),
    ),
    "CMYK": (
        put(f"{LAST}.jpg", lambda: made.encoded(made.picture().convert("CMYK"), "JPEG")),
        Counted(FOLDER, "images", 15),
    ),
    "16 bits": (put(f"{LAST}.png", sixteen_bits), Counted(FOLDER, "images", 15)),
    "a palette with alpha": (
        put(f"{LAST}.png", palette_with_alpha),
        Counted(FOLDER, "transparency laid on white"),
    ),
    "an animation": (put(f"{LAST}.webp", lambda: made.frames("WEBP")), Counted(FOLDER, "frame")),
    "turned by its EXIF tag": (
        put(f"{LAST}.jpg", lambda: made.turned("JPEG", 6)),
        Counted(FOLDER, "turned by its EXIF tag 6"),
    ),
    "a broken EXIF block": (
        put(f"{LAST}.jpg", made.with_broken_exif),
        Counted(FOLDER, "images", 15),
    ),
    "a name with spaces": (put("zz a  b .jpg", jpeg), Counted(FOLDER, "images", 15)),
    "a Cyrillic name": (put("картина и рама.jpg", jpeg), Counted(FOLDER, "images", 15)),
    "a name with a comma and a quote": (put('zz "a", b.jpg', jpeg), Counted(FOLDER, "images", 15)),
    "a name with a line break": (
        put("zz\nb.jpg", jpeg),
        Counted(FOLDER, "control character in the name"),
    ),
    "a subfolder named like an image": (
        lambda folder: (folder / FOLDER / "zz.jpg").mkdir(),
        Counted(FOLDER, "subfolder"),
    ),
    "a file that is no image": (put("Thumbs.db", lambda: b"x"), Counted(FOLDER, "other suffix")),
}

CASES = [Case("museum", kind, *of) for kind, of in _KINDS.items()]

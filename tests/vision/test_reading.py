"""Images of every mode, turned, shrunk, broken and hostile."""

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hostile_images as made
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms

from podium.vision.pixel_modes import eight_bits
from podium.vision.reading import ImageFault, read_bytes, read_image

SIZE = (made.HEIGHT, made.WIDTH, 3)
SOURCE = Path(__file__).resolve().parents[2] / "src"


def difference(image, expected):
    assert image.shape == expected.shape
    return np.abs(image.astype(int) - expected).max()


def grey():
    return np.repeat(np.array(made.picture().convert("L"))[..., None], 3, axis=2)


def lab(image):
    srgb, profile = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return ImageCms.profileToProfile(image, srgb, profile, outputMode="LAB")


def plain_cmyk():
    """A CMYK JPEG that says nothing of Adobe, so that 0 is no ink."""
    inverted = ImageChops.invert(made.picture().convert("CMYK"))
    return made.without_segment(made.encoded(inverted, "JPEG", quality=95), b"\xff\xee")


COLOUR = {
    "RGB jpeg": (lambda: made.encoded(made.picture(), "JPEG", quality=95), 10),
    "RGB webp": (lambda: made.encoded(made.picture(), "WEBP", lossless=True), 0),
    "RGB png": (lambda: made.encoded(made.picture(), "PNG"), 0),
    "RGB bmp": (lambda: made.encoded(made.picture(), "BMP"), 0),
    "progressive": (lambda: made.encoded(made.picture(), "JPEG", quality=95, progressive=True), 10),
    "CMYK of Adobe": (lambda: made.encoded(made.picture().convert("CMYK"), "JPEG", quality=95), 10),
    "CMYK plain": (plain_cmyk, 10),
    "CMYK tiff": (lambda: made.encoded(made.picture().convert("CMYK"), "TIFF"), 0),
    "YCbCr tiff": (lambda: made.encoded(made.picture().convert("YCbCr"), "TIFF"), 3),
    "Lab tiff": (lambda: made.encoded(lab(made.picture()), "TIFF"), 20),
    "RGBA opaque": (lambda: made.encoded(made.picture().convert("RGBA"), "PNG"), 0),
    "palette": (lambda: made.encoded(made.picture().quantize(256), "PNG"), 20),
    "avif": (lambda: made.encoded(made.picture(), "AVIF", quality=95), 8),
}


@pytest.mark.parametrize("name", COLOUR)
def test_colours_are_kept(name):
    data, tolerance = COLOUR[name]
    image = read_image(data(), longest_side=None)
    assert image.dtype == np.uint8 and image.flags.writeable and image.flags.c_contiguous
    assert difference(image, made.pixels(made.picture())) <= tolerance


@pytest.mark.parametrize(
    ("mode", "kind", "scale"),
    [("L", "PNG", 1), ("L", "JPEG", 1), ("I;16", "PNG", 257), ("I", "TIFF", 257),
     ("F", "TIFF", 1 / 255), ("F", "TIFF", 1)],
)  # fmt: skip
def test_grey_of_any_depth(mode, kind, scale):
    types = {"L": np.uint8, "I;16": np.uint16, "I": np.int32, "F": np.float32}
    stored = Image.fromarray((grey()[..., 0].astype(float) * scale).astype(types[mode]))
    assert stored.mode == mode
    image = read_image(made.encoded(stored, kind), longest_side=None)
    assert difference(image, grey()) <= (5 if kind == "JPEG" else 0)


def test_one_bit():
    stored = made.picture().convert("1")
    image = read_image(made.encoded(stored, "PNG"), longest_side=None)
    assert difference(image, np.array(stored)[..., None].repeat(3, axis=2) * 255) == 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0, 128, 129, 257, 65535], np.uint16), [0, 0, 1, 1, 255]),
        (np.array([0, 7, 255], np.int32), [0, 7, 255]),
        (np.array([0, 256, 65535], np.int32), [0, 1, 255]),
        (np.array([-100, 0, 100], np.int32), [0, 128, 255]),
        (np.array([0, 70000, 140000], np.int32), [0, 128, 255]),
        (np.array([0, 0.5, 1], np.float32), [0, 128, 255]),
        (np.array([0.5, 200], np.float32), [0, 200]),
        (np.array([np.nan, np.inf, -np.inf, 1], np.float32), [0, 0, 0, 255]),
        (np.array([0, 0], np.float32), [0, 0]),
    ],
)
def test_deep_values_are_scaled_not_clipped(values, expected):
    assert eight_bits(values).tolist() == expected


@pytest.mark.parametrize("kind", ["RGBA", "LA", "palette", "key"])
def test_transparency_is_laid_on_white(kind):
    rgba = Image.new("RGBA", (3, 1), (0, 0, 0, 255))
    rgba.putpixel((1, 0), (0, 0, 0, 0))
    middle, data = 0, made.encoded(rgba, "PNG")
    if kind == "LA":
        data = made.encoded(rgba.convert("LA"), "PNG")
    elif kind == "palette":
        stored = Image.new("P", (3, 1), 0)
        stored.putpalette([0, 0, 0, 0, 0, 0, 0, 0, 0])
        stored.putpixel((1, 0), 1)
        stored.putpixel((2, 0), 2)
        data, middle = made.encoded(stored, "PNG", transparency=bytes([255, 0, 128])), 127
    elif kind == "key":
        stored = Image.new("RGB", (3, 1), (0, 0, 0))
        stored.putpixel((1, 0), (9, 9, 9))
        data = made.encoded(stored, "PNG", transparency=(9, 9, 9))
    image = read_image(data, longest_side=None)
    assert image[0].tolist() == [[0] * 3, [255] * 3, [middle] * 3]


TURNS = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: np.rot90(stored, 2).swapaxes(0, 1),
    8: np.rot90,
}


@pytest.mark.parametrize("tag", TURNS)
@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("JPEG", {"quality": 95})],
)
def test_the_orientation_tag_is_applied(tag, kind, options):
    image = read_image(made.turned(kind, tag, **options), longest_side=None)
    expected = TURNS[tag](made.pixels(made.picture()))
    assert difference(image, expected) <= (10 if kind == "JPEG" else 0)


def test_a_turned_image_is_shrunk_by_its_longer_side():
    data = made.turned("JPEG", 6, made.picture(900, 600), quality=95)
    image = read_image(data, longest_side=90)
    assert difference(image, TURNS[6](made.pixels(made.picture(90, 60)))) <= 10


@pytest.mark.parametrize("tag", [0, 9, 200])
def test_an_unknown_orientation_is_upright(tag):
    image = read_image(made.turned("PNG", tag), longest_side=None)
    assert difference(image, made.pixels(made.picture())) == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_broken_metadata_cost_no_pixel(kind):
    plain = made.encoded(made.picture(), "PNG")
    exif = made.png_chunk(b"eXIf", b"neither II nor MM")
    data = made.with_broken_exif() if kind == "JPEG" else plain[:33] + exif + plain[33:]
    assert read_image(data, longest_side=None).shape == SIZE


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_counts(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    image = read_image(made.frames(kind, **options), longest_side=None)
    assert difference(image, made.pixels(made.picture())) <= (70 if kind == "GIF" else 0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("size", "longest", "expected"),
    [
        ((1, 1), 640, (1, 1)),
        ((48, 32), 640, (48, 32)),
        ((48, 32), 48, (48, 32)),
        ((640, 427), 320, (320, 214)),
        ((1, 5000), 640, (1, 640)),
        ((5000, 1), 100, (100, 1)),
        ((5000, 3), 8, (8, 1)),
    ],
)
def test_the_longer_side_is_met_and_nothing_enlarged(kind, size, longest, expected):
    image = read_image(made.encoded(made.picture(*size), kind), longest_side=longest)
    assert image.shape == (expected[1], expected[0], 3)


@pytest.mark.parametrize("size", [(2001, 1333), (1999, 1501), (803, 601)])
def test_a_reduced_jpeg_is_like_one_decoded_in_full(size):
    rng = np.random.default_rng(size[0])
    coarse = Image.fromarray(rng.integers(0, 255, (40, 60, 3), dtype=np.uint8))
    data = made.encoded(coarse.resize(size, Image.Resampling.BICUBIC), "JPEG", quality=90)
    image = read_image(data, longest_side=200)
    full = Image.open(made.io.BytesIO(data))
    expected = full.resize((image.shape[1], image.shape[0]), Image.Resampling.LANCZOS)
    gap = np.abs(image.astype(int) - np.array(expected))
    # The borders tell whether the reduced image was placed right.
    assert gap.mean() < 1 and gap[:, -3:].mean() < 1.5 and gap[-3:].mean() < 1.5


def test_a_large_jpeg_is_not_decoded_in_full(monkeypatch):
    data = made.encoded(made.picture(1600, 1200), "JPEG")
    seen = []
    load = Image.Image.load
    monkeypatch.setattr(Image.Image, "load", lambda self: seen.append(self.size) or load(self))
    read_image(data, longest_side=250)
    assert seen[0] == (400, 300)


def without_check(data):
    """A PNG whose first checksum is wrong."""
    return data[:29] + bytes(4) + data[33:]


def half_written():
    """A JPEG of its full length, the second half of it zeros, which decode without an error."""
    noise = np.random.default_rng(0).integers(0, 255, (64, 80, 3), dtype=np.uint8)
    data = made.encoded(Image.fromarray(noise), "JPEG")
    return data[: len(data) // 2] + bytes(len(data) - len(data) // 2)


FAULTS = {
    "zero bytes": (lambda: b"", "empty file"),
    "text": (lambda: b"<html>404</html>", "not an image"),
    "one byte": (lambda: b"\xff", "not an image"),
    "heic": (lambda: b"\0\0\0\x18ftypheic" + bytes(99), "HEIC is not supported"),
    "only a signature": (lambda: b"\x89PNG\r\n\x1a\n", "truncated"),
    "cut jpeg": (lambda: made.encoded(made.picture(), "JPEG")[:-200], "truncated"),
    "cut jpeg header": (lambda: made.encoded(made.picture(), "JPEG")[:100], "truncated"),
    "cut progressive": (
        lambda: made.encoded(made.picture(), "JPEG", progressive=True)[:-200],
        "truncated",
    ),
    "never written in full": (half_written, "truncated"),
    "zeros at the end": (
        lambda: made.encoded(made.picture(), "JPEG")[:-200] + bytes(5000),
        "truncated",
    ),
    "cut png": (lambda: made.encoded(made.picture(), "PNG")[:-100], "truncated"),
    "cut webp": (lambda: made.encoded(made.picture(), "WEBP")[:-30], "truncated"),
    "cut gif": (lambda: made.encoded(made.picture(), "GIF")[:-200], "truncated"),
    "wrong checksum": (lambda: without_check(made.encoded(made.picture(), "PNG")), "damaged"),
    "png bomb": (made.png_bomb, "decompression bomb: 100000 x 100000 pixels"),
    "text bomb": (made.png_text_bomb, "decompression bomb in the metadata"),
    "webp bomb": (made.webp_bomb, "decompression bomb: 12000 x 12000 pixels"),
    "gif bomb": (made.gif_bomb, "decompression bomb: 11500 x 11500 pixels"),
    "jpeg bomb": (made.jpeg_bomb, "decompression bomb: 60000 x 60000 pixels"),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("longest_side", [None, 16])
def test_a_fault_has_its_reason(name, longest_side):
    data, reason = FAULTS[name]
    with pytest.raises(ImageFault) as caught:
        read_image(data(), longest_side=longest_side)
    assert caught.value.reason == str(caught.value) == reason


def test_zeros_behind_a_whole_jpeg_are_no_fault():
    data = made.encoded(made.picture(), "JPEG", quality=95) + bytes(5000)
    assert difference(read_image(data, longest_side=None), made.pixels(made.picture())) <= 10


def test_the_limit_of_pixels_is_the_callers():
    data = made.encoded(made.picture(), "PNG")
    pixels = made.WIDTH * made.HEIGHT
    assert read_image(data, longest_side=None, most_pixels=pixels).shape == SIZE
    with pytest.raises(ImageFault, match="decompression bomb: 48 x 32 pixels"):
        read_image(data, longest_side=None, most_pixels=pixels - 1)


def test_a_small_limit_of_size_is_an_error_of_the_caller():
    with pytest.raises(ValueError, match="at least 1"):
        read_image(made.encoded(made.picture(), "PNG"), longest_side=0)


def test_the_content_decides_not_the_name(tmp_path):
    path = tmp_path / "картина и рама.jpg"
    path.write_bytes(made.encoded(made.picture(), "PNG"))
    assert difference(read_image(path, longest_side=None), made.pixels(made.picture())) == 0


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "large.jpg").write_bytes(bytes(11))
    cases = {
        tmp_path / "none.jpg": "missing",
        tmp_path: "not a regular file",
        tmp_path / "pipe.jpg": "not a regular file",
        tmp_path / ("x" * 300): "cannot be read (File name too long)",
    }
    for path, reason in cases.items():
        with pytest.raises(ImageFault) as caught:
            read_image(path, longest_side=None)
        assert caught.value.reason == reason
    with pytest.raises(ImageFault, match="file of 11 bytes"):
        read_bytes(tmp_path / "large.jpg", most_bytes=10)

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)  # root may read everything
    with pytest.raises(ImageFault, match="no permission"):
        read_image(tmp_path / "large.jpg", longest_side=None)


NOISY = """
import pathlib, sys, warnings
warnings.simplefilter("default")
if sys.argv[1] == "podium":
    from podium.vision.reading import ImageFault, read_image
from PIL import Image
for path in sys.argv[2:]:
    try:
        if sys.argv[1] == "podium":
            read_image(pathlib.Path(path), longest_side=None, most_pixels=200_000_000)
        else:
            Image.open(path).load()
    except Exception:
        pass
"""


def test_pillow_s_warnings_stay_out_of_the_log(tmp_path):
    broken_frames = made.encoded(made.picture(), "PNG")
    wide = made.encoded(made.picture(), "TIFF").replace(
        b"\x15\x01\x03\x00\x01\x00\x00\x00\x03\x00", b"\x15\x01\x03\x00\x01\x00\x00\x00\x99\x00"
    )
    noisy = {
        "exif.jpg": made.with_broken_exif(),
        "frames.png": broken_frames[:33] + made.png_chunk(b"acTL", bytes(8)) + broken_frames[33:],
        "large.png": made.png_bomb(10_000),
        "wide.tif": wide,
    }
    for name, data in noisy.items():
        (tmp_path / name).write_bytes(data)
        said = {
            who: subprocess.run(
                [sys.executable, "-c", NOISY, who, str(tmp_path / name)],
                env={**os.environ, "PYTHONPATH": str(SOURCE)},
                capture_output=True,
                text=True,
                check=True,
            ).stderr
            for who in ("pillow", "podium")
        }
        assert said["pillow"] and not said["podium"], (name, said)


def test_threads_give_the_same_bytes():
    files = [made.encoded(made.picture(300 + at, 200), "JPEG") for at in range(8)] * 3
    alone = [read_image(data, longest_side=128) for data in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda data: read_image(data, longest_side=128), files))
    assert all(np.array_equal(one, two) for one, two in zip(alone, together, strict=True))


def test_a_fault_survives_pickling():
    assert pickle.loads(pickle.dumps(ImageFault("truncated"))).reason == "truncated"


SMALL = {
    "jpeg": made.turned("JPEG", 6),
    "progressive": made.encoded(made.picture(), "JPEG", progressive=True),
    "cmyk": made.encoded(made.picture().convert("CMYK"), "JPEG"),
    "png": made.turned("PNG", 3),
    "palette": made.encoded(made.picture().quantize(16), "PNG", transparency=bytes(16)),
    "apng": made.frames("PNG"),
    "webp": made.turned("WEBP", 8),
    "frames": made.frames("WEBP"),
    "gif": made.frames("GIF"),
    "tiff": made.turned("TIFF", 5),
}


@settings(max_examples=1000, deadline=None)
@given(
    st.sampled_from(sorted(SMALL)),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=8),
    st.floats(0, 1) | st.just(1.0),
    st.sampled_from([None, 20]),
)
def test_damaged_files_raise_faults_only(name, flips, kept, longest_side):
    data = bytearray(SMALL[name])
    for where, change in flips:
        # Most of what decides stands at the beginning.
        data[int(where**2 * len(data))] ^= change
    try:
        image = read_image(
            bytes(data[: int(kept * len(data))]), longest_side=longest_side, most_pixels=1_000_000
        )
    except ImageFault as fault:
        assert fault.reason
        return
    assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
    assert longest_side is None or max(image.shape[:2]) <= longest_side

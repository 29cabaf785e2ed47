"""Image files made in memory, good and bad, for the tests of reading."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 48, 32


def picture(width=WIDTH, height=HEIGHT):
    """Smooth colours that differ along both sides, so that JPEG keeps them and no turn hides."""
    across, down = np.linspace(0, 1, width), np.linspace(0, 1, height)[:, None]
    channels = (200 * across + 0 * down + 30, 220 * down + 0 * across + 20, 90 + 80 * across * down)
    return Image.fromarray(np.rint(np.stack(channels, axis=2)).astype(np.uint8))


def pixels(image):
    return np.array(image.convert("RGB"))


def encoded(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def turned(kind, tag, image=None, **options):
    """A file that carries an EXIF orientation tag."""
    exif = Image.Exif()
    exif[0x0112] = tag
    return encoded(image or picture(), kind, exif=exif.tobytes(), **options)


def frames(kind, **options):
    """Three frames; the first is `picture()`."""
    others = [Image.new("RGB", (WIDTH, HEIGHT), colour) for colour in ("red", "blue")]
    return encoded(picture(), kind, save_all=True, append_images=others, duration=100, **options)


def png_chunk(name, content):
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def png(width, height, *chunks):
    """A PNG with the given size in its header and whatever follows."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + png_chunk(b"IEND", b"")


def png_bomb(side=100_000):
    return png(side, side, png_chunk(b"IDAT", zlib.compress(bytes(1000))))


def png_text_bomb():
    text = b"Comment\0\0" + zlib.compress(bytes(8 << 20), 9)
    small = encoded(picture(), "PNG")
    return small[:33] + png_chunk(b"zTXt", text) + small[33:]


def webp_bomb(side=12_000):
    """An animation of one small frame on a canvas of `side` squared."""
    data = bytearray(frames("WEBP"))
    at = data.index(b"VP8X") + 12
    data[at : at + 6] = struct.pack("<I", side - 1)[:3] * 2
    return bytes(data)


def gif_bomb(side=11_500):
    data = bytearray(encoded(picture(), "GIF"))
    data[6:10] = struct.pack("<HH", side, side)
    return bytes(data)


def jpeg_bomb(side=60_000):
    data = bytearray(encoded(picture(), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", side, side)
    return bytes(data)


def without_segment(jpeg, marker):
    """A JPEG less one of its segments."""
    at = jpeg.index(marker)
    return jpeg[:at] + jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big") :]


def with_broken_exif():
    """A JPEG whose pixels are whole and whose EXIF block makes Pillow warn."""
    data = turned("JPEG", 6)
    at = data.index(b"Exif\0\0") + 6
    return (
        data[:at] + b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x40\0\0\xff\xff" + data[at + 22 :]
    )

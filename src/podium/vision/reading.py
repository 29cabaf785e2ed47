"""Reading one image of unknown origin: upright RGB of a wanted size, or a fault with its reason.

Pillow decodes. What is decided here: the content says what a file is, not its name; the header is
judged before anything is decoded; a JPEG is decoded at a reduced scale where that is enough.
"""

from __future__ import annotations

import logging
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from podium.common.errors import PodiumError

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

MOST_PIXELS = 128_000_000
"""Pixels of the largest image that is decoded: 512 MB in Pillow's four bytes a pixel."""
MOST_BYTES = 512 * 2**20
"""Bytes of the largest file that is read."""

_DRAFT_MARGIN = 1.5
"""A reduced JPEG is at least this many times the wanted size. Below that edges suffer: of 1 and
1.5, SIFT finds .82 and .92 of the keypoints of the full decoding again (2,000 to 400 px)."""
_ORIENTATION_TAG = 0x0112
_PLUGINS = {
    "JPEG": "JpegImagePlugin.JpegImageFile",
    "PNG": "PngImagePlugin.PngImageFile",
    "WEBP": "WebPImagePlugin.WebPImageFile",
    "GIF": "GifImagePlugin.GifImageFile",
    "BMP": "BmpImagePlugin.BmpImageFile",
    "TIFF": "TiffImagePlugin.TiffImageFile",
    "AVIF": "AvifImagePlugin.AvifImageFile",
}
_MAGIC = (
    ("JPEG", 0, (b"\xff\xd8\xff",)),
    ("PNG", 0, (b"\x89PNG\r\n\x1a\n",)),
    ("WEBP", 8, (b"WEBP",)),
    ("GIF", 0, (b"GIF87a", b"GIF89a")),
    ("TIFF", 0, (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    ("AVIF", 4, (b"ftypavif", b"ftypavis")),
    ("HEIC", 4, (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1")),
    ("BMP", 0, (b"BM",)),
)

# Pillow warns of much that is harmless here (broken metadata above all), through Python's warnings
# and its own log. Set once at import, for a filter set meanwhile would not be safe with threads.
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").setLevel(logging.CRITICAL)


class ImageFault(PodiumError):
    """An image that cannot be used.

    Attributes:
        reason: Why, in a few words, the same for the same kind of fault.
    """

    def __init__(self, reason: str) -> None:
        """Take the reason as the message."""
        self.reason = reason
        super().__init__(reason)


def read_image(
    source: Path | bytes, *, longest_side: int | None, most_pixels: int = MOST_PIXELS
) -> np.ndarray:
    """Read an image: upright by its EXIF tag, the first frame, in RGB, shrunk by Lanczos.

    A JPEG is decoded at 1/2, 1/4 or 1/8 (the scaled inverse DCT of libjpeg) where the result is
    still half as large again as asked.

    Args:
        source: A file, or its bytes.
        longest_side: Most pixels of the longer side; a smaller image keeps its size. None for the
            full size.
        most_pixels: An image with more is refused by its header.

    Returns:
        (height, width, 3) uint8, writable. Modes: see `podium.vision.pixel_modes.to_rgb`.

    Raises:
        ImageFault: whatever is wrong with the file or its content.
        ValueError: `longest_side` is below 1.
    """
    if longest_side is not None and longest_side < 1:
        raise ValueError(f"longest_side must be at least 1, not {longest_side}")
    data = source if isinstance(source, bytes) else read_bytes(source)
    image = open_image(data)
    refuse_bomb(image, most_pixels)
    return render(image, data, shrunk(image.size, longest_side))


def read_bytes(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """Read a regular file whole.

    Raises:
        ImageFault: it is missing, not a regular file, too large, or cannot be read.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ImageFault("not a regular file")
        if found.st_size > most_bytes:
            raise ImageFault(f"file of {found.st_size:,} bytes")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ImageFault("missing") from error
    except PermissionError as error:
        raise ImageFault("no permission") from error
    except OSError as error:
        raise ImageFault(f"cannot be read ({error.strerror})") from error


def open_image(data: bytes) -> ImageFile:
    """Read the header: format, mode and size (in Pillow's sense: width, height, not yet turned).

    Goes round `PIL.Image.open`, whose limit on pixels is one for the whole process.

    Raises:
        ImageFault: empty, not an image, or a broken header.
    """
    if not data:
        raise ImageFault("empty file")
    kind = sniff(data)
    if kind is None:
        raise ImageFault("not an image")
    if kind not in _PLUGINS:
        raise ImageFault(f"{kind} is not supported")
    module, name = _PLUGINS[kind].split(".")
    plugin: Any = getattr(import_module(f"PIL.{module}"), name)
    with _faults(data, kind):
        image: ImageFile = plugin(BytesIO(data))
        return image


def refuse_bomb(image: ImageFile, most_pixels: int = MOST_PIXELS) -> None:
    """Refuse by the header what would take too much memory.

    Raises:
        ImageFault: more pixels than allowed.
    """
    width, height = image.size
    if width * height > most_pixels:
        raise ImageFault(f"decompression bomb: {width} x {height} pixels")


def check_pixels(image: ImageFile, data: bytes) -> None:
    """Decode all the data, and make as little of it as the format allows.

    Args:
        image: From `open_image`, not yet loaded.
        data: The bytes that it was made of.

    Raises:
        ImageFault: the pixels cannot be decoded, or not all are there.
    """
    from podium.vision.pixel_modes import to_rgb

    with _faults(data, str(image.format)):
        _load(image, data, (1, 1))
        to_rgb(image)


def render(image: ImageFile, data: bytes, size: tuple[int, int]) -> np.ndarray:
    """Decode, convert, resize and turn upright.

    Args:
        image: From `open_image`, not yet loaded.
        data: The bytes that it was made of.
        size: Width and height wanted, before it is turned.

    Returns:
        (height, width, 3) uint8; height and width are swapped where the EXIF tag turns the image.

    Raises:
        ImageFault: the pixels cannot be decoded, or not all are there.
    """
    from PIL.Image import Resampling

    from podium.vision.pixel_modes import to_rgb

    with _faults(data, str(image.format)):
        box = _load(image, data, size)
        picture = to_rgb(image)
        if picture.size != size:
            picture = picture.resize(size, Resampling.LANCZOS, box=box)
        return np.array(_upright(picture, orientation(image)))


def _load(
    image: ImageFile, data: bytes, size: tuple[int, int]
) -> tuple[float, float, float, float] | None:
    """Decode, a JPEG reduced; its part that holds the picture, where it was."""
    wanted = [int(side * _DRAFT_MARGIN) for side in size]
    drafted = image.draft(None, (wanted[0], wanted[1]))
    image.load()
    if _ends_in_zeros(data, str(image.format)):
        raise ImageFault("truncated")
    return drafted[1] if drafted else None


def orientation(image: ImageFile) -> int:
    """The EXIF orientation tag of a loaded image, 1 to 8; 1 where there is none to be read."""
    try:
        tag = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # broken metadata beside whole pixels
        return 1
    return tag if isinstance(tag, int) and tag in range(1, 9) else 1


def shrunk(size: tuple[int, int], longest_side: int | None) -> tuple[int, int]:
    """Width and height with the longer side at most `longest_side`, neither below 1."""
    longest = max(size)
    if longest_side is None or longest <= longest_side:
        return size
    width, height = (max(1, round(side * longest_side / longest)) for side in size)
    return width, height


def sniff(data: bytes) -> str | None:
    """Format by the first bytes; None where it is no image known here."""
    for kind, at, marks in _MAGIC:
        if data.startswith(marks, at):
            return kind
    return None


def _upright(picture: Image, tag: int) -> Image:
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return picture.transpose(turns[tag]) if tag in turns else picture


@contextmanager
def _faults(data: bytes, kind: str) -> Iterator[None]:
    """Turn what a decoder raises into a fault; on hostile bytes that may be any exception."""
    from PIL.Image import DecompressionBombError

    try:
        yield
    except ImageFault:
        raise
    except MemoryError as error:
        raise ImageFault("not enough memory") from error
    except DecompressionBombError as error:
        raise ImageFault("decompression bomb") from error
    except Exception as error:
        if "Decompressed data too large" in str(error):  # a text chunk of a PNG
            raise ImageFault("decompression bomb in the metadata") from error
        cut = "truncated" in str(error) or not _ends_whole(data, kind)
        raise ImageFault("truncated" if cut else "damaged") from error


def _ends_whole(data: bytes, kind: str) -> bool:
    """Whether the file has its end, to tell a file cut short from a damaged one."""
    if kind == "JPEG":
        return data.rstrip(b"\0").endswith(b"\xff\xd9")
    if kind == "PNG":
        return b"IEND" in data[-64:]
    if kind == "WEBP":
        return int.from_bytes(data[4:8], "little") + 8 <= len(data)
    if kind == "GIF":
        return data.rstrip(b"\0").endswith(b";")
    return True


def _ends_in_zeros(data: bytes, kind: str) -> bool:
    """Whether a JPEG's rest was never written: zeros decode to grey without an error."""
    written = len(data.rstrip(b"\0"))
    return kind == "JPEG" and len(data) - written > 16 and not _ends_whole(data, kind)  # noqa: PLR2004

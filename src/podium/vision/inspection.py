"""What the images of a folder are: a table of facts and small pictures, from one decoding each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from podium.common.ordered_work import work_ahead
from podium.common.progress import track
from podium.vision.image_folder import ImageFolder
from podium.vision.reading import (
    MOST_PIXELS,
    ImageFault,
    open_image,
    orientation,
    read_bytes,
    refuse_bomb,
    render,
    sniff,
)

if TYPE_CHECKING:
    import pandas as pd
    from PIL.ImageFile import ImageFile

THUMBNAIL = 64
"""Side of a thumbnail, pixels."""
COLUMNS = ("image_name", "bytes", "format", "mode", "width", "height", "fault", "note")

_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
_FIRST_TURN_OF_SIDES = 5


@dataclass(frozen=True)
class ImageFacts:
    """One image.

    Attributes:
        bytes: Size of the file; 0 where it cannot be read.
        format: By its content, as Pillow names it; empty where unknown.
        mode: Pixel mode as stored, in Pillow's names; empty where unknown.
        width: Pixels once upright, of the full image; 0 where unknown.
        height: Likewise.
        orientation: EXIF tag, 1 to 8; 1 where there is none.
        fault: Why it cannot be used; empty where it can.
        note: What is out of the ordinary though it can be used; empty where nothing is.
    """

    bytes: int = 0
    format: str = ""
    mode: str = ""
    width: int = 0
    height: int = 0
    orientation: int = 1
    fault: str = ""
    note: str = ""


def inspect_image(
    source: Path | bytes, *, name: str = "", most_pixels: int = MOST_PIXELS
) -> tuple[ImageFacts, np.ndarray]:
    """Decode an image once, small, and tell what it is. Never raises for what is in the file.

    Args:
        source: A file, or its bytes.
        name: File name, to compare its suffix with the content; by default that of the path.
        most_pixels: An image with more is a fault.

    Returns:
        The facts, and the picture resized to (64, 64, 3) uint8 whatever its shape; zeros where
        there is a fault.
    """
    facts = ImageFacts()
    if isinstance(source, Path):
        name = name or source.name
    try:
        data = source if isinstance(source, bytes) else read_bytes(source)
        facts = replace(facts, bytes=len(data), format=sniff(data) or "")
        image = open_image(data)
        width, height = image.size
        facts = replace(facts, mode=image.mode, width=width, height=height)
        refuse_bomb(image, most_pixels)
        notes = _notes(image, name)
        picture = render(image, data, (THUMBNAIL, THUMBNAIL))
    except ImageFault as fault:
        return replace(facts, fault=fault.reason), _no_picture()
    tag = orientation(image)
    if tag > 1:
        notes.append(f"turned by its EXIF tag {tag}")
    if tag >= _FIRST_TURN_OF_SIDES:
        width, height = height, width
    note = "; ".join(notes)
    return replace(facts, width=width, height=height, orientation=tag, note=note), picture


def inspect_folder(
    folder: ImageFolder, *, threads: int = 1, progress: str = "Images inspected"
) -> tuple[pd.DataFrame, np.ndarray]:
    """Inspect every image of a folder; see `inspect_image`.

    Args:
        folder: n images.
        threads: Images decoded at a time; the result does not depend on it.
        progress: What the progress bar and the log call the work.

    Returns:
        A table in the order of the folder (image_name, bytes, format, mode, width, height, fault,
        note; texts are empty, never null), and the thumbnails (n, 64, 64, 3) uint8, zeros where
        there is a fault: 12 KiB an image, beside which memory is constant.
    """

    def inspect(index: int) -> tuple[ImageFacts, np.ndarray]:
        try:
            return inspect_image(folder.contents(index), name=folder.names[index])
        except ImageFault as fault:
            return ImageFacts(fault=fault.reason), _no_picture()

    thumbnails = np.zeros((len(folder), THUMBNAIL, THUMBNAIL, 3), dtype=np.uint8)
    facts: list[ImageFacts] = []
    work = work_ahead(inspect, range(len(folder)), threads, 2 * threads)
    for index, (found, picture) in enumerate(track(work, progress, total=len(folder))):
        facts.append(found)
        thumbnails[index] = picture
    return _table(folder, facts), thumbnails


def _notes(image: ImageFile, name: str) -> list[str]:
    notes = []
    suffix = Path(name).suffix
    if _FORMATS.get(suffix.lower(), image.format) != image.format:
        notes.append(f"{image.format} by its content, {suffix} by its name")
    if _is_animated(image):
        notes.append("several frames, the first taken")
    if image.has_transparency_data:
        notes.append("transparency laid on white")
    return notes


def _is_animated(image: ImageFile) -> bool:
    """Whether there is a second frame; some formats look for it, and may stumble."""
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # the first frame is judged when it is decoded
        return False


def _no_picture() -> np.ndarray:
    return np.zeros((THUMBNAIL, THUMBNAIL, 3), dtype=np.uint8)


def _table(folder: ImageFolder, facts: list[ImageFacts]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        (name, one.bytes, one.format, one.mode, one.width, one.height, one.fault, one.note)
        for name, one in zip(folder.names, facts, strict=True)
    ]
    numbers = dict.fromkeys(("bytes", "width", "height"), "int64")
    texts = dict.fromkeys(("image_name", "format", "mode", "fault", "note"), "str")
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(numbers | texts)

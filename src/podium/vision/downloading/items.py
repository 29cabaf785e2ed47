"""Rows of a table, put together by link: what is to be fetched, and under which names it lies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from podium.common.errors import PodiumError
from podium.vision.downloading.links import (
    Link,
    LinkError,
    name_of_sample,
    name_of_url,
    parse_link,
)

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_ID, IMAGE_LINK = "sample_id", "image_link"
_SHOWN = 3
_SHOWN_OF_LINK = 300


@dataclass
class Item:
    """One link of the table.

    Attributes:
        url: Its normal form; where it has none, the beginning of its text.
        link: What to ask for, or None.
        reason: Why it is not asked for.
        names: File names without extension, each once.
    """

    url: str
    link: Link | None
    reason: str = ""
    names: list[str] = field(default_factory=list)


def collect_items(
    rows: pd.DataFrame, names: Literal["sample_id", "url"]
) -> tuple[list[Item], list[int], list[str]]:
    """Put the rows together by link.

    Args:
        rows: sample_id (unique) and image_link (text, may be missing) for each of n rows.
        names: What files are named after; rows of one link then share the file, or do not.

    Returns:
        The links in the order of their first row, each once; for each row the place of its link
        among them; and for each row its file name without extension.

    Raises:
        PodiumError: a column is missing, or a sample_id is missing or given twice.
    """
    _check(rows)
    items: dict[str, Item] = {}
    places: dict[str, int] = {}
    row_places, row_names = [], []
    for sample_id, text in zip(rows[SAMPLE_ID], rows[IMAGE_LINK], strict=True):
        item = _item(text)
        known = items.setdefault(item.url, item)
        name = name_of_sample(sample_id) if names == "sample_id" else name_of_url(known.url)
        if name not in known.names[-1:]:
            known.names.append(name)
        row_places.append(places.setdefault(item.url, len(places)))
        row_names.append(name)
    return list(items.values()), row_places, row_names


def _item(text: object) -> Item:
    try:
        link = parse_link(text)
        return Item(link.url, link)
    except LinkError as error:
        shown = text.strip()[:_SHOWN_OF_LINK] if isinstance(text, str) else ""
        return Item(shown.encode("utf-8", "replace").decode(), None, str(error))


def _check(rows: pd.DataFrame) -> None:
    missing = [name for name in (SAMPLE_ID, IMAGE_LINK) if name not in rows]
    if missing:
        raise PodiumError(f"the rows have no column {' and no column '.join(missing)}")
    ids = rows[SAMPLE_ID]
    if ids.isna().any():
        raise PodiumError(f"{int(ids.isna().sum()):,} rows have no {SAMPLE_ID}")
    names = ids.map(name_of_sample)
    twice = ids[names.duplicated()]
    if len(twice):
        shown = ", ".join(map(str, twice[:_SHOWN]))
        raise PodiumError(f"{SAMPLE_ID} {shown} is given more than once ({len(twice):,} in all)")

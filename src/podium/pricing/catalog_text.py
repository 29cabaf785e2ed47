"""The catalogue text of a product, taken apart into its fields and quantities.

A text has lines with labels: `Item Name:`, `Bullet Point 1:` (or `Bullet Point:` for a single one),
`Product Description:`, `Value:` and `Unit:`. Any of them may be missing, and no text is refused.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from podium.pricing.brands import brands
from podium.pricing.languages import language_of, other_script_share
from podium.pricing.pack_size import title_pack_sizes
from podium.pricing.quantities import base_amounts, read_value, title_sizes
from podium.pricing.total_amounts import total_amounts

if TYPE_CHECKING:
    import pandas as pd

_LABEL = re.compile(
    r"^[ \t]*(item name|bullet points?[ \t]*\d*|product description|value|unit)[ \t]*:[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\x85]")
#: Halves of a character, which no file can hold.
_SURROGATES = re.compile("[\ud800-\udfff]")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,500}>")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NO_UNIT = frozenset({"", "none", "nan", "null", "n/a", "-", "--", "---"})


class Fields(NamedTuple):
    """The labelled parts of a text.

    Attributes:
        item_name: Title, on one line; a text without labels is all title.
        bullets: Texts of the bullet points.
        description: Product description.
        value: Text of the value, none without such a line.
        unit: Text of the unit, none without such a line.
    """

    item_name: str
    bullets: tuple[str, ...]
    description: str
    value: str | None
    unit: str | None


def split_fields(text: object) -> Fields:
    """Take a text apart by its labels; never raises.

    What stands before the first label belongs to the title. `Value:` and `Unit:` may also begin a
    line of a description, so that only the last of each is a label.

    Args:
        text: The catalogue text; anything but a text counts as an empty one.
    """
    if not isinstance(text, str):
        return Fields("", (), "", None, None)
    text = _SURROGATES.sub("\ufffd", _LINE_ENDS.sub("\n", text))
    labels = _labels(text)
    title = [text[: labels[0].start()]] if labels else [text]
    bullets: list[str] = []
    description: list[str] = []
    lines: dict[str, str] = {}
    ends = [*(label.start() for label in labels[1:]), len(text)]
    for label, end in zip(labels, ends, strict=False):
        content = text[label.end() : end].strip()
        kind = label[1][0].lower()
        if kind == "b":
            bullets.append(_plain(content))
        elif kind in "vu":
            lines[kind] = content.partition("\n")[0].strip()
        else:
            (title if kind == "i" else description).append(content)
    return Fields(
        _one_line(" ".join(title)),
        tuple(bullet for bullet in bullets if bullet),
        _plain(" ".join(description)),
        lines.get("v"),
        lines.get("u"),
    )


def _labels(text: str) -> list[re.Match[str]]:
    found = list(_LABEL.finditer(text))
    last = {label[1].lower(): label for label in found}
    return [
        label
        for label in found
        if label[1][0].lower() not in "vu" or label is last[label[1].lower()]
    ]


def _plain(text: str) -> str:
    """Without the tags and entities of HTML, on one line."""
    if "<" in text:
        text = _TAG.sub(" ", text)
    return _one_line(html.unescape(text) if "&" in text else text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def parse_catalog(texts: Sequence[str] | pd.Series) -> pd.DataFrame:
    """Take catalogue texts apart.

    Amounts of a title are read in US customary or metric units; a bare ounce in a title counts as
    a fluid ounce where the `Unit:` line names a fluid one. What a text does not say is null.

    Args:
        texts: n texts, of which some may be empty, null, or in no known form.

    Returns:
        n rows, with the index of a series, else counted from 0:

        - `item_name`, `bullets` (a line each), `description`: texts, empty where missing;
        - `bullet_count`: int64;
        - `value`: number of the `Value:` line, `value_fault`: why there is none ("missing",
          "unreadable", "not positive", "too large");
        - `unit`: text of the `Unit:` line as it stands, null for an empty one and for "None";
        - `base_amount`, `base_unit`: value in gram, millilitre, count, metre or square metre;
        - `item_amount`, `item_unit`: first mass or volume of the title, in gram or millilitre;
        - `pack_size`, `unit_count`: see `podium.pricing.pack_size`;
        - `total_amount`, `total_unit`, `total_rule`, `value_to_size`: see
          `podium.pricing.total_amounts`;
        - `brand`: a guess, see `podium.pricing.brands`;
        - `language`, `other_script_share`: see `podium.pricing.languages`;
        - `numbers`: the numbers of the title in their order, divided by spaces.
    """
    import pandas as pd

    index = texts.index if isinstance(texts, pd.Series) else None
    fields = [split_fields(text) for text in texts]
    titles = [each.item_name for each in fields]
    table = _text_columns(fields)
    sizes = title_sizes(titles)
    packs = title_pack_sizes(titles)
    base = base_amounts(table["value"].to_numpy(), [each.unit for each in fields])
    totals = total_amounts(base, sizes, packs)
    parts = [table, base, packs.drop(columns="packs"), totals]
    table = pd.concat([*parts, _hints(fields)], axis=1)
    if index is not None:
        table.index = index
    return table


def _text_columns(fields: Sequence[Fields]) -> pd.DataFrame:
    import pandas as pd

    values = [read_value(each.value) for each in fields]
    units = [
        None if each.unit is None or each.unit.casefold() in _NO_UNIT else each.unit
        for each in fields
    ]
    return pd.DataFrame(
        {
            "item_name": pd.array([each.item_name for each in fields], dtype="str"),
            "bullets": pd.array(["\n".join(each.bullets) for each in fields], dtype="str"),
            "bullet_count": np.array([len(each.bullets) for each in fields], dtype=np.int64),
            "description": pd.array([each.description for each in fields], dtype="str"),
            "value": np.array([number for number, _ in values], dtype=float),
            "value_fault": pd.array([fault for _, fault in values], dtype="str"),
            "unit": pd.array(units, dtype="str"),
        }
    )


def _hints(fields: Sequence[Fields]) -> pd.DataFrame:
    import pandas as pd

    titles = [each.item_name for each in fields]
    named = brands(titles, ["\n".join(each.bullets) for each in fields])
    whole = [" ".join((each.item_name, *each.bullets, each.description)) for each in fields]
    return pd.DataFrame(
        {
            "brand": pd.array(named, dtype="str"),
            "language": pd.array([language_of(text) for text in whole], dtype="str"),
            "other_script_share": np.array([other_script_share(text) for text in whole], float),
            "numbers": pd.array([" ".join(_NUMBER.findall(title)) for title in titles], "str"),
        }
    )

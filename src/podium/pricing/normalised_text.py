"""A catalogue text with only its words and numbers left, so that spellings of a listing meet."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from podium.pricing.catalog_text import split_fields

#: A number with its decimals and thousands, or a run of letters. What else stands in a text goes.
TOKEN = r"\d+(?:[.,]\d+)*|[^\W\d_]+"
_TOKEN = re.compile(TOKEN)


def normalised(text: str) -> str:
    """Words and numbers in lower case, divided by single spaces; NFKC and case folding of Unicode.

    Digits stay, with the points and commas inside a number: 2.5 oz is not 25 oz.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(_TOKEN.findall(text.casefold()))


def normalised_titles_and_texts(texts: Iterable[object]) -> tuple[list[str], list[str]]:
    """The normalised title of each catalogue text, and title, bullets, description, value and unit.

    Labels such as "Bullet Point 1:" are left out.

    Args:
        texts: n catalogue texts; anything but a text counts as an empty one.

    Returns:
        Two lists of n texts, see `normalised`.
    """
    titles, wholes = [], []
    for text in texts:
        fields = split_fields(text)
        titles.append(normalised(fields.item_name))
        rest = (*fields.bullets, fields.description, fields.value or "", fields.unit or "")
        wholes.append(f"{titles[-1]} {normalised(' '.join(rest))}".strip())
    return titles, wholes

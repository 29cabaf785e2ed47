"""Artists and genres of a music catalogue, out of the texts that name them."""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable

import pandas as pd

_FEATURING = re.compile(
    r"[\s(\[]+(?:featuring\s+|feat(?:\.\s*|\s+)|ft(?:\.\s*|\s+))", re.IGNORECASE
)
_JOINT = re.compile(r"(\s*,\s*|\s+&\s+|\s+[xх×]\s+)", re.IGNORECASE)
_BETWEEN_QUOTES = re.compile(r"""['"]\s*,\s*['"]""")
_NOTHING = frozenset({"", "nan", "none", "null"})


def fold_name(name: str) -> str:
    """The form in which two spellings of a name are the same: case-folded, spaces collapsed."""
    return " ".join(name.split()).casefold()


def parse_genres(text: str) -> tuple[list[str], bool]:
    """Read a stringified list of genres.

    Args:
        text: Such as `['Pop', "Rock'n'Roll"]`, `[]`, or a plain `Pop, Джаз`.

    Returns:
        The genres in order, each once, spaces trimmed; and whether the text was a proper list.
    """
    inner = text.strip()
    proper, names = _literal_list(inner)
    if not proper:
        inner = inner.removeprefix("[").removesuffix("]").strip()
        if _BETWEEN_QUOTES.search(inner):
            names = _BETWEEN_QUOTES.split(inner)
        else:
            names = inner.split(",")
        names = [name.strip().strip("'\"") for name in names]
    names = [" ".join(name.split()) for name in names]
    return list(dict.fromkeys(name for name in names if name.lower() not in _NOTHING)), proper


def _literal_list(text: str) -> tuple[bool, list[str]]:
    if not text.startswith("["):
        return False, []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False, []
    if not isinstance(value, list) or not all(isinstance(name, str | int | None) for name in value):
        return False, []
    return True, [str(name) for name in value]


def split_artists(names: Iterable[str]) -> dict[str, list[str]]:
    """Split the artist names of a catalogue into single artists.

    "feat.", "ft." and "featuring" always divide. A comma, "&" and "x" divide only where every
    part is an artist of its own elsewhere in the catalogue, because they also stand inside names
    ("Tyler, The Creator", "Simon & Garfunkel"). Of several ways the one with the fewest artists
    is taken, so "Tyler, The Creator & Kali" becomes two. Anything else ("AC/DC") stays whole.

    Args:
        names: All different artist names of the catalogue.

    Returns:
        Each name to its artists: main artist first, none twice, spaces trimmed.
    """
    billed = {name: _featured(name) for name in names}
    whole = {fold_name(part) for parts in billed.values() for part in parts}
    split: dict[str, list[str]] = {}
    for name, parts in billed.items():
        artists = [artist for part in parts for artist in _joint(part, whole)]
        split[name] = list({fold_name(artist): artist for artist in reversed(artists)}.values())
        split[name].reverse()
    return split


def _featured(name: str) -> list[str]:
    """Divide at feat., ft. and featuring; brackets around the guests go."""
    first, *guests = _FEATURING.split(name)
    guests = [
        guest.rstrip().removesuffix(")").removesuffix("]") if not set("([") & set(guest) else guest
        for guest in guests
    ]
    parts = [" ".join(part.split()) for part in (first, *guests)]
    return [part for part in parts if part] or [name.strip()]


def _joint(part: str, whole: set[str]) -> list[str]:
    """Divide at commas, & and x into the fewest names that are all known; else leave it."""
    pieces = _JOINT.split(part)
    words = (len(pieces) + 1) // 2
    if words == 1:
        return [part]
    # best[n]: the fewest known names that make up the first n words, None where there are none.
    best: list[list[str] | None] = [[]] + [None] * words
    for end in range(1, words + 1):
        for start in range(end):
            before = best[start]
            name = "".join(pieces[2 * start : 2 * end - 1]).strip()
            if before is None or (start == 0 and end == words) or fold_name(name) not in whole:
                continue
            current = best[end]
            if name and (current is None or len(before) + 1 < len(current)):
                best[end] = [*before, name]
    return best[words] or [part]


def artist_table(items: pd.DataFrame) -> pd.DataFrame:
    """Give every track its artists.

    Args:
        items: item_id, artist_name (null for unknown).

    Returns:
        item_id, artist_id int32 (dense, by the folded name in code point order), artist_name (the
        most frequent spelling, the first in code point order on a tie), position int32 (0 = main
        artist). Sorted by item_id, position.
    """
    named = items.loc[items["artist_name"].notna(), ["item_id", "artist_name"]]
    split = split_artists(sorted(named["artist_name"].unique()))
    rows = named.assign(artist_name=named["artist_name"].map(split)).explode("artist_name")
    rows["position"] = rows.groupby("item_id").cumcount().astype("int32")
    spellings = Counter(rows["artist_name"])
    display: dict[str, str] = {}
    for name, _ in sorted(spellings.items(), key=lambda pair: (-pair[1], pair[0])):
        display.setdefault(fold_name(name), name)
    number = {name: at for at, name in enumerate(sorted(display))}
    folded = rows["artist_name"].map(fold_name)
    return pd.DataFrame(
        {
            "item_id": rows["item_id"].astype("int64"),
            "artist_id": folded.map(number).astype("int32"),
            "artist_name": folded.map(display).astype("str"),
            "position": rows["position"],
        }
    ).sort_values(["item_id", "position"], ignore_index=True)


def genre_table(items: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every track its genres.

    Args:
        items: item_id, genres (the stringified list, null for unknown).

    Returns:
        item_id, genre, position int32, sorted by item_id, position; and the rows of `items` whose
        text is no proper list and was read as a plain one.
    """
    named = items.loc[items["genres"].notna(), ["item_id", "genres"]]
    parsed = {text: parse_genres(text) for text in sorted(named["genres"].unique())}
    rows = named.assign(genre=named["genres"].map({text: of for text, (of, _) in parsed.items()}))
    rows = rows.explode("genre").dropna(subset="genre")
    table = pd.DataFrame(
        {
            "item_id": rows["item_id"].astype("int64"),
            "genre": rows["genre"].astype("str"),
            "position": rows.groupby("item_id").cumcount().astype("int32"),
        }
    ).sort_values(["item_id", "position"], ignore_index=True)
    improper = {text for text, (_, proper) in parsed.items() if not proper}
    return table, named[named["genres"].isin(improper)]

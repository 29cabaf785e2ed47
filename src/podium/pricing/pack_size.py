"""How many units a title says there are: packs of a case, and pieces of a pack.

A title may count on several levels ("18 count per pack -- 16 per case"). The outermost is the pack
size, the innermost the number of pieces in each. The patterns are those in which sellers of
packaged goods count; each belongs to a level.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from podium.pricing.quantities import MOST_CHARACTERS, NUMBER, SIZE_UNIT, is_fraction

if TYPE_CHECKING:
    import pandas as pd

#: More units than this are an article number.
MOST_UNITS = 20_000

_WORDS = {
    **{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7},
    **{"eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12},
}
_NAMED_PACKS = {"single": 1, "twin": 2, "double": 2, "duo": 2, "triple": 3}


class _Level(IntEnum):
    """From the outside in."""

    PALLET = 1
    CASE = 2
    PACK = 3
    TIMES = 4
    BOX = 5
    PIECE = 6


class PackSize(NamedTuple):
    """What a title says.

    Attributes:
        packs: Units of the outermost level; none where only pieces are counted.
        pieces: Pieces of each unit; none where they are not counted.
        is_count: Whether the pieces stand as a bare count ("12 Count").
    """

    packs: int | None
    pieces: int | None
    is_count: bool

    @property
    def pack_size(self) -> int | None:
        """The packs, or the bare count where nothing else is counted."""
        return self.pieces if self.packs is None and self.is_count else self.packs


class _Found(NamedTuple):
    level: _Level
    number: int
    start: int
    text: str


_ONE_OF = f"(?:{'|'.join(_WORDS)})(?![a-z])"
#: A number that is no part of another one, of a range, or of an article number.
_N = rf"(?<![\w./#$])(?<!\d[,-])(\d{{1,3}},\d{{3}}|\d{{1,5}}|{_ONE_OF})(?!\d|[.,]\d|[%'\"])"
_SIZE = rf"(?:{NUMBER})\s?-?\s?{SIZE_UNIT}\.?"
#: A number after "of": no size, as in "pack of 12 oz cans".
_OF_N = rf"(\d{{1,5}}|{_ONE_OF})(?!\d|[%'\"]|[.,/]\d|\s?-?\s?{SIZE_UNIT})"
_CASE = r"(?:cases?|cartons?|ctns?|cs|crates?)\b"
_PACK = r"(?:packs?|pks?|pkgs?|packages?|sets?|bundles?)\b"
_BOX_NAMES = (
    *("bottle", "can", "jar", "bag", "tin", "tub", "canister", "jug", "tray", "container"),
    *("carton", "bucket", "tube", "shaker", "btl", "package", "sleeve"),
)
_BOXES = rf"(?:{'s|'.join(_BOX_NAMES)}s|boxes|pouches)\b"
_BOX = rf"(?:{'|'.join(_BOX_NAMES)}|box|pouch)\b"
_COUNT = r"(?:counts?|ct|cnt|pcs?|pieces?|units?)\b"
_PIECES = (
    r"(?:sachets|packets|pkts|pods|k-?cups?|capsules|tablets|sticks|bars|rolls|stems|gummies"
    r"|cookies|sheets|wipes|patties|cups|bites|links|slices|singles|(?:t-)?discs|lollipops|pops"
    r"|candies|softgels|tea ?bags?|(?:half )?dozen)\b"
)
_ONE_PIECE = r"-(?:packet|stick|bar|tablet|capsule|pod|roll)\b"

#: "4 packs of 50", "5 boxes of 8": both levels at once.
_TWO_LEVELS = re.compile(rf"{_N}[ -]?((?:packs?|pks?|{_BOXES[:-2]}|{_BOX[:-2]})) of {_OF_N}")
_NAMED = re.compile(rf"\b({'|'.join(_NAMED_PACKS)})[ -]?packs?\b")
_PATTERNS = [
    (level, re.compile(pattern))
    for level, pattern in (
        (_Level.PALLET, rf"\bpallets? of {_OF_N}"),
        (_Level.CASE, rf"\bcases?(?: of |/){_OF_N}"),
        (_Level.CASE, rf"{_N} ?(?:-? ?{_SIZE} )?(?:[a-z][\w-]* ){{0,2}}(?:per|/) ?{_CASE}"),
        (_Level.CASE, rf"-- ?{_N} cases?\b|{_N} (?:cases\b|case (?=\d))"),
        (_Level.PACK, rf"{_N} ?-? ?{_PACK}(?! per\b)|-- ?{_N} each\b|{_N} ?/ ?(?:pack|pk)\b"),
        (_Level.TIMES, rf"{_N} ?[x×/*] ?{_SIZE}|{_SIZE} ?[x×] ?{_OF_N}|\({_N}\) ?-? ?{_SIZE}"),
        (_Level.TIMES, rf"{_N} ?-? ?{_SIZE} (?:[a-z]+ )?{_BOXES}|{_SIZE} ?\({_N}\)"),
        (_Level.BOX, rf"{_N}[ -]?{_BOXES}|{_N} ?/ ?{_BOX}|\b{_BOX} of {_OF_N}"),
        (_Level.BOX, rf"(?<![\w.,/#-])(1) ?{_BOX}"),
        (_Level.PIECE, rf"{_N}(?: ?-? ?(?:{_COUNT}|{_PIECES})|{_ONE_PIECE})|{_PIECES} \({_N}\)"),
        (_Level.PIECE, rf"{_N} (?:[a-z][\w-]* ){{0,3}}per (?:pack\b|{_BOX})"),
    )
]
_PACK_OF = re.compile(rf"\b(?:{_PACK} ?(?:of|[:=/]) ?|pks? ?-? ?){_OF_N}")
_IS_COUNT = re.compile(rf"{_COUNT}|per ")
_COUNTS_AT_ALL = re.compile(rf"\d|{_ONE_OF}|pack")


def pack_size_of(title: str) -> PackSize:
    """Read the levels of a title; see the module."""
    text = " ".join(title[:MOST_CHARACTERS].lower().replace("–", "-").replace("—", "-").split())
    if not _COUNTS_AT_ALL.search(text):
        return PackSize(None, None, False)
    found = sorted(_levels(text), key=lambda each: (each.level, each.start))
    outer = [each for each in found if each.level < _Level.PIECE]
    # "1 case" beside "12 pack" says only that it is sold by the case.
    outer = [each for each in outer if each.number > 1] or outer
    packs = outer[0] if outer else None
    pieces = _pieces(found, packs)
    return PackSize(
        packs.number if packs else None,
        pieces.number if pieces else None,
        pieces is not None and _IS_COUNT.search(pieces.text) is not None,
    )


def _levels(text: str) -> Iterator[_Found]:
    """Everything that counts something."""
    for both in _TWO_LEVELS.finditer(text):
        packs, pieces = _whole(both[1]), _whole(both[3])
        if packs > 1:
            yield _Found(_Level.PACK, packs, both.start(), both[2])
        level = _Level.PIECE if packs > 1 else _Level.PACK
        yield _Found(level, pieces, both.start(3), "")
    text = _TWO_LEVELS.sub(lambda both: " " * len(both[0]), text)
    yield from _packs_of(text)
    for named in _NAMED.finditer(text):
        yield _Found(_Level.PACK, _NAMED_PACKS[named[1]], named.start(), named[0])
    for level, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            number = _number(match)
            if number is not None:
                yield _Found(level, number, match.start(), match[0])


def _packs_of(text: str) -> Iterator[_Found]:
    """The packs "of" so many: of 8 and of 2 are sixteen, but of 6 and of 6 is said twice."""
    product, start, seen = 1, -1, set()
    for match in _PACK_OF.finditer(text):
        number = _whole(match[1])
        start = match.start() if start < 0 else start
        if number not in seen:
            seen.add(number)
            product *= number
    if 0 < product <= MOST_UNITS and start >= 0:
        yield _Found(_Level.PACK, product, start, "pack of")


def _number(match: re.Match[str]) -> int | None:
    """The number of a match, none if it is an article number or part of a fraction."""
    written = next(group for group in match.groups() if group is not None)
    number = _whole(written)
    if match[0].endswith("dozen"):
        number *= 6 if match[0].endswith("half dozen") else 12
    if fraction := re.match(r"(\d+) ?/ ?(\d+)(?![.\d])", match[0]):
        if is_fraction(int(fraction[1]), int(fraction[2])):
            return None
    return number if 0 < number <= MOST_UNITS else None


def _whole(written: str) -> int:
    return _WORDS.get(written) or int(written.replace(",", ""))


def _pieces(found: Sequence[_Found], packs: _Found | None) -> _Found | None:
    """The first count inside the packs; the same number said again after them is no count."""
    if packs is None:
        # A bare count says more of the pack than "2-bar pouches".
        return min(found, key=lambda each: _IS_COUNT.search(each.text) is None, default=None)
    inside = [
        each
        for each in found
        if each.level > packs.level and (each.number != packs.number or _counts_before(each, packs))
    ]
    return max(inside, key=lambda each: each.level == _Level.PIECE, default=None)


def _counts_before(piece: _Found, packs: _Found) -> bool:
    return piece.level == _Level.PIECE and piece.start < packs.start


def title_pack_sizes(titles: Sequence[str]) -> pd.DataFrame:
    """The counts of each title.

    Returns:
        A row per title, float64 with nulls where the title does not say: `packs`, `unit_count`
        (pieces of each pack) and `pack_size` (the packs, or the bare count without them).
    """
    import pandas as pd

    found = [pack_size_of(title) for title in titles]
    columns = {
        "packs": [each.packs for each in found],
        "unit_count": [each.pieces for each in found],
        "pack_size": [each.pack_size for each in found],
    }
    return pd.DataFrame({name: np.array(column, dtype=float) for name, column in columns.items()})

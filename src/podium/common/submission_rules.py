"""The rules that organisers state about submission files, one small object each.

They compare text, so that a file is judged as it is written: ``7.0``, ``07`` and ``7`` differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from podium.common.submission_file import Fault, SubmissionTable, faulty_places, faulty_rows

WHOLE_NUMBER = r"(?:0|-?[1-9][0-9]{0,17})"
NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?"


class Rule(Protocol):
    """One demand of the organiser."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns without which the rule cannot be checked."""

    def check(self, table: SubmissionTable) -> Iterable[Fault]:
        """Find every breach of the rule."""


@dataclass(frozen=True)
class Columns:
    """The header holds exactly these columns, in this order."""

    names: tuple[str, ...]
    needs: tuple[str, ...] = ()

    def check(self, table: SubmissionTable) -> Iterable[Fault]:
        """Compare the header."""
        found = tuple(table.header)
        if found != self.names and table.readable:
            yield Fault(
                f"columns must be exactly {','.join(self.names)}",
                1,
                (f"found {','.join(found)[:200] or 'nothing'}",),
            )


@dataclass(frozen=True)
class WholeNumbers:
    """Every value of a column is a whole number, plainly written, within bounds if given."""

    column: str
    low: int | None = None
    high: int | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def check(self, table: SubmissionTable) -> Iterable[Fault]:
        """Look at the text, then at the bounds."""
        texts = table.frame[self.column]
        whole = texts.str.fullmatch(WHOLE_NUMBER).astype(bool)
        yield faulty_rows(f"{self.column} must be a whole number", texts[~whole])
        yield from _outside(self.column, texts[whole], self.low, self.high)


@dataclass(frozen=True)
class Numbers:
    """Every value of a column is a finite number, within bounds if given."""

    column: str
    low: float | None = None
    high: float | None = None
    low_open: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def check(self, table: SubmissionTable) -> Iterable[Fault]:
        """Parse the text, then look at the bounds."""
        texts = table.frame[self.column]
        plain = texts.str.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?").astype(bool)
        values = pd.to_numeric(texts.where(plain), errors="coerce").astype("float64")
        finite = np.isfinite(values.to_numpy())
        yield faulty_rows(f"{self.column} must be a finite number", texts[~finite])
        yield from _outside(self.column, texts[finite], self.low, self.high, self.low_open)


@dataclass(frozen=True)
class SequentialIds:
    """The ids run in sequence down the file."""

    column: str
    start: int = 0

    @property
    def needs(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def check(self, table: SubmissionTable) -> Iterable[Fault]:
        """Compare with the number of the row, so that one bad row is one fault."""
        found = table.frame[self.column]
        wanted = (found.index.to_numpy() - 1 + self.start).astype(str)
        rule = f"{self.column} must run from {self.start} in sequence"
        yield faulty_rows(rule, found[found.to_numpy() != wanted])


@dataclass(frozen=True)
class InOrder:
    """The values of a column stand in a given order; those that do not belong there are left out.

    A file with too few or too many rows breaks `OneRowEach`, and keeps this one if the rows that
    belong there follow each other rightly.
    """

    column: str
    expected: Sequence[object]

    @property
    def needs(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def check(self, table: SubmissionTable) -> Iterable[Fault]:
        """Find every row that belongs before one that stands above it."""
        places = {name: place for place, name in enumerate(_texts(self.expected))}
        found = table.frame[self.column]
        found = found[found.isin(list(places))].drop_duplicates()
        at = found.map(places).to_numpy(dtype="int64")
        late = at < np.maximum.accumulate(at) if len(at) else at.astype(bool)
        yield faulty_rows(f"{self.column} must stand in the order asked for", found[late])


@dataclass(frozen=True)
class KnownValues:
    """Every value of a column belongs to a set, such as the tracks of the catalogue."""

    column: str
    known: Collection[object]
    what: str = "known value"

    @property
    def needs(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def check(self, table: SubmissionTable) -> Iterable[Fault]:
        """Compare as text."""
        texts = table.frame[self.column]
        known = texts.isin(_texts(self.known))
        yield faulty_rows(f"{self.column} must be a {self.what}", texts[~known])


@dataclass(frozen=True)
class OneRowEach:
    """Exactly one row for every expected id, and none for another."""

    column: str
    expected: Collection[object]

    @property
    def needs(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def check(self, table: SubmissionTable) -> Iterable[Fault]:
        """Unknown, repeated and missing ids."""
        yield from GroupSize(self.column, 1, self.expected).check(table)


@dataclass(frozen=True)
class GroupSize:
    """Exactly `count` rows for every expected group, and none for another."""

    column: str
    count: int
    expected: Collection[object]

    @property
    def needs(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def check(self, table: SubmissionTable) -> Iterable[Fault]:
        """Unknown groups, missing groups, groups of another size."""
        texts = table.frame[self.column]
        expected = _texts(self.expected)
        known = texts.isin(expected)
        yield faulty_rows(
            f"{self.column} must be one of the {len(expected):,} asked for", texts[~known]
        )
        sizes = texts[known].value_counts().reindex(expected, fill_value=0)
        missing = sizes.index[sizes == 0]
        yield faulty_places(
            f"every {self.column} asked for must appear",
            [f"{self.column} {name} has no row" for name in missing],
        )
        wrong = sizes[(sizes != self.count) & (sizes > 0)]
        yield faulty_places(
            f"every {self.column} must have exactly {self.count} {_rows(self.count)}",
            [f"{self.column} {name} has {size} {_rows(size)}" for name, size in wrong.items()],
        )


@dataclass(frozen=True)
class UniqueWithin:
    """No value of a column stands twice within a group (or in the file, without a group)."""

    column: str
    group: str | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns."""
        return (self.column,) if self.group is None else (self.group, self.column)

    def check(self, table: SubmissionTable) -> Iterable[Fault]:
        """Report every repetition, not the first appearance."""
        keys = list(self.needs)
        repeated = table.frame.loc[table.frame.duplicated(keys), keys]
        place = f" within a {self.group}" if self.group else ""
        pairs = [", ".join(row) for row in repeated.itertuples(index=False)]
        yield faulty_rows(
            f"no {self.column} may stand twice{place}",
            pd.Series(pairs, index=repeated.index, dtype="str"),
        )


@dataclass(frozen=True)
class Ranks:
    """Within every group the ranks are 1 to `count`, each once."""

    group: str
    column: str
    count: int

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns."""
        return (self.group, self.column)

    def check(self, table: SubmissionTable) -> Iterable[Fault]:
        """Ranks out of range, repeated ranks, missing ranks."""
        wanted = [str(rank) for rank in range(1, self.count + 1)]
        pairs = table.frame[[self.group, self.column]]
        valid = pairs[self.column].isin(wanted)
        yield faulty_rows(
            f"{self.column} must be one of 1 to {self.count}", pairs.loc[~valid, self.column]
        )
        ranks = SubmissionTable(pairs[valid], table.header)
        yield from UniqueWithin(self.column, self.group).check(ranks)
        present = pairs[valid].drop_duplicates().groupby(self.group)[self.column].agg(set)
        lacks = {
            name: [rank for rank in wanted if rank not in present.get(name, set())]
            for name in pairs[self.group].unique()
        }
        yield faulty_places(
            f"every {self.group} must have all ranks 1 to {self.count}",
            [
                f"{self.group} {name} lacks rank {missing[0]}"
                + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
                for name, missing in lacks.items()
                if missing
            ],
        )


def _texts(values: Collection[object]) -> list[str]:
    """The distinct values as text, in a fixed order: 7 and numpy's int64(7) are both '7'."""
    return list(dict.fromkeys(str(value) for value in values))


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"


def _outside(
    column: str,
    texts: pd.Series,
    low: float | None,
    high: float | None,
    low_open: bool = False,
) -> Iterable[Fault]:
    values = texts.astype("float64")
    if low is not None:
        bad = values <= low if low_open else values < low
        yield faulty_rows(
            f"{column} must be {'above' if low_open else 'at least'} {low}", texts[bad]
        )
    if high is not None:
        yield faulty_rows(f"{column} must be at most {high}", texts[values > high])

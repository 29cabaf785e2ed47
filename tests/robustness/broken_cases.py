"""What a broken input is, and what a person wants to be told of it."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Refused:
    """The run stops: the error names the file and, where they are to blame, column and row."""

    file: str
    says: str
    column: str | None = None
    row: int | None = None


@dataclass(frozen=True)
class SetAside:
    """The row goes to the quarantine with this reason, all others are kept, and it is counted."""

    file: str
    row: int
    reason: str


@dataclass(frozen=True)
class Counted:
    """Nothing is lost; the report on data quality counts what was repaired, dropped or odd."""

    file: str
    check: str
    rows: int = 1


@dataclass(frozen=True)
class Case:
    """One kind of broken input.

    Attributes:
        challenge: Whose.
        kind: What is broken, in a few words; the same in no other case of the challenge.
        spoil: Breaks the good raw files that lie in a folder.
        wanted: What is to be told.
    """

    challenge: str
    kind: str
    spoil: Callable[[Path], None]
    wanted: Refused | SetAside | Counted

    def __str__(self):
        return f"{self.challenge}: {self.kind}"


# ------------------------------------------------------------------- ways to spoil a file of text


def lines_of(path):
    return path.read_text(encoding="utf-8").splitlines()


def write_lines(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def bytes_of(name, content):
    """The file holds other bytes."""
    return lambda folder: (folder / name).write_bytes(content) and None


def without(name):
    return lambda folder: (folder / name).unlink()


def twice(name):
    """The file lies there plain and compressed."""
    return lambda folder: (
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes())) and None
    )


def folder_for(name):
    """A folder has the name of the file."""

    def spoil(folder):
        (folder / name).unlink()
        (folder / name).mkdir()

    return spoil


def with_line_ends(name, end):
    def spoil(folder):
        text = (folder / name).read_bytes()
        (folder / name).write_bytes(text.replace(b"\r\n", b"\n").replace(b"\n", end))

    return spoil


def git_pointer(name):
    """What Git LFS leaves where the file was not fetched."""
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
    return bytes_of(name, text.encode())


def rewritten(name, change):
    """The lines of the file, changed."""
    return lambda folder: write_lines(folder / name, change(lines_of(folder / name)))


def encoded(name, encoding, letters=None):
    """The file in another encoding, perhaps with letters of it."""

    def spoil(folder):
        text = (folder / name).read_text(encoding="utf-8")
        for plain, letter in (letters or {}).items():
            text = text.replace(plain, letter)
        (folder / name).write_bytes(text.encode(encoding))

    return spoil


def cut(name, count, compress=None):
    """The file lacks its end, perhaps that of its compressed form."""

    def spoil(folder):
        data = (folder / name).read_bytes()
        (folder / name).write_bytes((compress(data) if compress else data)[:-count])

    return spoil


def cell(name, row, column, value):
    """One value of a plain CSV file (row from 1) is another; None takes the field away."""

    def change(lines):
        at = lines[0].split(",").index(column)
        fields = lines[row].split(",")
        fields[at : at + 1] = [] if value is None else [value]
        return [*lines[:row], ",".join(fields), *lines[row + 1 :]]

    return rewritten(name, change)


def cells(name, column, value, first=3):
    """All values of a column, from a row on."""

    def change(lines):
        at = lines[0].split(",").index(column)
        rows = [line.split(",") for line in lines]
        for fields in rows[first:]:
            fields[at] = value(fields[at]) if callable(value) else value
        return [",".join(fields) for fields in rows]

    return rewritten(name, change)


def added(name, line):
    return rewritten(name, lambda lines: [*lines, line])


def renamed(name, column, other):
    def change(lines):
        header = (other if field == column else field for field in lines[0].split(","))
        return [",".join(header), *lines[1:]]

    return rewritten(name, change)


def doubled(name):
    """The first column is there twice."""
    return rewritten(name, lambda lines: [f"{line},{line.split(',')[0]}" for line in lines])


def separated(name, mark):
    return rewritten(name, lambda lines: [line.replace(",", mark) for line in lines])


def ways_with_records(records):
    """Ways to spoil a file of records of named values.

    Args:
        records: Takes a file's name and a function that changes its records; gives the spoiling.
    """

    def with_values(name, row, **values):
        """Other values in one record (row from 1)."""
        return records(
            name, lambda found: [*found[: row - 1], {**found[row - 1], **values}, *found[row:]]
        )

    def throughout(name, **values):
        """Other values in every record but the first."""
        return records(name, lambda found: [found[0], *({**each, **values} for each in found[1:])])

    def lacking(name, key):
        return records(
            name, lambda found: [{k: v for k, v in each.items() if k != key} for each in found]
        )

    return with_values, throughout, lacking


GARBAGE = bytes((at * 7919 + at // 3) % 256 for at in range(5000))

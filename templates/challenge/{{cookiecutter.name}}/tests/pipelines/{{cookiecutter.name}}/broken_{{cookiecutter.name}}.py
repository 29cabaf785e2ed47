"""Broken inputs of {{cookiecutter.title}}; `tests/robustness/test_broken_inputs.py` tries them."""

import gzip

from broken_cases import (
    Case,
    Counted,
    Refused,
    SetAside,
    added,
    bytes_of,
    cell,
    cells,
    cut,
    doubled,
    encoded,
    renamed,
    rewritten,
    separated,
    without,
)
from raw_{{cookiecutter.name}} import good_files

from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS, TEST, TRAIN

KEY, TARGET = ROWS.key, ROWS.target
FILES = good_files()
# The row that is spoilt, and the rows that one has that is added to a file.
ROW, AFTER, AFTER_TEST = 3, len(FILES[TRAIN.name]), len(FILES[TEST.name])
FIRST_KEY = FILES[TEST.name][1].split(",")[0]


def lacking(spec):
    """A file without its rows, its columns, or everything."""
    name = spec.name
    return {
        f"{name} missing": (without(name), Refused(name, "the file is missing")),
        f"{name} empty": (bytes_of(name, b""), Refused(name, "empty")),
        f"{name} with a header only": (
            rewritten(name, lambda lines: lines[:1]),
            Refused(name, "no data rows"),
        ),
        **{
            f"{name} without {column}": (
                renamed(name, column, "what"),
                Refused(name, "the column is missing", column),
            )
            for column in spec.columns
        },
    }


_KINDS = {
    **lacking(TRAIN),
    **lacking(TEST),
    "zero bytes": (bytes_of(TEST.name, bytes(100)), Refused(TEST.name, "nothing but zeros")),
    "a zip archive": (
        bytes_of(TRAIN.name, b"PK\x03\x04 zip"),
        Refused(TRAIN.name, "a zip archive"),
    ),
    "UTF-16": (encoded(TRAIN.name, "utf-16"), Refused(TRAIN.name, "UTF-16")),
    "a truncated gzip": (
        cut(TEST.name, 20, gzip.compress),
        Refused(TEST.name, "gzip archive is damaged"),
    ),
    "separated by semicolons": (separated(TRAIN.name, ";"), Refused(TRAIN.name, "commas", KEY)),
    "a column twice": (doubled(TEST.name), Refused(TEST.name, "2 times", KEY)),
    "targets are words throughout": (
        cells(TRAIN.name, TARGET, "unknown"),
        Refused(TRAIN.name, "is not a number", TARGET, ROW),
    ),
    "most rows too short": (
        rewritten(TRAIN.name, lambda lines: [*lines[:ROW], *(line[:3] for line in lines[ROW:])]),
        Refused(TRAIN.name, "are misshapen", row=ROW),
    ),
    **{
        f"{name} is words throughout": (
            cells(TRAIN.name, name, "many"),
            Refused(TRAIN.name, "'many'", name, ROW),
        )
        for name in ROWS.numbers[:1]
    },
    "a test row without its key": (
        cell(TEST.name, ROW, KEY, ""),
        Refused(TEST.name, "has no such value", KEY, ROW),
    ),
    "a test row twice": (
        cell(TEST.name, ROW, KEY, FIRST_KEY),
        Refused(TEST.name, "stands twice, first in row 1", KEY, ROW),
    ),
    "a test row with one field": (
        added(TEST.name, "other"),
        Refused(TEST.name, "has 1 field instead of", KEY, AFTER_TEST),
    ),
    "one target missing": (
        cell(TRAIN.name, ROW, TARGET, ""),
        SetAside(TRAIN.name, ROW, f"{TARGET} is missing"),
    ),
    "one target a word": (
        cell(TRAIN.name, ROW, TARGET, "unknown"),
        SetAside(TRAIN.name, ROW, f"{TARGET} is not a number"),
    ),
    "one target infinite": (
        cell(TRAIN.name, ROW, TARGET, "inf"),
        SetAside(TRAIN.name, ROW, f"{TARGET} is not a number"),
    ),
    "one row without its key": (
        cell(TRAIN.name, ROW, KEY, ""),
        SetAside(TRAIN.name, ROW, f"{KEY} is missing"),
    ),
    "one row too short": (cell(TRAIN.name, ROW, TARGET, None), SetAside(TRAIN.name, ROW, "fields")),
    "one row too long": (
        added(TRAIN.name, "," * len(TRAIN.columns)),
        SetAside(TRAIN.name, AFTER, "fields"),
    ),
    "one key for different rows": (
        rewritten(TRAIN.name, lambda lines: [*lines, f"{lines[ROW].rsplit(',', 1)[0]},0.125"]),
        SetAside(TRAIN.name, ROW, "stands for different rows"),
    ),
    "one exact duplicate": (
        rewritten(TRAIN.name, lambda lines: [*lines, lines[ROW]]),
        Counted(TRAIN.name, "exact duplicate"),
    ),
    **{
        f"one {name} {text or 'missing'}": (
            cell(TRAIN.name, ROW, name, text),
            Counted(TRAIN.name, f"{name} {said}"),
        )
        for name in ROWS.numbers[:1]
        for text, said in (("", "is missing"), ("a word", "wrong, set to null"))
    },
    "a column that nobody asked for": (
        rewritten(TEST.name, lambda lines: [f"{line},x" for line in lines]),
        Counted(TEST.name, "columns that are not needed"),
    ),
}

CASES = [Case("{{cookiecutter.name}}", kind, *of) for kind, of in _KINDS.items()]

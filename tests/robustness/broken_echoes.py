"""Broken inputs of Embedded Echoes."""

import gzip
import json

from broken_cases import (
    GARBAGE,
    Case,
    Counted,
    Refused,
    SetAside,
    added,
    bytes_of,
    cut,
    encoded,
    folder_for,
    git_pointer,
    rewritten,
    twice,
    ways_with_records,
    without,
)
from raw_echoes import PART1, PART2, SOLUTION, TEST_FILE

IMAGE, TEXT = "image_embedding", "text_embedding"


def records(name, change):
    """The records of a JSON file, changed."""

    def spoil(folder):
        found = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(change(found)))

    return spoil


with_values, throughout, lacking = ways_with_records(records)


NAN = float("nan")
_KINDS = {
    "plain and compressed": (twice(PART1), Refused(PART1, "the file is there twice")),
    "a folder in its place": (folder_for(TEST_FILE), Refused(TEST_FILE, "this is a folder")),
    "a pointer of Git LFS": (git_pointer(PART1), Refused(PART1, "git lfs pull")),
    "part 1 missing": (without(PART1), Refused(PART1, "the file is missing")),
    "test missing": (without(TEST_FILE), Refused(TEST_FILE, "the file is missing")),
    "empty file": (bytes_of(PART1, b""), Refused(PART1, "empty")),
    "blank file": (bytes_of(PART2, b" \n "), Refused(PART2, "empty")),
    "empty list": (bytes_of(TEST_FILE, b"[]"), Refused(TEST_FILE, "the list is empty")),
    "zero bytes": (bytes_of(PART1, bytes(100)), Refused(PART1, "no JSON file")),
    "a zip archive": (bytes_of(PART1, b"PK\x03\x04 zip"), Refused(PART1, "no JSON file")),
    "a CSV file": (bytes_of(PART1, b"id,label\n1,0\n"), Refused(PART1, "no JSON file")),
    "garbage in a list": (bytes_of(PART1, b"[{" + GARBAGE), Refused(PART1, "binary")),
    "UTF-16": (encoded(PART1, "utf-16"), Refused(PART1, "UTF-16")),
    "cut short": (cut(PART1, 40), Refused(PART1, "cut short", row=12)),
    "truncated gzip": (cut(TEST_FILE, 20, gzip.compress), Refused(TEST_FILE, "gzip")),
    "an object of columns": (
        bytes_of(PART1, b'{"id": {"0": "a"}}'),
        Refused(PART1, "label is missing", "label", 1),
    ),
    "a list of numbers": (
        bytes_of(PART1, b"[1, 2, 3]"),
        Refused(PART1, "expected an object", row=1),
    ),
    "a list of lists": (bytes_of(PART1, b"[[1, 0]]"), Refused(PART1, "expected an object", row=1)),
    "ids lacking": (lacking(PART1, "id"), Refused(PART1, "id is missing", "id", 1)),
    "labels lacking": (lacking(PART2, "label"), Refused(PART2, "label is missing", "label", 1)),
    "vectors lacking": (lacking(TEST_FILE, TEXT), Refused(TEST_FILE, "is missing", TEXT, 1)),
    "vectors of another length throughout": (
        throughout(PART1, **{IMAGE: [1.0, 2.0]}),
        Refused(PART1, "does not have 4 numbers", IMAGE, 2),
    ),
    "vectors of text throughout": (
        throughout(PART1, **{TEXT: ["1", "2", "3", "4"]}),
        Refused(PART1, "something else than numbers", TEXT, 2),
    ),
    "labels of 2 throughout": (
        throughout(PART1, label=2),
        Refused(PART1, "neither 0 nor 1", "label", 2),
    ),
    "one class only": (
        lambda folder: [
            records(name, lambda found: [{**each, "label": 1} for each in found])(folder)
            for name in (PART1, PART2)
        ],
        Refused(PART1, "both classes are needed", "label"),
    ),
    "a test vector with null": (
        with_values(TEST_FILE, 3, **{TEXT: [1.0, None, 2.0, 3.0]}),
        Refused(TEST_FILE, "something else than numbers", TEXT, 3),
    ),
    "a test vector of another length": (
        with_values(TEST_FILE, 3, **{IMAGE: [1.0]}),
        Refused(TEST_FILE, "does not have 4 numbers", IMAGE, 3),
    ),
    "a test id twice": (
        with_values(TEST_FILE, 3, id=2),
        Refused(TEST_FILE, "first in row 2", "id", 3),
    ),
    "a gap in the test ids": (
        with_values(TEST_FILE, 8, id=9),
        Refused(TEST_FILE, "8 are missing", "id", 8),
    ),
    "a fractional test id": (
        with_values(TEST_FILE, 3, id=1.5),
        Refused(TEST_FILE, "neither text nor a whole number", "id", 3),
    ),
    "a solution with another header": (
        bytes_of(SOLUTION, b"target,row_id\n0,1\n"),
        Refused(SOLUTION, "the header must be row_id,target"),
    ),
    "a solution of another test": (
        added(SOLUTION, "77,0"),
        Refused(SOLUTION, "is not in test.json", "row_id", 9),
    ),
    "a solution with a row twice": (
        rewritten(SOLUTION, lambda lines: [*lines, lines[1]]),
        Refused(SOLUTION, "stands twice", "row_id", 9),
    ),
    "a solution with a short row": (
        added(SOLUTION, "9"),
        Refused(SOLUTION, "misshapen", "row_id", 9),
    ),
    "one vector of another length": (
        with_values(PART1, 5, **{IMAGE: [1.0, 2.0, 3.0]}),
        SetAside(PART1, 5, IMAGE),
    ),
    "one vector with NaN": (
        with_values(PART1, 5, **{TEXT: [1.0, NAN, 2.0, 3.0]}),
        SetAside(PART1, 5, TEXT),
    ),
    "one vector with infinity": (
        with_values(PART1, 5, **{IMAGE: [1.0, float("-inf"), 2.0, 3.0]}),
        SetAside(PART1, 5, IMAGE),
    ),
    "one vector of text": (
        with_values(PART1, 5, **{TEXT: ["1", "2", "3", "4"]}),
        SetAside(PART1, 5, TEXT),
    ),
    "one vector null": (with_values(PART2, 2, **{IMAGE: None}), SetAside(PART2, 2, IMAGE)),
    "one label of 2": (with_values(PART1, 5, label=2), SetAside(PART1, 5, "label")),
    "one label as text": (with_values(PART1, 5, label="1"), SetAside(PART1, 5, "label")),
    "one fractional id": (with_values(PART1, 5, id=1.5), SetAside(PART1, 5, "id")),
    "one id for different rows": (
        with_values(PART1, 5, id="a000"),
        SetAside(PART1, 5, "stands for different rows"),
    ),
    "one exact duplicate": (
        records(PART1, lambda found: [*found, found[3]]),
        Counted(PART1, "exact duplicate"),
    ),
    "one vector of zeros": (
        with_values(PART1, 5, **{TEXT: [0.0] * 4}),
        Counted(PART1, "text vector is all zeros"),
    ),
    "a test row that copies a training row": (
        records(
            TEST_FILE,
            lambda found: [
                {
                    **found[0],
                    IMAGE: [4.0, -1.5, 0.25, 0.0],
                    TEXT: [0.375, 2.0, -1.0, 0.75],
                },
                *found[1:],
            ],
        ),
        Counted(TEST_FILE, "near copies of training rows"),
    ),
}

CASES = [Case("echoes", kind, *of) for kind, of in _KINDS.items()]

"""Broken inputs of HearMe."""

import gzip

from broken_cases import (
    GARBAGE,
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
    folder_for,
    git_pointer,
    renamed,
    rewritten,
    separated,
    twice,
    with_line_ends,
    without,
)

LISTENS, ITEMS, USERS, TEST = (
    "interactions.csv",
    "item_metadata.csv",
    "user_metadata.csv",
    "test.csv",
)
HEADER = b"user_id,item_id,listened_duration,listened_datetime\n"
MISSING, LENGTH = "the file is missing", "listened_duration"

_KINDS = {
    "test users that nobody knows": (
        bytes_of(TEST, b"user_id\n987654\n987655\n"),
        Refused(TEST, "none of the 2 users has a usable listen", "user_id"),
    ),
    "plain and compressed": (twice(LISTENS), Refused(LISTENS, "the file is there twice")),
    "a folder in its place": (folder_for(ITEMS), Refused(ITEMS, "this is a folder")),
    "a pointer of Git LFS": (git_pointer(LISTENS), Refused(LISTENS, "git lfs pull")),
    "lines that end with a lone carriage return": (
        with_line_ends(ITEMS, b"\r"),
        Refused(ITEMS, "a lone carriage return"),
    ),
    "listens missing": (without(LISTENS), Refused(LISTENS, MISSING)),
    "test missing": (without(TEST), Refused(TEST, MISSING)),
    "empty file": (bytes_of(ITEMS, b""), Refused(ITEMS, "empty")),
    "blank lines only": (bytes_of(USERS, b"\n\n \n"), Refused(USERS, "the file is empty")),
    "byte order mark only": (bytes_of(TEST, b"\xef\xbb\xbf"), Refused(TEST, "empty")),
    "zero bytes": (bytes_of(LISTENS, bytes(100)), Refused(LISTENS, "nothing but zeros")),
    "header only": (bytes_of(LISTENS, HEADER), Refused(LISTENS, "no data rows")),
    "a zip archive": (bytes_of(ITEMS, b"PK\x03\x04" + GARBAGE), Refused(ITEMS, "a zip archive")),
    "a Parquet file": (bytes_of(LISTENS, b"PAR1" + bytes(50)), Refused(LISTENS, "a Parquet file")),
    "garbage below the header": (
        bytes_of(LISTENS, HEADER + GARBAGE),
        Refused(LISTENS, "is not UTF-8 text", row=1),
    ),
    "UTF-16": (encoded(USERS, "utf-16"), Refused(USERS, "UTF-16")),
    "Windows-1251": (
        encoded(ITEMS, "cp1251", {"Әнші": "Артист"}),
        Refused(ITEMS, "save it as UTF-8", row=1),
    ),
    "truncated gzip": (
        cut(LISTENS, 20, gzip.compress),
        Refused(LISTENS, "gzip archive is damaged"),
    ),
    "separated by semicolons": (separated(LISTENS, ";"), Refused(LISTENS, "commas", "user_id")),
    "separated by tabs": (separated(USERS, "\t"), Refused(USERS, "commas", "user_id")),
    "a column with another name": (
        renamed(LISTENS, LENGTH, "duration"),
        Refused(LISTENS, "'duration'", LENGTH),
    ),
    "a column twice": (doubled(ITEMS), Refused(ITEMS, "2 times", "item_id")),
    "lengths are words throughout": (
        cells(LISTENS, LENGTH, "long"),
        Refused(LISTENS, "'long'", LENGTH, 3),
    ),
    "tracks are words throughout": (
        cells(LISTENS, "item_id", lambda text: f"t{text}"),
        Refused(LISTENS, "the first is 't2'", "item_id", 3),
    ),
    "times without a date throughout": (
        cells(LISTENS, "listened_datetime", "10:00"),
        Refused(LISTENS, "'10:00'", "listened_datetime", 3),
    ),
    "counts are words throughout": (
        rewritten(ITEMS, lambda lines: [line.replace(",1,2,3", ",1,many,3") for line in lines]),
        Refused(ITEMS, "'many'", "track_like_count", 1),
    ),
    "most rows too short": (
        rewritten(LISTENS, lambda lines: [*lines[:3], *(line[:3] for line in lines[3:])]),
        Refused(LISTENS, "are misshapen", row=3),
    ),
    "all listens of another year": (
        rewritten(LISTENS, lambda lines: [line.replace("2025-", "2024-") for line in lines]),
        Refused(LISTENS, "before the time range", row=1),
    ),
    "too few tracks": (
        rewritten(ITEMS, lambda lines: lines[:4]),
        Refused(ITEMS, "only 3 known tracks", "item_id"),
    ),
    "a test user twice": (added(TEST, "1"), Refused(TEST, "twice, first in row 2", "user_id", 4)),
    "a test user that is no number": (added(TEST, "two"), Refused(TEST, "'two'", "user_id", 4)),
    "a test user below zero": (added(TEST, "-1"), Refused(TEST, "'-1'", "user_id", 4)),
    "a test row with two fields": (added(TEST, "5,6"), Refused(TEST, "2 fields", "user_id", 4)),
    "one length a word": (cell(LISTENS, 7, LENGTH, "long"), SetAside(LISTENS, 7, LENGTH)),
    "one length below zero": (cell(LISTENS, 7, LENGTH, "-5"), SetAside(LISTENS, 7, LENGTH)),
    "one length of days": (cell(LISTENS, 7, LENGTH, "999999"), SetAside(LISTENS, 7, LENGTH)),
    "one time that no calendar has": (
        cell(LISTENS, 7, "listened_datetime", "2025-02-30 10:00:00"),
        SetAside(LISTENS, 7, "listened_datetime"),
    ),
    "one time after the range": (
        cell(LISTENS, 7, "listened_datetime", "2031-01-01 10:00:00"),
        SetAside(LISTENS, 7, "after the time range"),
    ),
    "one unknown track": (cell(LISTENS, 7, "item_id", "777"), SetAside(LISTENS, 7, "item_id")),
    "one listen without a user": (cell(LISTENS, 7, "user_id", ""), SetAside(LISTENS, 7, "user_id")),
    "one row too short": (cell(LISTENS, 7, LENGTH, None), SetAside(LISTENS, 7, "has 3 fields")),
    "one row too long": (added(LISTENS, "1,2,3,4,5"), SetAside(LISTENS, 61, "has 5 fields")),
    "one byte that is not UTF-8": (
        lambda folder: (folder / LISTENS).write_bytes(
            (folder / LISTENS).read_bytes() + b"1,2,\xff,2025-03-03 10:00:00\n"
        ),
        SetAside(LISTENS, 61, "UTF-8"),
    ),
    "the last row cut short": (cut(LISTENS, 30), SetAside(LISTENS, 60, "fields")),
    "one track without an id": (cell(ITEMS, 2, "item_id", ""), SetAside(ITEMS, 2, "item_id")),
    "one user that is no number": (cell(USERS, 2, "user_id", "x"), SetAside(USERS, 2, "user_id")),
    "one exact duplicate": (
        rewritten(LISTENS, lambda lines: [*lines, lines[5]]),
        Counted(LISTENS, "exact duplicate"),
    ),
    "one length written 60.0": (
        cell(LISTENS, 7, LENGTH, "60.0"),
        Counted(LISTENS, "numbers or time written oddly"),
    ),
    "one unknown gender": (cell(USERS, 2, "gender", "X"), Counted(USERS, "gender wrong")),
    "a column that nobody asked for": (
        rewritten(TEST, lambda lines: [f"{line},x" for line in lines]),
        Counted(TEST, "columns that are not needed"),
    ),
}

CASES = [Case("hearme", kind, *of) for kind, of in _KINDS.items()]

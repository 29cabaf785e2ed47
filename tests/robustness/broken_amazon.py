"""Broken inputs of the Amazon challenge."""

import csv
import gzip
import io

from broken_cases import GARBAGE, Case, Counted, Refused, SetAside, bytes_of, cut, encoded, without
from raw_amazon import TEST_FILE, TRAIN_FILE, as_csv

HEADER = b"sample_id,catalog_content,image_link,price\n"


def records(name, change):
    """The records of a file, changed."""

    def spoil(folder):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_bytes(as_csv(change(list(csv.DictReader(io.StringIO(text))))))

    return spoil


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


def priced(text, reason):
    return with_values(TRAIN_FILE, 5, price=text), SetAside(TRAIN_FILE, 5, f"price: {reason}")


def ended(name, tail):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + tail) and None


_KINDS = {
    "training file missing": (without(TRAIN_FILE), Refused(TRAIN_FILE, "the file is missing")),
    "test missing": (without(TEST_FILE), Refused(TEST_FILE, "the file is missing")),
    "empty file": (bytes_of(TRAIN_FILE, b""), Refused(TRAIN_FILE, "empty")),
    "zero bytes": (bytes_of(TEST_FILE, bytes(100)), Refused(TEST_FILE, "nothing but zeros")),
    "header only": (bytes_of(TRAIN_FILE, HEADER), Refused(TRAIN_FILE, "no data rows")),
    "a zip archive": (
        bytes_of(TRAIN_FILE, b"PK\x03\x04 zip"),
        Refused(TRAIN_FILE, "a zip archive"),
    ),
    "garbage below the header": (
        bytes_of(TRAIN_FILE, HEADER + GARBAGE),
        Refused(TRAIN_FILE, "is not UTF-8 text", row=1),
    ),
    "a JSON file": (
        bytes_of(TRAIN_FILE, b'[{"sample_id": 1}]'),
        Refused(TRAIN_FILE, "the column is missing", "sample_id"),
    ),
    "UTF-16": (encoded(TRAIN_FILE, "utf-16"), Refused(TRAIN_FILE, "UTF-16")),
    "truncated gzip": (
        cut(TEST_FILE, 20, gzip.compress),
        Refused(TEST_FILE, "gzip archive is damaged"),
    ),
    "separated by semicolons": (
        bytes_of(TRAIN_FILE, HEADER.replace(b",", b";") + b"1;a;b;2\n"),
        Refused(TRAIN_FILE, "commas", "sample_id"),
    ),
    "prices lacking": (lacking(TRAIN_FILE, "price"), Refused(TRAIN_FILE, "missing", "price")),
    "links lacking": (
        lacking(TEST_FILE, "image_link"),
        Refused(TEST_FILE, "missing", "image_link"),
    ),
    "prices unreadable throughout": (
        throughout(TRAIN_FILE, price="call us"),
        Refused(TRAIN_FILE, "'call us'", "price", 2),
    ),
    "prices in euros throughout": (
        throughout(TRAIN_FILE, price="€12.50"),
        Refused(TRAIN_FILE, "other currency", "price", 2),
    ),
    "texts empty throughout": (
        throughout(TRAIN_FILE, catalog_content=""),
        Refused(TRAIN_FILE, "29 of 30 texts are empty", "catalog_content", 2),
    ),
    "too few rows": (
        records(TRAIN_FILE, lambda found: found[:9]),
        Refused(TRAIN_FILE, "only 9 usable rows"),
    ),
    "a test id missing": (
        with_values(TEST_FILE, 3, sample_id=""),
        Refused(TEST_FILE, "is missing", "sample_id", 3),
    ),
    "a test id twice": (
        with_values(TEST_FILE, 3, sample_id="30"),
        Refused(TEST_FILE, "stands twice", "sample_id", 3),
    ),
    "a test row too short": (
        ended(TEST_FILE, b"77,text\n"),
        Refused(TEST_FILE, "2 fields", "sample_id", 9),
    ),
    "a test row too long": (
        ended(TEST_FILE, b"77,text,link,3,4,5\n"),
        Refused(TEST_FILE, "6 fields", "sample_id", 9),
    ),
    "a price of zero": priced("0", "zero"),
    "a price below zero": priced("-4.99", "negative"),
    "a price missing": priced("", "missing"),
    "a price in words": priced("call us", "unreadable"),
    "a price in euros": priced("€12.50", "other currency"),
    "a price in rupees": priced("Rs. 499", "other currency"),
    "a price of 1e12": priced("1e12", "too large"),
    "a price of no cent": priced("0.0001", "too small"),
    "an infinite price": priced("inf", "infinite"),
    "a row without an id": (
        with_values(TRAIN_FILE, 7, sample_id=" "),
        SetAside(TRAIN_FILE, 7, "sample_id is missing"),
    ),
    "an id for different rows": (
        with_values(TRAIN_FILE, 7, sample_id="3"),
        SetAside(TRAIN_FILE, 7, "sample_id stands for different rows"),
    ),
    "a row too short": (ended(TRAIN_FILE, b"78,text\n"), SetAside(TRAIN_FILE, 31, "2 fields")),
    "a row too long": (
        ended(TRAIN_FILE, b"77,text,link,3,4,5\n"),
        SetAside(TRAIN_FILE, 31, "6 fields"),
    ),
    "a price with a dollar sign": (
        with_values(TRAIN_FILE, 5, price="$12.50"),
        Counted(TRAIN_FILE, "written oddly"),
    ),
    "a price with thousands separated": (
        with_values(TRAIN_FILE, 5, price="1,299.00"),
        Counted(TRAIN_FILE, "written oddly"),
    ),
    "an exact duplicate": (
        records(TRAIN_FILE, lambda found: [*found, found[0]]),
        Counted(TRAIN_FILE, "duplicate"),
    ),
    "an empty text": (
        with_values(TRAIN_FILE, 5, catalog_content=""),
        Counted(TRAIN_FILE, "catalog_content is empty"),
    ),
    "an empty link of the test": (
        with_values(TEST_FILE, 3, image_link=""),
        Counted(TEST_FILE, "image_link is empty"),
    ),
}

CASES = [Case("amazon", kind, *of) for kind, of in _KINDS.items()]

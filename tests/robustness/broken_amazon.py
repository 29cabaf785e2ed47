"""Broken inputs of the Amazon challenge."""

import gzip

from amazon_files import (
    HEADER,
    IMAGES,
    ended,
    image_folder,
    lacking,
    records,
    replaced,
    rows,
    throughout,
    with_values,
)
from broken_cases import (
    GARBAGE,
    Case,
    Counted,
    Refused,
    SetAside,
    bytes_of,
    cut,
    encoded,
    folder_for,
    git_pointer,
    renamed,
    twice,
    with_line_ends,
    without,
)
from raw_amazon import TEST_FILE, TRAIN_FILE


def priced(text, reason):
    return with_values(TRAIN_FILE, 5, price=text), SetAside(TRAIN_FILE, 5, f"price: {reason}")


_KINDS = {
    "plain and compressed": (twice(TRAIN_FILE), Refused(TRAIN_FILE, "the file is there twice")),
    "a folder in its place": (folder_for(TEST_FILE), Refused(TEST_FILE, "this is a folder")),
    "a pointer of Git LFS": (git_pointer(TRAIN_FILE), Refused(TRAIN_FILE, "git lfs pull")),
    "lines that end with a lone carriage return": (
        with_line_ends(TEST_FILE, b"\r"),
        Refused(TEST_FILE, "a lone carriage return"),
    ),
    "training file missing": (without(TRAIN_FILE), Refused(TRAIN_FILE, "the file is missing")),
    "test missing": (without(TEST_FILE), Refused(TEST_FILE, "the file is missing")),
    "empty file": (bytes_of(TRAIN_FILE, b""), Refused(TRAIN_FILE, "empty")),
    "blank lines only": (
        bytes_of(TRAIN_FILE, b"\n\n \n"),
        Refused(TRAIN_FILE, "the file is empty"),
    ),
    "blank lines only in the test": (
        bytes_of(TEST_FILE, b"\r\n\r\n"),
        Refused(TEST_FILE, "the file is empty"),
    ),
    "byte order mark only": (
        bytes_of(TRAIN_FILE, b"\xef\xbb\xbf"),
        Refused(TRAIN_FILE, "the file is empty"),
    ),
    "byte order mark only in the test": (
        bytes_of(TEST_FILE, b"\xef\xbb\xbf"),
        Refused(TEST_FILE, "the file is empty"),
    ),
    "zero bytes": (bytes_of(TEST_FILE, bytes(100)), Refused(TEST_FILE, "nothing but zeros")),
    "header only": (bytes_of(TRAIN_FILE, HEADER), Refused(TRAIN_FILE, "no data rows")),
    "a zip archive": (
        bytes_of(TRAIN_FILE, b"PK\x03\x04 zip"),
        Refused(TRAIN_FILE, "a zip archive"),
    ),
    "a Parquet file": (
        bytes_of(TRAIN_FILE, b"PAR1" + bytes(50)),
        Refused(TRAIN_FILE, "a Parquet file"),
    ),
    "a Parquet file for the test": (
        bytes_of(TEST_FILE, b"PAR1" + bytes(50)),
        Refused(TEST_FILE, "a Parquet file"),
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
    "Windows-1251": (
        encoded(TRAIN_FILE, "cp1251", {"Brand": "Марка"}),
        Refused(TRAIN_FILE, "save it as UTF-8", row=1),
    ),
    "Windows-1251 in the test": (
        encoded(TEST_FILE, "cp1251", {"Brand": "Марка"}),
        Refused(TEST_FILE, "save it as UTF-8", row=1),
    ),
    "truncated gzip": (
        cut(TEST_FILE, 20, gzip.compress),
        Refused(TEST_FILE, "gzip archive is damaged"),
    ),
    "separated by semicolons": (
        bytes_of(TRAIN_FILE, HEADER.replace(b",", b";") + b"1;a;b;2\n"),
        Refused(TRAIN_FILE, "commas", "sample_id"),
    ),
    "separated by tabs": (
        rows(TRAIN_FILE, list, separator="\t"),
        Refused(TRAIN_FILE, "commas", "sample_id"),
    ),
    "the test separated by tabs": (
        rows(TEST_FILE, list, separator="\t"),
        Refused(TEST_FILE, "commas", "sample_id"),
    ),
    "a column with another name": (
        renamed(TRAIN_FILE, "price", "cost"),
        Refused(TRAIN_FILE, "'cost'", "price"),
    ),
    "a column of the test with another name": (
        renamed(TEST_FILE, "catalog_content", "text"),
        Refused(TEST_FILE, "'text'", "catalog_content"),
    ),
    "a column twice": (
        rows(TRAIN_FILE, lambda found: [[*each, each[3]] for each in found]),
        Refused(TRAIN_FILE, "2 times", "price"),
    ),
    "a column of the test twice": (
        rows(TEST_FILE, lambda found: [[*each, each[0]] for each in found]),
        Refused(TEST_FILE, "2 times", "sample_id"),
    ),
    "most rows too short": (
        rows(TRAIN_FILE, lambda found: [*found[:3], *(each[:2] for each in found[3:])]),
        Refused(TRAIN_FILE, "28 of 30 rows are misshapen", row=3),
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
    "prices too large throughout": (
        throughout(TRAIN_FILE, price="1000000.01"),
        Refused(TRAIN_FILE, "too large", "price", 2),
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
    "one byte of the test that is not UTF-8": (
        replaced(TEST_FILE, b"Brand32 ", b"Brand\xff "),
        Refused(TEST_FILE, "is not UTF-8 text", "sample_id", 3),
    ),
    "a quote of the test that is never closed": (
        replaced(
            TEST_FILE, b'",https://images.example/I/32.jpg', b",https://images.example/I/32.jpg"
        ),
        Refused(TEST_FILE, "a quote is never closed", "sample_id", 3),
    ),
    "the last row of the test cut short": (
        cut(TEST_FILE, 100),
        Refused(TEST_FILE, "a quote is never closed", "sample_id", 8),
    ),
    "a file in place of the images": (
        bytes_of(IMAGES, b"x"),
        Refused(IMAGES, "cannot be opened (Not a directory)"),
    ),
    "a link to images that are away": (
        lambda folder: (folder / IMAGES).symlink_to(folder / "unmounted"),
        Refused(IMAGES, "cannot be opened (No such file or directory)"),
    ),
    "a folder of images without an image": (
        image_folder({"read.txt": b"x"}),
        Refused(IMAGES, "no image among the 1 entries"),
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
    "one byte that is not UTF-8": (
        replaced(TRAIN_FILE, b"Brand7 ", b"Brand\xff "),
        SetAside(TRAIN_FILE, 8, "is not UTF-8 text"),
    ),
    "a quote that is never closed": (
        replaced(
            TRAIN_FILE, b'",https://images.example/I/6.jpg', b",https://images.example/I/6.jpg"
        ),
        SetAside(TRAIN_FILE, 7, "a quote is never closed"),
    ),
    "a quote that is never opened": (
        replaced(TRAIN_FILE, b'\n6,"Item', b"\n6,Item"),
        SetAside(TRAIN_FILE, 7, "3 fields"),
    ),
    "the last row cut short": (cut(TRAIN_FILE, 10), SetAside(TRAIN_FILE, 30, "3 fields")),
    "the last row cut within its text": (
        cut(TRAIN_FILE, 100),
        SetAside(TRAIN_FILE, 30, "a quote is never closed"),
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
    "a price that may be cut short": (
        cut(TRAIN_FILE, 2),
        Counted(TRAIN_FILE, "does not end with a line break"),
    ),
    "a link that may be cut short": (
        cut(TEST_FILE, 10),
        Counted(TEST_FILE, "does not end with a line break"),
    ),
    "a column that nobody asked for": (
        rows(TRAIN_FILE, lambda found: [[*each, "x"] for each in found]),
        Counted(TRAIN_FILE, "columns that are not needed"),
    ),
    "prices in the test": (
        rows(
            TEST_FILE, lambda found: [["price", *found[0]], *(["5", *each] for each in found[1:])]
        ),
        Counted(TEST_FILE, "columns that are not needed"),
    ),
    "an empty folder of images": (
        image_folder({}),
        Counted(IMAGES, "placeholder: host cannot be reached", 38),
    ),
    "images of other links": (
        image_folder({"other.jpg": b"x"}),
        Counted(IMAGES, "placeholder: HTTP 404", 38),
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

"""Ways to spoil the raw files of the Amazon challenge, whose fields hold quotes and line breaks."""

import csv
import io

from broken_cases import ways_with_records
from raw_amazon import as_csv

HEADER = b"sample_id,catalog_content,image_link,price\n"
IMAGES = "images"


def records(name, change):
    """The records of a file, changed."""

    def spoil(folder):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_bytes(as_csv(change(list(csv.DictReader(io.StringIO(text))))))

    return spoil


def rows(name, change, separator=","):
    """The rows of a file, the header among them, each a list of its fields, changed."""

    def spoil(folder):
        text = (folder / name).read_text(encoding="utf-8")
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, delimiter=separator, lineterminator="\n")
        writer.writerows(change(list(csv.reader(io.StringIO(text)))))
        (folder / name).write_bytes(stream.getvalue().encode())

    return spoil


def replaced(name, old, new):
    """Bytes that stand once in a file are others."""

    def spoil(folder):
        data = (folder / name).read_bytes()
        assert data.count(old) == 1
        (folder / name).write_bytes(data.replace(old, new))

    return spoil


def image_folder(files):
    """The folder of images, with the contents of its files by name."""

    def spoil(folder):
        (folder / IMAGES).mkdir()
        for name, content in files.items():
            (folder / IMAGES / name).write_bytes(content)

    return spoil


with_values, throughout, lacking = ways_with_records(records)


def ended(name, tail):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + tail) and None

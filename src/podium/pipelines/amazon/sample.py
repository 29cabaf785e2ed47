"""Sample data for the Amazon challenge: its two files, and the images that the links lead to.

The catalogue comes from `podium.pricing.synthetic`; this module adds pictures, links that are dead,
and faulty rows. The same function writes the larger sets of the benchmark.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from podium.common.sample_files import refuse_among_raw, whole_file, whole_folder
from podium.pipelines.amazon.raw_contract import IMAGES, TEST, TRAIN
from podium.pricing.catalog_rows import LINK, PRICE, SAMPLE_ID
from podium.pricing.synthetic import SyntheticCatalog, SyntheticRows, generate_rows
from podium.pricing.synthetic_pictures import draw_picture

if TYPE_CHECKING:
    import pandas as pd

_PICTURES, _FAULTS = 11, 12  # distinguish the draws of this module
_SURPLUS_UNIT = 0.5
_DEAD_SHARE = 0.04


@dataclass(frozen=True)
class SampleSize:
    """How much data.

    Attributes:
        train: Training rows, before faulty ones are added.
        test: Rows that a price is asked for.
        images: Whether to draw the images; without, every link leads nowhere.
        faults: Whether a few rows of the training file are faulty.
    """

    train: int
    test: int
    images: bool = True
    faults: bool = True


#: What a new user gets: written within seconds.
SAMPLE = SampleSize(train=300, test=130)


def write_sample(
    directory: Path, seed: int, size: SampleSize = SAMPLE, *, truth_path: Path | None = None
) -> None:
    """Generate a sample and write its files as a whole, or nothing.

    Args:
        directory: Where the files go, for example `data/sample/01_raw/amazon`; must not exist, or
            be empty.
        seed: Seed; the same seed gives the same bytes.
        size: How much data.
        truth_path: Also write `sample_id,price` of the test rows to this file, which must lie
            outside `directory`.

    Raises:
        FileExistsError: If the directory already holds files.
        ValueError: If the truth would lie among the raw files.
    """
    refuse_among_raw(truth_path, directory)
    train, test = generate_rows(SyntheticCatalog(size.train, size.test), seed)
    rng = np.random.default_rng([seed, _FAULTS])
    with whole_folder(directory) as folder:
        if size.images:
            _draw_images(folder / IMAGES.name, (train, test), seed)
        rows, asked = train.table, test.table.drop(columns=PRICE)
        if size.faults:
            rows, asked = _with_odd_links(rows, rng), _with_odd_links(asked, rng)
        records = _records(rows)
        if size.faults:
            records = _with_faults(records, rng)
        _write(folder / TRAIN.name, TRAIN.columns, records)
        _write(folder / TEST.name, TEST.columns, _records(asked))
        if truth_path is not None:
            columns = (SAMPLE_ID, PRICE)
            with whole_file(truth_path) as file:
                _write(file, columns, _records(test.table[list(columns)]))


def _draw_images(folder: Path, parts: Iterable[SyntheticRows], seed: int) -> None:
    """A picture for each link; some are missing, one is cut short and one is a web page."""
    folder.mkdir()
    rng = np.random.default_rng([seed, _PICTURES])
    names: list[str] = []
    for rows in parts:
        surplus = (np.log(rows.table[PRICE].to_numpy()) - rows.expected) / _SURPLUS_UNIT
        for at, link in enumerate(rows.table[LINK]):
            path = folder / link.rpartition("/")[2]
            picture = draw_picture(
                int(rows.category[at]), int(rows.pack_size[at]), float(surplus[at]), rng
            )
            if not path.exists():
                path.write_bytes(picture)
                names.append(path.name)
    dead = rng.choice(names, max(round(_DEAD_SHARE * len(names)), 2), replace=False)
    for name in dead[2:]:
        (folder / str(name)).unlink()
    cut = folder / str(dead[0])
    cut.write_bytes(cut.read_bytes()[:600])
    (folder / str(dead[1])).write_text("<html><body>Page not found</body></html>\n")


def _with_odd_links(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Links that are missing, of another scheme, or no links."""
    places = rng.choice(len(table), 3, replace=False)
    links = table[LINK].to_numpy(object, copy=True)
    links[places] = ["", "ftp://images.example/71A.jpg", "not a link"]
    return table.assign(**{LINK: links})


def _with_faults(records: list[dict[str, Any]], rng: np.random.Generator) -> list[dict[str, Any]]:
    """Add faulty copies of some records at random places."""
    of = [records[at] for at in rng.choice(len(records), size=9, replace=False)]
    free = max(int(record[SAMPLE_ID]) for record in records) + 1_000_000
    changes: list[dict[str, Any]] = [
        *({PRICE: price} for price in (0, -4.99, "", "call us", "€12.50", "1e12", "$1,299.00")),
        {SAMPLE_ID: ""},
    ]
    added = [
        {**record, SAMPLE_ID: free + at, **change}
        for at, (record, change) in enumerate(zip(of, changes, strict=False))
    ]
    made = [*records]
    for record in (*added, dict(of[8])):
        made.insert(int(rng.integers(0, len(made) + 1)), record)
    return made


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows with plain Python values, so that floats are written with their shortest digits."""
    rows = table.astype(object).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _write(path: Path, columns: Iterable[str], records: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), lineterminator="\n", extrasaction="raise")
        writer.writeheader()
        writer.writerows(records)

"""Sample data for Embedded Echoes in the competition's own four files.

The pairs and their planted labels come from `podium.fusion.synthetic`; this module gives them ids,
a few faults and files. The same function writes the larger sets of the benchmark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from podium.common.sample_files import refuse_among_raw, whole_file, whole_folder
from podium.fusion.embedding_contract import IMAGE, TEXT
from podium.fusion.synthetic import SyntheticPairs, SyntheticTask, generate_pairs
from podium.pipelines.echoes.raw_contract import SAMPLE_SOLUTION, TEST, TRAIN_PART1, TRAIN_PART2

_DECIMALS = 5


@dataclass(frozen=True)
class SampleSize:
    """How much data, and how hard.

    Attributes:
        part1: Rows of the first training file, before faults are added.
        part2: Rows of the second; 0 for none, as in the first stage.
        test: Rows to be predicted.
        faults: Whether a few rows of the first training file are faulty.
        task: The planted signal; its number of rows is set by the three above.
    """

    part1: int
    part2: int
    test: int
    faults: bool = True
    task: SyntheticTask = field(default_factory=lambda: SyntheticTask(rows=0))


#: What a new user gets: written within a second.
SAMPLE = SampleSize(part1=280, part2=140, test=240)


def write_sample(
    directory: Path, seed: int, size: SampleSize = SAMPLE, *, truth_path: Path | None = None
) -> None:
    """Generate a sample and write its files as a whole, or nothing.

    Args:
        directory: Where the files go, for example `data/sample/01_raw/echoes`; must not exist, or
            be empty.
        seed: Seed; the same seed gives the same bytes.
        size: How much data.
        truth_path: Also write the true labels of the test rows (`row_id,target`) to this file,
            which must lie outside `directory`.

    Raises:
        FileExistsError: If the directory already holds files.
        ValueError: If the truth would lie among the raw files.
    """
    refuse_among_raw(truth_path, directory)
    with whole_folder(directory) as folder:
        made = generate_sample(size, seed)
        _write_files(folder, made, size, seed)
        if truth_path is not None:
            with whole_file(truth_path) as file:
                _write_targets(file, made.labels[size.part1 + size.part2 :])


def generate_sample(size: SampleSize, seed: int) -> SyntheticPairs:
    """The rows of a sample: first part 1, then part 2, then the test."""
    rows = size.part1 + size.part2 + size.test
    values = {**size.task.__dict__, "rows": rows}
    return generate_pairs(SyntheticTask(**values), seed)


def _write_files(folder: Path, made: SyntheticPairs, size: SampleSize, seed: int) -> None:
    train = size.part1 + size.part2
    first: Iterable[dict[str, Any]] = _training_records(made, range(size.part1), seed)
    if size.faults:
        first = _with_faults(list(first), np.random.default_rng([seed, 8]))
    _write_list(folder / TRAIN_PART1.name, first)
    if size.part2:
        second = _training_records(made, range(size.part1, train), seed)
        _write_list(folder / TRAIN_PART2.name, second)
    test = (
        {"id": row - train + 1, **_vectors(made, row)} for row in range(train, train + size.test)
    )
    _write_list(folder / TEST.name, test)
    # Targets of the right form that tell nothing.
    _write_targets(folder / SAMPLE_SOLUTION.name, np.arange(size.test) % 2)


def _training_records(
    made: SyntheticPairs, rows: Iterable[int], seed: int
) -> Iterator[dict[str, Any]]:
    for row in rows:
        name = blake2b(f"{seed}/{row}".encode(), digest_size=16).hexdigest()
        yield {"id": name, "label": int(made.labels[row]), **_vectors(made, row)}


def _vectors(made: SyntheticPairs, row: int) -> dict[str, list[float]]:
    return {
        name: np.round(vectors[row].astype(np.float64), _DECIMALS).tolist()
        for name, vectors in ((IMAGE, made.pairs.image), (TEXT, made.pairs.text))
    }


def _with_faults(records: list[dict[str, Any]], rng: np.random.Generator) -> list[dict[str, Any]]:
    """Add faulty copies of some records at random places."""
    of = [records[at] for at in rng.choice(len(records), size=8, replace=False)]
    zeros = [0.0] * len(of[7][TEXT])
    added = [
        {**of[0], "id": "wrong-length", IMAGE: of[0][IMAGE][:-1]},
        {**of[1], "id": "not-a-number", TEXT: [None, *of[1][TEXT][1:]]},
        {**of[2], "id": "text-for-numbers", IMAGE: list(map(str, of[2][IMAGE]))},
        {**of[3], "id": "other-label", "label": 2},
        {key: value for key, value in of[4].items() if key != "label"},
        dict(of[5]),
        {**of[6], "label": 1 - of[6]["label"]},
        {**of[7], "id": "empty-text", TEXT: zeros},
    ]
    made = list(records)
    for record in added:
        made.insert(int(rng.integers(0, len(made) + 1)), record)
    return made


def _write_list(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """A JSON list with a record per line."""
    with path.open("wb") as file:
        for number, record in enumerate(records):
            file.write(b",\n" if number else b"[\n")
            file.write(orjson.dumps(record))
        file.write(b"\n]\n")


def _write_targets(path: Path, targets: np.ndarray) -> None:
    lines = [",".join(SAMPLE_SOLUTION.columns)]
    lines += [f"{row},{target}" for row, target in enumerate(targets, 1)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")

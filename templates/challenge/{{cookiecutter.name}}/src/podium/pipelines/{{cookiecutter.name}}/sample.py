"""Sample data for {{cookiecutter.title}}: the files of the contract with a planted signal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from podium.common.sample_files import refuse_among_raw, whole_file, whole_folder
from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS, TEST, TRAIN

WORDS = ("oak", "elm", "fir")


@dataclass(frozen=True)
class SampleSize:
    """How much data, and how hard.

    Attributes:
        train: Training rows, before faults are added.
        test: Rows to be predicted.
        noise: Standard deviation of the noise; the signal's is about 2.
        faults: Whether a few rows of the training file are faulty.
    """

    train: int
    test: int
    noise: float = 0.5
    faults: bool = True


SAMPLE = SampleSize(train=400, test=150)


def write_sample(
    directory: Path, seed: int, size: SampleSize = SAMPLE, *, truth_path: Path | None = None
) -> None:
    """Generate a sample and write its files as a whole, or nothing.

    Args:
        directory: Where the files go; must not exist, or be empty.
        seed: Seed; the same seed gives the same bytes.
        size: How much data.
        truth_path: Also write the targets of the test rows to this file, which must lie outside
            `directory`.

    Raises:
        FileExistsError: If the directory already holds files.
        ValueError: If the truth would lie among the raw files.
    """
    refuse_among_raw(truth_path, directory)
    table = generate_rows(size, seed)
    train, test = table.iloc[: size.train], table.iloc[size.train :]
    lines = _lines(train)
    if size.faults:
        lines = _with_faults(lines, np.random.default_rng([seed, 1]))
    with whole_folder(directory) as folder:
        _write(folder / TRAIN.name, ROWS.training_columns, lines)
        _write(folder / TEST.name, ROWS.asked_columns, _lines(test[list(ROWS.asked_columns)]))
        if truth_path is not None:
            columns = (ROWS.key, ROWS.target)
            with whole_file(truth_path) as file:
                _write(file, columns, _lines(test[list(columns)]))


def generate_rows(size: SampleSize, seed: int) -> pd.DataFrame:
    """Training rows, then test rows: a sum of the numbers, one of them squared, and the words."""
    rng = np.random.default_rng(seed)
    rows = size.train + size.test
    numbers = rng.standard_normal((rows, len(ROWS.numbers))).round(3)
    words = rng.integers(len(WORDS), size=(rows, len(ROWS.categories)))
    signal = numbers.sum(axis=1) / max(1, len(ROWS.numbers)) ** 0.5 + words.sum(axis=1)
    signal += (numbers[:, :1] ** 2).sum(axis=1)
    target = (signal + size.noise * rng.standard_normal(rows)).round(3)
    table = {ROWS.key: [f"r{at:05}" for at in range(1, rows + 1)]}
    table |= dict(zip(ROWS.numbers, numbers.T, strict=True))
    table |= dict(zip(ROWS.categories, np.array(WORDS)[words].T, strict=True))
    return pd.DataFrame({**table, ROWS.target: target})


def _with_faults(lines: list[str], rng: np.random.Generator) -> list[str]:
    """Add rows without a target, misshapen, and there twice; empty a number."""
    chosen = [lines[at] for at in rng.choice(len(lines), size=4, replace=False)]
    cells = chosen[3].split(",")
    added = [
        "lost" + chosen[0][chosen[0].index(",") : chosen[0].rindex(",") + 1],
        chosen[1] + ",1",
        chosen[2],
        ",".join(["empty", "", *cells[2:]]),
    ]
    made = list(lines)
    for line in added:
        made.insert(int(rng.integers(0, len(made) + 1)), line)
    return made


def _lines(table: pd.DataFrame) -> list[str]:
    return table.to_csv(index=False, header=False, lineterminator="\n").splitlines()


def _write(path: Path, columns: tuple[str, ...], lines: list[str]) -> None:
    text = "\n".join([",".join(columns), *lines]) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")

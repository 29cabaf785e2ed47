"""What the organiser of {{cookiecutter.title}} accepts, and how a file is scored against a truth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from podium.common import submission
from podium.common.bootstrap import bootstrap
from podium.common.raw_files import open_raw_csv
from podium.common.submission_rules import Columns, InOrder, Numbers, OneRowEach, Rule
from podium.common.table_rows import read_asked_rows
from podium.common.truth_file import read_truth_column, rows_with_truth
from podium.pipelines.{{cookiecutter.name}}.metric import METRIC, contributions
from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS, TEST

COLUMNS = (ROWS.key, ROWS.target)


def rules(asked_rows: Sequence[str]) -> list[Rule]:
    """The organiser's rules.

    Args:
        asked_rows: The keys in the order in which they must stand.
    """
    return [
        Columns(COLUMNS),
        OneRowEach(ROWS.key, asked_rows),
        InOrder(ROWS.key, asked_rows),
        Numbers(ROWS.target),
    ]


def check_file(path: Path, raw: Path) -> Sequence[submission.Fault]:
    """Check a file against the challenge's raw files (for the command line).

    Raises:
        RawDataError: if the test file cannot be used.
    """
    return submission.check_file(path, rules(asked_rows(raw)))


def score_file(path: Path, truth: Path, raw: Path, *, only_in_truth: bool) -> dict[str, float]:
    """Score a file against a truth (for the command line).

    Args:
        path: The submission.
        truth: CSV with the key and the target; other columns are ignored.
        raw: Folder of the raw files.
        only_in_truth: Score only the rows that the truth knows. Without it the truth must know
            every row.

    Returns:
        `score` with its 95 % interval over rows, and counts.

    Raises:
        SubmissionError: if the file breaks a rule.
        RawDataError: if the test file or the truth cannot be used.
    """
    accepted = submission.read_accepted(path, rules(asked_rows(raw)))
    said = accepted.set_index(ROWS.key)[ROWS.target].astype("float64")
    known = read_truth(truth)
    rows = rows_with_truth(said.index, known, truth, "target", some_do=only_in_truth)
    said = said[rows]
    target = np.array([known[name] for name in said.index])
    interval = bootstrap(contributions(target, said.to_numpy()), METRIC.statistic)
    return {
        "score": interval.value,
        "score_ci_low": interval.low,
        "score_ci_high": interval.high,
        "rows": float(len(said)),
        "rows_without_truth": float((~rows).sum()),
    }


def read_truth(truth: Path) -> dict[str, float]:
    """Target of each row.

    Raises:
        RawDataError: naming file, column and row.
    """
    targets = read_truth_column(truth, ROWS.key, ROWS.target)
    return {str(name): float(target) for name, target in targets.items()}


def asked_rows(raw: Path) -> list[str]:
    """The keys of the test file, in its order."""
    import ibis

    opened = open_raw_csv(raw / TEST.name, TEST, ibis.duckdb.connect())
    table, _ = read_asked_rows(opened, ROWS)
    return table[ROWS.key].tolist()

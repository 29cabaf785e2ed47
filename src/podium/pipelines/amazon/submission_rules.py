"""What the organiser of the Amazon challenge accepts, and how a file is scored against a truth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from podium.common import submission
from podium.common.bootstrap import bootstrap_mean
from podium.common.raw_files import open_raw_csv
from podium.common.submission_rules import Columns, InOrder, Numbers, OneRowEach, Rule
from podium.common.truth_file import read_truth_column, rows_with_truth
from podium.pipelines.amazon.raw_contract import TEST
from podium.pricing.catalog_rows import PRICE, SAMPLE_ID, collect_asked_rows
from podium.pricing.metrics import smape_contributions

COLUMNS = (SAMPLE_ID, PRICE)


def rules(asked: Sequence[str]) -> list[Rule]:
    """The organiser's rules for ``sample_id,price``.

    Args:
        asked: The ids of the test rows in the order of their file.
    """
    return [
        Columns(COLUMNS),
        OneRowEach(SAMPLE_ID, asked),
        InOrder(SAMPLE_ID, asked),
        Numbers(PRICE, low=0, low_open=True),
    ]


def score_submission(
    path: Path, truth: Path, asked: Sequence[str], *, only_in_truth: bool = False
) -> dict[str, float]:
    """Score a file with SMAPE.

    Args:
        path: The submission.
        truth: CSV with `sample_id,price`; other columns are ignored.
        asked: The ids of the test rows.
        only_in_truth: Score only the rows that the truth knows. Without it the truth must know
            every row.

    Returns:
        `score` in percent with its 95 % interval over rows, and counts.

    Raises:
        SubmissionError: if the file breaks a rule.
        RawDataError: if the truth cannot be used.
    """
    accepted = submission.read_accepted(path, rules(asked))
    answers = accepted.set_index(SAMPLE_ID)[PRICE].astype("float64")
    prices = read_truth(truth)
    known = rows_with_truth(answers.index, prices.index, truth, "price", some_do=only_in_truth)
    prices = prices.reindex(answers.index)
    rows = smape_contributions(prices[known], answers[known])
    interval = bootstrap_mean(rows)
    return {
        "score": interval.value,
        "score_ci_low": interval.low,
        "score_ci_high": interval.high,
        "median_error": float(np.median(rows)),
        "rows": float(known.sum()),
        "rows_without_truth": float((~known).sum()),
    }


def read_truth(truth: Path) -> pd.Series:
    """Price by sample_id.

    Raises:
        RawDataError: naming file, column and row.
    """
    return read_truth_column(
        truth,
        SAMPLE_ID,
        PRICE,
        refused=lambda prices: prices <= 0,
        problem="is not positive",
    )


def check_file(path: Path, raw: Path) -> Sequence[submission.Fault]:
    """Check a file against the challenge's raw files (for the command line).

    Args:
        path: The submission.
        raw: Folder of test.csv.

    Raises:
        RawDataError: if a raw file cannot be used.
    """
    return submission.check_file(path, rules(asked_rows(raw)))


def score_file(path: Path, truth: Path, raw: Path, *, only_in_truth: bool) -> dict[str, float]:
    """Score a file against a truth, with the challenge's raw files (for the command line).

    Raises:
        SubmissionError: if the file breaks a rule.
        RawDataError: if a raw file or the truth cannot be used.
    """
    return score_submission(path, truth, asked_rows(raw), only_in_truth=only_in_truth)


def asked_rows(raw: Path) -> list[str]:
    """The ids of the test rows in the order of their file."""
    import ibis

    test = open_raw_csv(raw / TEST.name, TEST, ibis.duckdb.connect())
    return [str(name) for name in collect_asked_rows(test)[0][SAMPLE_ID]]

"""What the organiser of Embedded Echoes accepts, and how a file is scored against a truth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from podium.common import submission
from podium.common.bootstrap import bootstrap
from podium.common.json_records import open_raw_json
from podium.common.raw_contract import find_raw_file
from podium.common.raw_files import open_raw_csv
from podium.common.submission_rules import Columns, InOrder, KnownValues, OneRowEach, Rule
from podium.common.truth_file import read_truth_column, rows_with_truth
from podium.fusion.metrics import (
    class_f1_of_counts,
    confusion_contributions,
    macro_f1_of_counts,
)
from podium.pipelines.echoes.raw_contract import SAMPLE_SOLUTION, TEST

COLUMNS = SAMPLE_SOLUTION.columns
TARGETS = (0, 1)


def rules(asked_rows: Sequence[str]) -> list[Rule]:
    """The organiser's rules for ``row_id,target``.

    Args:
        asked_rows: The row ids in the order in which they must stand.
    """
    return [
        Columns(COLUMNS),
        OneRowEach("row_id", asked_rows),
        InOrder("row_id", asked_rows),
        KnownValues("target", TARGETS, "label, 0 or 1"),
    ]


def check_submission(path: Path, asked_rows: Sequence[str]) -> list[submission.Fault]:
    """Every way in which a file would be refused; empty for a file that would be accepted."""
    return submission.check_file(path, rules(asked_rows))


def score_submission(
    path: Path, truth: Path, asked_rows: Sequence[str], *, only_in_truth: bool = False
) -> dict[str, float]:
    """Score a file with macro F1.

    Args:
        path: The submission.
        truth: CSV with `row_id,target`; other columns are ignored.
        asked_rows: The row ids of the submission.
        only_in_truth: Score only the rows that the truth knows. Without it the truth must know
            every row.

    Returns:
        `score` with its 95 % interval over rows, F1 of both classes, accuracy, counts.

    Raises:
        SubmissionError: if the file breaks a rule.
        RawDataError: if the truth cannot be used.
    """
    accepted = submission.read_accepted(path, rules(asked_rows))
    answers = accepted.set_index("row_id")["target"].astype("int8")
    labels = read_truth(truth)
    known = rows_with_truth(answers.index, labels, truth, "target", some_do=only_in_truth)
    answers = answers[known]
    counts = confusion_contributions([labels[row] for row in answers.index], answers)
    interval = bootstrap(counts, macro_f1_of_counts)
    total = counts.sum(axis=0)
    f1 = class_f1_of_counts(total)
    return {
        "score": interval.value,
        "score_ci_low": interval.low,
        "score_ci_high": interval.high,
        "f1_class_0": float(f1[0]),
        "f1_class_1": float(f1[1]),
        "accuracy": float((total[0] + total[3]) / len(counts)),
        "rows": float(len(counts)),
        "rows_without_truth": float((~known).sum()),
    }


def read_truth(truth: Path) -> dict[str, int]:
    """Target of each row id.

    Raises:
        RawDataError: naming file, column and row.
    """
    targets = read_truth_column(
        truth,
        "row_id",
        "target",
        whole=True,
        refused=lambda values: ~values.isin(TARGETS),
        problem="is neither 0 nor 1",
    )
    return {str(name): int(target) for name, target in targets.items()}


def check_file(path: Path, raw: Path) -> Sequence[submission.Fault]:
    """Check a file against the challenge's raw files (for the command line).

    Args:
        path: The submission.
        raw: Folder of test.json and, where there is one, sample_solution.csv.

    Raises:
        RawDataError: if a raw file cannot be used.
    """
    return check_submission(path, asked_rows(raw))


def score_file(path: Path, truth: Path, raw: Path, *, only_in_truth: bool) -> dict[str, float]:
    """Score a file against a truth, with the challenge's raw files (for the command line).

    Raises:
        SubmissionError: if the file breaks a rule.
        RawDataError: if a raw file or the truth cannot be used.
    """
    return score_submission(path, truth, asked_rows(raw), only_in_truth=only_in_truth)


def asked_rows(raw: Path) -> list[str]:
    """The row ids in the order of the submission; see `data_processing.list_asked_rows`."""
    test = [str(record.values.get("id")) for record in open_raw_json(raw / TEST.name, TEST) or ()]
    path = raw / SAMPLE_SOLUTION.name
    if find_raw_file(path) is None:
        return test
    import ibis

    from podium.pipelines.echoes.data_processing import read_solution_order

    solution = open_raw_csv(path, SAMPLE_SOLUTION, ibis.duckdb.connect())
    shown = read_solution_order(solution, set(test)).tolist()
    return shown if len(shown) == len(test) else test

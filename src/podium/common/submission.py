"""Rules that a submission must keep, and the guard that lets none break them.

A submission is checked as text, exactly as its bytes are, whether it comes from a file or is about
to be written. Rules are small objects; a challenge lists the ones that its organiser states.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from podium.common.errors import PodiumError
from podium.common.submission_file import (
    Fault,
    SubmissionTable,
    read_submission,
    read_text,
)
from podium.common.submission_rules import Rule

__all__ = [
    "Fault",
    "Rule",
    "SubmissionError",
    "SubmissionTable",
    "check",
    "check_file",
    "check_frame",
    "csv_text",
    "read_submission",
    "render_faults",
]


class SubmissionError(PodiumError):
    """A submission that the organiser would refuse; nothing was written."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Build the message from the faults."""
        self.faults = tuple(faults)
        super().__init__("the submission breaks its rules\n" + render_faults(faults))


def check(table: SubmissionTable, rules: Sequence[Rule]) -> list[Fault]:
    """Apply every rule; one whose column is missing is skipped (`Columns` reports that)."""
    faults = list(table.faults)
    for rule in rules:
        if set(rule.needs) <= set(table.frame.columns):
            faults += rule.check(table)
    return [fault for fault in faults if fault.rows]


def check_file(path: Path, rules: Sequence[Rule]) -> list[Fault]:
    """Check a file, whatever its bytes are."""
    return check(read_submission(path), rules)


def read_accepted(path: Path, rules: Sequence[Rule]) -> pd.DataFrame:
    """The columns of a file, as text, that keeps every rule.

    Raises:
        SubmissionError: if it breaks one.
    """
    table = read_submission(path)
    if faults := check(table, rules):
        raise SubmissionError(faults)
    return table.frame


def check_frame(frame: pd.DataFrame, rules: Sequence[Rule]) -> list[Fault]:
    """Check the very text that `csv_text` makes of a frame."""
    return check(read_text(csv_text(frame)), rules)


def csv_text(frame: pd.DataFrame) -> str:
    """The frame as CSV without index, lines ended by a line feed."""
    return frame.to_csv(index=False, lineterminator="\n")


def render_faults(faults: Sequence[Fault]) -> str:
    """The faults as plain text: one line each with its count, below it the first examples."""
    lines = []
    for fault in faults:
        lines.append(f"- {fault.rule}: {fault.rows:,} {'place' if fault.rows == 1 else 'places'}")
        lines += [f"    {example}" for example in fault.examples]
        if fault.rows > len(fault.examples) > 0:
            lines.append(f"    ... and {fault.rows - len(fault.examples):,} more")
    return "\n".join(lines)

"""Rules that a submission must keep, and the guard that lets none break them.

A submission is checked as text, exactly as its bytes are, whether it comes from a file or is about
to be written. Rules are small objects; a challenge lists the ones that its organiser states.
"""

from __future__ import annotations

import os
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
    "write_atomically",
    "write_submission",
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


def check_frame(frame: pd.DataFrame, rules: Sequence[Rule]) -> list[Fault]:
    """Check the very text that `csv_text` makes of a frame."""
    return check(read_text(csv_text(frame)), rules)


def csv_text(frame: pd.DataFrame) -> str:
    """The frame as CSV without index, lines ended by a line feed."""
    return frame.to_csv(index=False, lineterminator="\n")


def write_submission(frame: pd.DataFrame, path: Path, rules: Sequence[Rule]) -> None:
    """Check a submission and write it whole, or not at all.

    Raises:
        SubmissionError: if any rule is broken; an older file at `path` is left as it is.
    """
    text = csv_text(frame)
    faults = check(read_text(text), rules)
    if faults:
        raise SubmissionError(faults)
    write_atomically(path, text)


def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def render_faults(faults: Sequence[Fault]) -> str:
    """The faults as plain text: one line each with its count, below it the first examples."""
    lines = []
    for fault in faults:
        lines.append(f"- {fault.rule}: {fault.rows:,} {'place' if fault.rows == 1 else 'places'}")
        lines += [f"    {example}" for example in fault.examples]
        if fault.rows > len(fault.examples) > 0:
            lines.append(f"    ... and {fault.rows - len(fault.examples):,} more")
    return "\n".join(lines)

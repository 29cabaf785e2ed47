"""Stage data_processing: raw files to typed tables and a report on them."""

from __future__ import annotations

import pandas as pd

from podium.common.data_quality import quality_report
from podium.common.raw_files import RawTable
from podium.common.table_rows import clean_rows, read_asked_rows
from podium.pipelines.{{cookiecutter.name}}.raw_contract import RAW_FILES, ROWS


def clean_training_rows(raw_train: RawTable) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Type the training rows and set bad ones aside.

    Returns:
        `train`, `quarantine`, and the counts for the report.

    Raises:
        RawDataError: the file is not merely dirty.
    """
    rows = clean_rows(raw_train, ROWS)
    return rows.table, rows.quarantine, rows.quality


def clean_test_rows(raw_test: RawTable) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Type the rows that a prediction is asked for; nothing in this file is set aside.

    Returns:
        `test`, and the counts for the report.

    Raises:
        RawDataError: a row cannot be used, or its id is there twice.
    """
    return read_asked_rows(raw_test, ROWS)


def report_quality(*quality: pd.DataFrame) -> pd.DataFrame:
    """Put the counts of all files together: `data_quality`.

    Raises:
        PodiumError: the counts of a file do not add up.
    """
    return quality_report(quality, RAW_FILES)

"""Nodes of Embedded Echoes' first stage: raw files to typed tables and a report on them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from podium.common.data_quality import (
    QualityLog,
    count_copies,
    counts_frame,
    quality_report,
    sort_quarantine,
)
from podium.common.errors import RawDataError
from podium.common.json_records import RawRecords
from podium.common.parameters import Parameters
from podium.common.raw_files import BLANK, RawTable
from podium.common.raw_values import refuse_repeated
from podium.fusion.asked_rows import check_asked_rows
from podium.fusion.embedding_contract import EmbeddingContract
from podium.fusion.embedding_records import collect_embeddings
from podium.fusion.embedding_table import EmbeddingTable
from podium.fusion.near_duplicates import find_copies, group_near_duplicates
from podium.fusion.training_rows import add_zero_vectors, join_parts
from podium.pipelines.echoes.raw_contract import RAW_FILES, SAMPLE_SOLUTION, TEST, TRAIN_PART1
from podium.pipelines.shared import Compute

logger = logging.getLogger(__name__)


class DataProcessing(Parameters):
    """What the raw files may hold (`data_processing` in parameters.yml).

    Attributes:
        embedding_length: Numbers in each embedding.
        near_duplicate_cosine: Least cosine of both halves of two near copies.
        sequential_test_ids: Whether the test ids must be the numbers 1 to n.
    """

    embedding_length: int = Field(default=512, ge=1)
    near_duplicate_cosine: float = Field(default=0.999, gt=0, lt=1)
    sequential_test_ids: bool = True


def clean_training_rows(
    raw_train_part1: RawRecords,
    raw_train_part2: RawRecords | None,
    parameters: Mapping[str, Any],
    compute: Mapping[str, Any],
) -> tuple[EmbeddingTable, pd.DataFrame, pd.DataFrame]:
    """Read both parts, set bad rows aside, keep one row of each id.

    Returns:
        `train` (id, label, part, row and the vectors; part 1 in the order of its file, then part
        2), the rows set aside, and the counts for the report.

    Raises:
        RawDataError: a file is not merely dirty, or has one class only.
    """
    rules = DataProcessing.parse(parameters)
    contract = EmbeddingContract(rules.embedding_length, labelled=True)
    parts = [
        collect_embeddings(raw, raw.file, contract, Compute.parse(compute).threads)
        for raw in (raw_train_part1, raw_train_part2)
        if raw is not None
    ]
    rows = join_parts(parts)
    return rows.table, rows.quarantine, rows.quality


def clean_test_rows(
    raw_test: RawRecords, parameters: Mapping[str, Any], compute: Mapping[str, Any]
) -> tuple[EmbeddingTable, pd.DataFrame]:
    """Read the rows that a prediction is asked for; nothing in this file is set aside.

    Returns:
        `test` (id, row and the vectors, in the order of the file), and the counts.

    Raises:
        RawDataError: a row cannot be used, an id is missing or there twice.
    """
    rules = DataProcessing.parse(parameters)
    contract = EmbeddingContract(rules.embedding_length, labelled=False)
    threads = Compute.parse(compute).threads
    rows = collect_embeddings(raw_test, raw_test.file, contract, threads)
    check_asked_rows(rows, sequential=rules.sequential_test_ids)
    log = QualityLog(rows)
    log.add("rows", "kept", len(rows.table))
    add_zero_vectors(log, rows.table)
    return rows.table, log.frame()


def list_asked_rows(
    raw_sample_solution: RawTable | None, test: EmbeddingTable
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of the submission in their order: the sample solution's, else the test file's.

    A sample solution with a part of the test rows shows the format only; the order is then the
    test file's.

    Returns:
        `asked_rows` (row_id), and the counts.

    Raises:
        RawDataError: the sample solution has another header, faulty or repeated rows, or a row
            that the test file does not have.
    """
    order = pd.DataFrame({"row_id": test.rows["id"].astype("str")})
    if raw_sample_solution is None:
        return order, counts_frame([])
    shown = read_solution_order(raw_sample_solution, set(order["row_id"]))
    log = QualityLog(raw_sample_solution)
    blank = raw_sample_solution.rows - len(shown)
    log.add("rows", "kept", len(shown))
    log.add(BLANK, "dropped", blank)
    if len(shown) == len(order):
        order = pd.DataFrame({"row_id": shown.to_numpy()}).astype("str")
    else:
        lacking = order.loc[~order["row_id"].isin(shown), "row_id"]
        example = f"row_id {lacking.iloc[0]}"
        log.add(f"rows of {TEST.name} that are not there", "reported", len(lacking), example)
        logger.warning(
            "%s has %d of %d rows; the submission takes the order of %s",
            SAMPLE_SOLUTION.name,
            len(shown),
            len(order),
            TEST.name,
        )
    return order, log.frame()


def read_solution_order(raw: RawTable, known: set[str]) -> pd.Series:
    """The row ids of the sample solution as text, in their order.

    Raises:
        RawDataError: as `list_asked_rows`.
    """
    if raw.header != raw_header():
        problem = f"the header must be {','.join(raw_header())}, found {','.join(raw.header)}"
        raise RawDataError(problem, file=raw.file)
    rows = raw.table.order_by("row").execute()
    rows = rows[(rows["fault"] != BLANK) | rows["fault"].isna()]
    names = rows["row_id"].fillna("").astype("str")
    checks = (
        (rows["fault"].notna(), "the row is misshapen"),
        (~names.isin(known), f"is not in {TEST.name}: the two files do not belong together"),
    )
    for wrong, problem in checks:
        if wrong.any():
            first = int(np.argmax(wrong.to_numpy()))
            raise RawDataError(
                f"{names.iloc[first]!r}: {problem}",
                file=raw.file,
                column="row_id",
                row=int(rows["row"].iloc[first]),
            )
    refuse_repeated(names, rows["row"], raw.file)
    return names


def raw_header() -> tuple[str, ...]:
    """The header of the sample solution and of the submission."""
    return SAMPLE_SOLUTION.columns


def detect_duplicates(
    train: EmbeddingTable, test: EmbeddingTable, parameters: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Group the near copies among the training rows, and find those among the test rows.

    Returns:
        `duplicates` (id, group, rows of the group; in the order of `train`), `test_copies`
        (test_id, train_id, label, image_cosine, text_cosine), and the counts.
    """
    threshold = DataProcessing.parse(parameters).near_duplicate_cosine
    groups = group_near_duplicates(train.pairs, threshold)
    sizes = np.bincount(groups)[groups].astype("int32")
    duplicates = pd.DataFrame({"id": train.rows["id"], "group": groups, "rows": sizes})
    copies = find_copies(test.pairs, train.pairs, threshold)
    originals = [copy.copy_of for copy in copies]
    test_copies = pd.DataFrame(
        {
            "test_id": test.rows["id"].iloc[[copy.row for copy in copies]].to_numpy(),
            "train_id": train.rows["id"].iloc[originals].to_numpy(),
            "label": train.labels[originals],
            "image_cosine": np.array([copy.image_cosine for copy in copies], dtype="float64"),
            "text_cosine": np.array([copy.text_cosine for copy in copies], dtype="float64"),
        }
    ).astype({"test_id": "str", "train_id": "str"})
    counts = count_copies(
        duplicates,
        test_copies,
        key="id",
        what="near copies",
        train_file=TRAIN_PART1.name,
        test_file=TEST.name,
    )
    return duplicates, test_copies, counts


def report_quality(
    train_quarantine: pd.DataFrame, *quality: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put the quarantine and the counts of all files together.

    Returns:
        `quarantine`, sorted by file and row, and `data_quality`.

    Raises:
        PodiumError: the counts of a file do not add up.
    """
    return sort_quarantine(train_quarantine), quality_report(quality, RAW_FILES)

"""Reading a truth: a CSV of numbers against which a submission is scored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from podium.common.errors import RawDataError
from podium.common.raw_values import refuse_repeated


def read_truth_text(path: Path) -> pd.DataFrame:
    """A CSV file as text columns.

    Raises:
        RawDataError: if it cannot be read, is empty, or has only a header.
    """
    try:
        frame = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8")
    except pd.errors.EmptyDataError as error:
        raise RawDataError("the file is empty", file=path.name) from error
    except (OSError, ValueError) as error:
        # Parser and encoding errors are ValueErrors.
        raise RawDataError(f"cannot be read as CSV: {error}", file=path.name) from error
    if frame.empty:
        raise RawDataError("the file has no rows below its header", file=path.name)
    return frame


def read_truth_column(
    path: Path,
    key: str,
    column: str,
    *,
    whole: bool = False,
    refused: Callable[[pd.Series], pd.Series] | None = None,
    problem: str = "",
) -> pd.Series:
    """The numbers of one column by another, which names each row once.

    Args:
        path: A CSV file.
        key: Column of the names, kept as text.
        column: Column of the numbers.
        whole: Whether they are int64, or else float64.
        refused: Tells which of them cannot be.
        problem: What is wrong with those.

    Raises:
        RawDataError: naming file, column and row.
    """
    frame = read_truth_text(path)
    values = number_column(frame, column, path.name, whole=whole)
    if key not in frame:
        raise RawDataError("the column is missing", file=path.name, column=key)
    refuse_repeated(frame[key], pd.Series(range(1, len(frame) + 1)), path.name)
    if refused is not None and (wrong := refused(values).to_numpy()).any():
        row = int(wrong.argmax())
        found = frame[column].iloc[row]
        raise RawDataError(f"{found!r} {problem}", file=path.name, column=column, row=row + 1)
    return pd.Series(values.to_numpy(), index=frame[key])


def rows_with_truth(
    asked: pd.Index, known: Iterable[str], truth: Path, what: str, *, some_do: bool
) -> NDArray[np.bool_]:
    """Which rows of a submission the truth knows, shape (rows,).

    Args:
        asked: Key of each row, under the column's name.
        known: Keys of the truth.
        truth: Its file.
        what: What it holds of a row.
        some_do: Whether it may know some rows only.

    Raises:
        RawDataError: where a row is not known, or none is.
    """
    found = asked.isin(list(known))
    if found.all() or (some_do and found.any()):
        return found
    missing = asked[~found]
    problem = f"{len(missing)} of {len(asked)} rows have no {what}"
    raise RawDataError(
        f"{problem}, the first is {asked.name} {missing[0]!r}",
        file=truth.name,
        column=str(asked.name),
    )


def number_column(frame: pd.DataFrame, column: str, file: str, *, whole: bool) -> pd.Series:
    """A column of text as int64 (`whole`) or float64.

    Raises:
        RawDataError: naming the first row that is not a finite number, or the missing column.
    """
    if column not in frame:
        found = ", ".join(map(str, frame.columns))
        raise RawDataError(f"the column is missing; found {found}", file=file, column=column)
    values = pd.to_numeric(frame[column], errors="coerce").astype("float64")
    bad = ~np.isfinite(values.to_numpy())
    if whole:
        bad |= values.to_numpy() != np.rint(values.to_numpy())
    if bad.any():
        row = int(bad.argmax())
        kind = "whole number" if whole else "finite number"
        problem = f"expected a {kind}, found {frame[column].iloc[row]!r}"
        raise RawDataError(problem, file=file, column=column, row=row + 1)
    return values.astype("int64") if whole else values

"""What the organiser of Lost in the Museum accepts, and how a file is scored against a truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from podium.common import submission
from podium.common.bootstrap import bootstrap_mean
from podium.common.errors import RawDataError
from podium.common.submission_file import Fault, SubmissionTable, faulty_rows
from podium.common.submission_rules import NUMBER, OneRowEach, Rule, UniqueWithin
from podium.common.truth_file import read_truth_text
from podium.pipelines.museum.raw_contract import IMAGES
from podium.retrieval.metrics import CUTOFFS, hits, true_ranks
from podium.retrieval.vector_table import FEATURE, NAMES, VectorTable, read_vectors
from podium.retrieval.whitening import unit_rows
from podium.vision.image_folder import ImageFolder


@dataclass(frozen=True)
class VectorHeader:
    """The header is ID, image_name, feature_0, feature_1, ... without a gap."""

    needs: tuple[str, ...] = ()

    def check(self, table: SubmissionTable) -> Iterable[Fault]:
        """Compare with the header of as many features."""
        found = tuple(table.header)
        features = tuple(f"{FEATURE}{number}" for number in range(max(len(found) - 2, 1)))
        if found != (*NAMES, *features) and table.readable:
            shown = ",".join(found)[:120] or "nothing"
            rule = "columns must be ID,image_name,feature_0,feature_1,... in this order"
            yield Fault(rule, 1, (f"found {shown}",))


@dataclass(frozen=True)
class FiniteVectors:
    """Every feature is a finite number, and no vector is zero."""

    needs: tuple[str, ...] = (f"{FEATURE}0",)

    def check(self, table: SubmissionTable) -> Iterable[Fault]:
        """Look at one column after the other."""
        seen = np.zeros(len(table.frame), dtype=bool)
        for name in (name for name in table.frame.columns if name.startswith(FEATURE)):
            texts = table.frame[name]
            plain = texts.str.fullmatch(NUMBER).astype(bool)
            numbers = pd.to_numeric(texts.where(plain), errors="coerce").astype("float64")
            with np.errstate(over="ignore"):
                single = numbers.to_numpy().astype("float32")
            bad = ~np.isfinite(np.asarray(single))
            yield faulty_rows(f"{name} must be a finite number", texts.loc[bad])
            seen |= single != 0
        yield faulty_rows("a vector must not be zero", table.frame["image_name"][~seen])


def rules(names: Sequence[str]) -> list[Rule]:
    """The organiser's rules.

    Args:
        names: File names of all images.
    """
    return [
        VectorHeader(),
        UniqueWithin("ID"),
        OneRowEach("image_name", names),
        FiniteVectors(),
    ]


def vector_faults(table: VectorTable, names: Sequence[str]) -> list[Fault]:
    """What is wrong with vectors that are about to be written."""
    shown = pd.DataFrame({"ID": table.ids, "image_name": table.names})
    good = np.isfinite(table.vectors).all(axis=1) & table.vectors.any(axis=1)
    faults = submission.check_frame(shown, [UniqueWithin("ID"), OneRowEach("image_name", names)])
    bad = np.flatnonzero(~good)
    if len(bad):
        names_of_rows = pd.Series(table.names, dtype="str", index=np.arange(1, len(table) + 1))
        rule = "a vector must be finite and not zero"
        faults.append(faulty_rows(rule, names_of_rows.iloc[bad]))
    return faults


def check_submission(path: Path, names: Sequence[str]) -> list[Fault]:
    """Every way in which a file would be refused; empty for a file that would be accepted."""
    return submission.check_file(path, rules(names))


def score_submission(
    path: Path, truth: Path, names: Sequence[str], *, only_in_truth: bool = False
) -> dict[str, float]:
    """Score a file with Hit@k, as the organiser does: queries are not ranked.

    Args:
        path: The submission.
        truth: CSV with `query,match`, file names; other columns are ignored. Several matches of a
            query stand in several rows; the best ranked counts.
        names: File names of all images.
        only_in_truth: Has no effect: the truth says which images are queries.

    Returns:
        `score` (Hit@3) with its 95 % interval over queries, Hit@1 and Hit@10, counts.

    Raises:
        SubmissionError: if the file breaks a rule.
        RawDataError: if the truth cannot be used.
    """
    ranks = query_ranks(path, truth, names)
    found = hits(np.array(list(ranks.values())))
    interval = bootstrap_mean(found[:, CUTOFFS.index(3)])
    return {
        "score": interval.value,
        "score_ci_low": interval.low,
        "score_ci_high": interval.high,
        "hit_at_1": float(found[:, 0].mean()),
        "hit_at_10": float(found[:, 2].mean()),
        "queries": float(len(ranks)),
        "images": float(len(names) - len(ranks)),
    }


def query_ranks(path: Path, truth: Path, names: Sequence[str]) -> dict[str, int]:
    """The rank of each query's best match among all images that are no queries, from 1.

    Args:
        path: See `score_submission`, as the other two.
        truth: CSV with `query,match`.
        names: File names of all images.

    Raises:
        SubmissionError: if the file breaks a rule.
        RawDataError: if the truth cannot be used.
    """
    faults = check_submission(path, names)
    if faults:
        raise submission.SubmissionError(faults)
    table = read_vectors(path)
    places = {name: place for place, name in enumerate(table.names)}
    pairs = _read_truth(truth, places)
    queries = sorted({query for query, _ in pairs})
    vectors = unit_rows(table.vectors)
    best = {query: len(vectors) for query in queries}
    for start in range(0, len(pairs), 256):
        part = np.array(pairs[start : start + 256])
        similarities = vectors[part[:, 0]] @ vectors.T
        ranks = true_ranks(similarities, part[:, 1], excluded=queries)
        for query, rank in zip(part[:, 0].tolist(), ranks.tolist(), strict=True):
            best[query] = min(best[query], rank)
    return {table.names[query]: best[query] for query in queries}


def _read_truth(truth: Path, places: dict[str, int]) -> list[tuple[int, int]]:
    frame = read_truth_text(truth)
    for column in ("query", "match"):
        if column not in frame:
            raise RawDataError("the column is missing", file=truth.name, column=column)
        unknown = ~frame[column].isin(list(places))
        if unknown.any():
            row = int(unknown.to_numpy().argmax())
            problem = f"{frame[column].iloc[row]!r} is no image of the submission"
            raise RawDataError(problem, file=truth.name, column=column, row=row + 1)
    both = frame["match"].isin(frame["query"])
    if both.any():
        row = int(both.to_numpy().argmax())
        problem = f"{frame['match'].iloc[row]!r} is a query too"
        raise RawDataError(problem, file=truth.name, column="match", row=row + 1)
    columns = (frame[name].map(places).tolist() for name in ("query", "match"))
    return list(zip(*columns, strict=True))


def check_file(path: Path, raw: Path) -> Sequence[Fault]:
    """Check a file against the challenge's raw files (for the command line).

    Args:
        path: The submission.
        raw: Folder that has the folder of images.

    Raises:
        RawDataError: if the folder cannot be used.
    """
    return check_submission(path, ImageFolder.open(raw / IMAGES.name).names)


def score_file(path: Path, truth: Path, raw: Path, *, only_in_truth: bool) -> dict[str, float]:
    """Score a file against a truth (for the command line).

    Raises:
        SubmissionError: if the file breaks a rule.
        RawDataError: if the folder or the truth cannot be used.
    """
    names = ImageFolder.open(raw / IMAGES.name).names
    return score_submission(path, truth, names, only_in_truth=only_in_truth)

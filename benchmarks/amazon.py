"""Amazon beside AutoGluon-Tabular on the same rows, in the same time.

    PYTHONPATH=src python benchmarks/amazon.py --raw FOLDER --truth FILE [--keep FOLDER]

FOLDER holds train.csv and test.csv; without it, generated products are taken. FILE has the prices
of test rows (`sample_id,price`); rows that it lacks are not scored. Podium runs first, as with
`kedro run --pipeline=amazon` (the made-up links of generated products are not asked for); AutoGluon
gets the seconds that it took. Both are scored by the
project's own scorer, with its interval. Both submissions, the log and the report can be kept.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from collections.abc import Hashable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from amazon_whole import SEED
from autogluon_environment import make_environment
from challenge_runs import challenge_run, data_root
from measuring import cores
from results import command_line, table

from podium.pipelines.amazon.sample import SampleSize, write_sample
from podium.pipelines.amazon.submission_rules import score_file

HERE = Path(__file__).resolve().parent
GENERATED_ROWS = 5_000
SPLITS = "08_reporting/amazon/split_scores.csv"
ESTIMATE = "08_reporting/amazon/test_estimate.csv"


def main() -> None:
    """Measure both and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--raw", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--preset", default="base")
    parser.add_argument(
        "--peer-environment", type=Path, default=HERE.parent / "data/benchmark/autogluon"
    )
    parser.add_argument("--keep", type=Path, help="a folder for what both said")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "amazon.md")
    options = parser.parse_args()
    python = make_environment(options.peer_environment)
    with data_root() as root:
        raw, truth = root / "01_raw" / "amazon", root / "truth.csv"
        asked: dict[str, str] = {}
        if options.raw:
            shutil.copytree(options.raw, raw)
            shutil.copy(options.truth, truth)
        else:
            asked["amazon.images.download"] = "false"
            size = SampleSize(GENERATED_ROWS, GENERATED_ROWS, images=False)
            write_sample(raw, SEED, size, truth_path=truth)
        cost = challenge_run(root, "amazon", preset=options.preset, **asked)
        metrics = json.loads((root / "08_reporting/amazon/metrics.json").read_text())
        estimate = pd.read_csv(root / ESTIMATE).to_dict("records")
        pictured, splits = images_of(root), splits_of(root)
        submission = root / "07_model_output/amazon/submission.csv"
        own = score_file(submission, truth, raw, only_in_truth=True)
        known = len(pd.read_csv(raw / "train.csv", usecols=["sample_id"]))
        answers = root / "autogluon" / "answers.csv"
        answers.parent.mkdir()
        program = HERE / "autogluon_prices.py"
        subprocess.run([python, program, raw, str(cost.wall_seconds), answers], check=True)
        seconds = json.loads(answers.with_suffix(".json").read_text())["seconds"]
        peer = score_file(answers, truth, raw, only_in_truth=True)
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(submission, options.keep)
            shutil.copy(answers, options.keep / "autogluon.csv")
            shutil.copy(root / "run.log", options.keep)
            shutil.copytree(root / "08_reporting", options.keep / "08_reporting")
    names = ("score", "score_ci_low", "score_ci_high")
    rows = [
        [program, *(f"{scores[name]:.2f}" for name in names), spent]
        for program, scores, spent in (
            ("Podium", own, cost.wall_seconds),
            ("AutoGluon best_quality", peer, seconds),
        )
    ]
    local = [metrics[name] for name in names]
    page = (
        "# Amazon beside AutoGluon: measured\n\n"
        f"{known:,} training rows, {int(own['rows']):,} scored test rows, {cores()} cores. Written "
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC by {command_line()}. SMAPE in percent on rows "
        "that neither has seen, lower is better. "
        f"{pictured}AutoGluon takes the text alone, with torch for its networks.\n\n"
        f"Podium's local score, which holds duplicates out: {local[0]:.2f} [{local[1]:.2f}, "
        f"{local[2]:.2f}]. {expectation(estimate, own['score'])}\n\n"
        + table(["program", "SMAPE", "low", "high", "seconds"], rows)
        + f"\n\n{splits}\n"
    )
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text(page)
    print(page)


def expectation(estimate: list[dict[Hashable, Any]], score: float) -> str:
    """What the run expects of this very test; it says nothing where there was no naive split."""
    if not estimate:
        return "With so many rows it makes no estimate for the copies in the test."
    expected = estimate[0]
    covers = "covers" if expected["ci_low"] <= score <= expected["ci_high"] else "misses"
    return (
        "What its run expects of this very test, whose rows are partly copies of training rows: "
        f"{expected['score']:.2f} [{expected['ci_low']:.2f}, {expected['ci_high']:.2f}]; the "
        f"interval {covers} the score below."
    )


def splits_of(root: Path) -> str:
    """The naive split's scores beside the grouped ones."""
    scores = pd.read_csv(root / SPLITS)
    if scores.empty:
        return "With so many rows there is no naive split."
    rows = [
        [row.model, row.rows, *(f"{each:.2f}" for each in row[3:])] for row in scores.itertuples()
    ]
    head = ["model", "rows", "grouped", "naive", "naive less grouped", "low", "high"]
    return (
        "The same training rows, held out with all listings of their product (grouped) and by a "
        f"split that cuts through them (naive):\n\n{table(head, rows)}"
    )


def images_of(root: Path) -> str:
    """How many rows had a real image."""
    table = pd.read_parquet(root / "02_intermediate/amazon/images/images.parquet")
    real = int((table["status"] != "placeholder").sum())
    return f"{real:,} of {len(table):,} rows had an image. "


if __name__ == "__main__":
    main()

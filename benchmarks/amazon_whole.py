"""Amazon from raw CSV to the submission at 75,000 + 75,000 rows, without images.

    PYTHONPATH=src python benchmarks/amazon_whole.py [--rows 75000] [--presets base]

Generated rows with texts of the official statistics; the true prices of the test rows lie outside
the raw files. The links are not asked for. Each preset is one `kedro run` in a process of its own,
with the time budget of the limit.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from challenge_runs import challenge_run, data_root
from measuring import Cost, cores
from results import command_line, table

from podium.pipelines.amazon.sample import SampleSize, write_sample
from podium.pipelines.amazon.submission_rules import score_file

HERE = Path(__file__).resolve().parent
SEED = 20250901
LIMIT_SECONDS, LIMIT_GB = 1200, 8


def main() -> None:
    """Measure the presets and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, default=75_000, help="training rows, and test rows")
    parser.add_argument("--presets", nargs="*", default=("base",))
    parser.add_argument("--workdir", type=Path)
    parser.add_argument("--results", type=Path, default=HERE / "results" / "amazon_whole.md")
    options = parser.parse_args()
    rows = []
    for preset in options.presets:
        with data_root(options.workdir) as root:
            rows.append(measure(root, options.rows, preset))
        print(rows[-1], flush=True)
    head = ["preset", "wall s", "limit s", "CPU s", "peak GB", "limit GB", "load"]
    head += ["local SMAPE", "low", "high", "hidden", "best baseline", "models", "left out"]
    page = (
        "# Amazon from raw files to the submission: measured\n\n"
        f"{options.rows:,} generated training rows and as many test rows, no images, {cores()} "
        f"cores. Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by {command_line()}. Wall seconds "
        "are those of the whole command, the start of Python included; hidden is SMAPE on the true "
        "prices of the test rows; peak memory is that of all processes together. The limit is the "
        "run's time budget too, so models at the end of the list are left out. Local and hidden "
        "differ in two ways: local is by models fitted on two of three folds, hidden by models "
        "fitted on all rows; and test products may have a sibling listing in training, which "
        "the local score holds out.\n\n" + table(head, rows) + "\n"
    )
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text(page)
    print(page)


def measure(root: Path, rows: int, preset: str) -> list[object]:
    """One run, as a row of the table."""
    raw, truth = root / "01_raw" / "amazon", root / "truth.csv"
    write_sample(raw, SEED, SampleSize(rows, rows, images=False), truth_path=truth)
    cost = run(root, preset)
    reporting = root / "08_reporting" / "amazon"
    board = pd.read_csv(reporting / "leaderboard.csv")
    log = pd.read_parquet(root / "07_model_output/amazon/model_log.parquet")
    metrics = json.loads((reporting / "metrics.json").read_text())
    submission = root / "07_model_output/amazon/submission.csv"
    hidden = score_file(submission, truth, raw, only_in_truth=False)["score"]
    baseline = board.loc[board["kind"] == "baseline", "score"].min()
    spent = (cost.wall_seconds, LIMIT_SECONDS, cost.cpu_seconds, cost.peak_gb, LIMIT_GB, cost.load)
    local = [metrics[name] for name in ("score", "score_ci_low", "score_ci_high")]
    scores = [f"{score:.2f}" for score in (*local, hidden, baseline)]
    left = ", ".join(sorted(set(log["model"]) - set(board["model"]))) or "none"
    return [preset, *spent, *scores, len(board), left]


def run(root: Path, preset: str) -> Cost:
    """The whole pipeline, within the limit, without asking for the links."""
    more = {"amazon.images.download": "false", "time_budget": str(LIMIT_SECONDS)}
    return challenge_run(root, "amazon", preset=preset, **more)


if __name__ == "__main__":
    main()

"""Echoes from raw files to the submission at 10,000 training rows, by preset.

    PYTHONPATH=src python benchmarks/echoes_whole.py [--rows 10000]

Two thirds of the training rows lie in part 1; half as many test rows are asked for, whose true
labels lie outside the raw files. Each preset is one `kedro run` in a process of its own.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from challenge_runs import challenge_run, data_root
from measuring import cores
from results import table

from podium.pipelines.echoes.sample import SampleSize, write_sample
from podium.pipelines.echoes.submission_rules import score_file

HERE = Path(__file__).resolve().parent
SEED = 20250901
PRESETS = ("fast", "base")
LIMIT_SECONDS = {"fast": 60, "base": 300}


def main() -> None:
    """Measure both presets and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--presets", nargs="*", default=PRESETS)
    parser.add_argument("--results", type=Path, default=HERE / "results" / "echoes_whole.md")
    options = parser.parse_args()
    rows = []
    for preset in options.presets:
        with data_root() as root:
            rows.append(measure(root, options.rows, preset))
        print(rows[-1], flush=True)
    head = ["preset", "wall s", "limit s", "CPU s", "peak GB", "load"]
    head += ["local macro F1", "low", "high", "hidden", "best baseline"]
    page = (
        "# Echoes from raw files to the submission: measured\n\n"
        f"{options.rows:,} generated training rows, {options.rows // 2:,} test rows, {cores()} "
        f"cores. Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC. Wall seconds are those of the "
        "whole command, the start of Python included; hidden is macro F1 on the true labels of the "
        "test rows; peak memory is that of all processes together.\n\n" + table(head, rows) + "\n"
    )
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text(page)
    print(page)


def measure(root: Path, rows: int, preset: str) -> list[object]:
    """One run, as a row of the table."""
    raw, truth = root / "01_raw" / "echoes", root / "truth.csv"
    size = SampleSize(part1=2 * rows // 3, part2=rows - 2 * rows // 3, test=rows // 2)
    write_sample(raw, SEED, size, truth_path=truth)
    cost = challenge_run(root, "echoes", preset=preset)
    board = pd.read_csv(root / "08_reporting/echoes/leaderboard.csv").set_index("model")
    metrics = json.loads((root / "08_reporting/echoes/metrics.json").read_text())
    submission = root / "07_model_output/echoes/submission.csv"
    hidden = score_file(submission, truth, raw, only_in_truth=False)["score"]
    baseline = board.loc[board["kind"] == "baseline", "score"].max()
    spent = (
        cost.wall_seconds,
        LIMIT_SECONDS.get(preset),
        cost.cpu_seconds,
        cost.peak_gb,
        cost.load,
    )
    local = (metrics["score"], metrics["score_ci_low"], metrics["score_ci_high"])
    return [preset, *spent, *local, hidden, baseline]


if __name__ == "__main__":
    main()

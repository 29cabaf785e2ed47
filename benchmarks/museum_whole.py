"""Lost in the Museum from raw files to the submission, at two sizes, step by step.

    PYTHONPATH=src python benchmarks/museum_whole.py [--sizes 2000 20000] [--workdir DIR]

Half of the generated images are studio images, a twentieth visitor photos of some, the rest
distractors, as in the competition; the longest side is 640 px. Each stage is one `kedro run` in a
process of its own; the seconds of its nodes come from its log. The true pairs lie outside the raw
files and give the hidden score.
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from challenge_runs import challenge_run, data_root
from measuring import Cost, cores
from results import command_line, table

from podium.challenges import STAGES
from podium.pipelines.museum.sample import SampleSize, write_sample
from podium.pipelines.museum.submission_rules import score_file

HERE = Path(__file__).resolve().parent
SEED = 20250901
LONGEST_SIDE = (640, 640)
LIMIT_MINUTES, LIMIT_GB = 60, 8


def main() -> None:
    """Measure all sizes and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--workdir", type=Path)
    parser.add_argument("--results", type=Path, default=HERE / "results" / "museum_whole.md")
    options = parser.parse_args()
    measured = []
    for images in options.sizes:
        with data_root(options.workdir) as root:
            measured.append(measure(root, images))
        print(json.dumps(measured[-1], indent=2), flush=True)
        write(options.results, measured)
    print(options.results.read_text())


def measure(root: Path, images: int) -> dict[str, object]:
    """One size: seconds of all nodes, cost of all stages, and the scores."""
    raw, truth = root / "01_raw" / "museum", root / "truth.csv"
    photos = images // 20
    size = SampleSize(images // 2, photos, images - images // 2 - photos, LONGEST_SIDE, False)
    write_sample(raw, SEED, size, truth_path=truth, threads=cores())
    costs: dict[str, Cost] = {}
    nodes: dict[str, float] = {}
    for stage in STAGES:
        log = root / f"{stage}.log"
        costs[stage] = challenge_run(root, f"museum.{stage}", log=log)
        nodes |= seconds_of_nodes(log)
        print(images, stage, costs[stage], flush=True)
    metrics = json.loads((root / "08_reporting/museum/metrics.json").read_text())
    submission = root / "07_model_output/museum/submission.csv"
    return {
        "images": images,
        "stages": {name: asdict(cost) for name, cost in costs.items()},
        "nodes": nodes,
        "local": [metrics[name] for name in ("score", "score_ci_low", "score_ci_high")],
        "hidden": score_file(submission, truth, raw, only_in_truth=False)["score"],
        "submission_mb": submission.stat().st_size / 1e6,
    }


def seconds_of_nodes(log: Path) -> dict[str, float]:
    """Seconds from the end of the node before, or the first line, to the end of each node."""
    seconds: dict[str, float] = {}
    before = None
    for line in log.read_text(errors="replace").splitlines():
        found = re.match(r"^\[(\d\d:\d\d:\d\d)\]", line)
        if not found:
            continue
        now = pd.Timedelta(found[1])
        done = re.search(r"Completed node: museum\.(\S+)", line)
        if done and before is not None:
            seconds[done[1]] = (now - before) % pd.Timedelta("1D") / pd.Timedelta("1s")
        if done or before is None:
            before = now
    return seconds


def write(path: Path, measured: list[dict[str, object]]) -> None:
    """The page, from what was measured so far."""
    lines = [
        "# Lost in the Museum from raw files to the submission: measured",
        f"Generated images of {LONGEST_SIDE[1]} px, {cores()} cores, defaults. Written "
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC by {command_line()}. Limit at 20,000 images: "
        f"{LIMIT_MINUTES} min and {LIMIT_GB} GB. Each stage is a process of its own and pays the "
        "start of Python.",
    ]
    sizes = [int(one["images"]) for one in measured]
    for title, key, field in (
        ("## Wall seconds by stage", "stages", "wall_seconds"),
        ("## Peak memory by stage, GB", "stages", "peak_gb"),
    ):
        rows = [[name, *(one[key][name][field] for one in measured)] for name in STAGES]
        total = max if field == "peak_gb" else sum
        rows.append(["**all**", *(total(row[i + 1] for row in rows) for i in range(len(sizes)))])
        lines += [title, with_growth("stage", sizes, rows)]
    names = [name for name, spent in measured[-1]["nodes"].items() if spent >= 1]
    rows = [[name, *(one["nodes"].get(name, 0.0) for one in measured)] for name in names]
    lines += [
        "## Wall seconds by node",
        with_growth("node", sizes, rows),
        "## Score",
        table(
            ["images", "local Hit@3", "low", "high", "hidden Hit@3", "submission MB"],
            [
                [f"{one['images']:,}", *one["local"], one["hidden"], one["submission_mb"]]
                for one in measured
            ],
        ),
    ]
    lines.append(
        "Hidden photos are among the images that words and whitening are fitted on, as in the "
        "competition; held-out images are not. So the hidden score may lie above the local one."
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(lines) + "\n")


def with_growth(first: str, sizes: list[int], rows: list[list[object]]) -> str:
    """A table with one column per size, and how often the smallest goes into the largest."""
    head = [first, *(f"{size:,} images" for size in sizes)]
    if len(sizes) == 1:
        return table(head, rows)
    grown = [[*row, row[-1] / row[1] if row[1] else None] for row in rows]
    return table([*head, "growth"], grown)


if __name__ == "__main__":
    main()

"""HearMe at the competition's size, beside RecTools and plain pandas: `make bench-hearme`.

Generates the data unless they are there, runs the five stages one by one and measures each, scores
the submission on the hidden window, then repeats the run on less data beside the peers. What was
measured is written after every part, so that an interrupted benchmark leaves what it has.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
from challenge_runs import challenge_run
from measuring import Cost, cores
from peers import compare_pandas, compare_rectools, make_environment
from results import as_markdown, write_results

from podium.challenges import STAGES
from podium.pipelines.hearme.sample import COMPETITION, write_sample
from podium.pipelines.hearme.submission_rules import score_file
from podium.recommendation.synthetic import SampleSize

PROJECT = Path(__file__).resolve().parents[1]
SOURCE = PROJECT / "src"
SMALL = SampleSize(users=4_000, tracks=6_000, listens=400_000, test_users=200)
SIZES = {"competition": COMPETITION, "small": SMALL}
SEED = 20250901
PEER_LISTENS = 2_000_000


def main() -> None:
    """Run what the command line asks for."""
    options = _options()
    size = SIZES[options.size]
    results: dict[str, Any] = {
        "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": {"cores": cores(), "memory_gb": psutil.virtual_memory().total / (1 << 30)},
        "size": asdict(size),
    }
    root = options.workdir / options.size
    costs: dict[str, Cost] = {}
    if not options.only_peers:
        costs = measure_run(root, size, options.params)
        results["stages"] = {name: asdict(cost) for name, cost in costs.items()}
        results["total"] = asdict(_total(costs))
        results["score"] = score(root)
        write_results(options.results, results)
    if not options.skip_peers:
        peer_size = scaled(COMPETITION, options.peer_listens or PEER_LISTENS)
        if options.size == "small" and not options.peer_listens:
            peer_size = size
        if peer_size != size:
            root = options.workdir / f"peers_{peer_size.listens}"
        if peer_size != size or not costs:
            costs = measure_run(root, peer_size, options.params)
        results["peer_size"] = asdict(peer_size)
        results["pandas"] = compare_pandas(root, root / "peers", SOURCE)
        write_results(options.results, results)
        python = make_environment(options.peer_environment)
        results["rectools"] = compare_rectools(root, python, root / "peers" / "rectools", costs)
        write_results(options.results, results)
    print(as_markdown(results))
    print(f"Written to {options.results}")


def scaled(size: SampleSize, listens: int) -> SampleSize:
    """The same world with fewer listens; at least 200 test users, so that scores say something."""
    share = listens / size.listens
    return replace(
        size,
        users=int(size.users * share),
        tracks=max(2_000, int(size.tracks * share)),
        listens=listens,
        test_users=max(200, int(size.test_users * share)),
    )


def make_data(root: Path, size: SampleSize) -> None:
    """Generate the raw files unless they are there; the truth lies outside 01_raw.

    Raises:
        ValueError: where the data of another size lie in the folder.
    """
    raw, note = root / "01_raw" / "hearme", root / "size.json"
    wanted = {**asdict(size), "seed": SEED}
    if raw.is_dir():
        if not note.is_file() or json.loads(note.read_text()) != wanted:
            raise ValueError(f"{root} holds data of another size; remove it or name another folder")
        return
    print(f"Generating {size.listens:,} listens in {root}", flush=True)
    root.mkdir(parents=True, exist_ok=True)
    write_sample(raw, SEED, size, truth_path=truth_file(root))
    note.write_text(json.dumps(wanted))


def truth_file(root: Path) -> Path:
    """What the test users heard in the hidden window."""
    return root / "truth" / "hearme.csv"


def measure_run(root: Path, size: SampleSize, params: str) -> dict[str, Cost]:
    """Data where there are none, then every stage."""
    make_data(root, size)
    return run_stages(root, params)


def run_stages(root: Path, params: str) -> dict[str, Cost]:
    """Run the stages as processes of their own and measure each."""
    costs = {}
    more = dict(pair.split("=", 1) for pair in params.split(",") if pair)
    for stage in STAGES:
        log = root / "logs" / f"{stage}.log"
        costs[stage] = challenge_run(root, f"hearme.{stage}", log=log, **more)
        cost = costs[stage]
        print(
            f"{stage}: {cost.wall_seconds:.0f} s wall, {cost.cpu_seconds:.0f} s CPU, "
            f"{cost.peak_gb:.1f} GB, load {cost.load}",
            flush=True,
        )
    return costs


def score(root: Path) -> dict[str, Any]:
    """Score the submission on the hidden window; the local leaderboard beside it."""
    submission = root / "07_model_output/hearme/submission.csv"
    raw = root / "01_raw/hearme"
    found = score_file(submission, truth_file(root), raw, only_in_truth=False)
    board = pd.read_csv(root / "08_reporting/hearme/leaderboard.csv").set_index("model")
    chosen = "blend" if "blend" in board.index else str(board.index[0])
    single = board[board["kind"].isin(["baseline", "recommender"])]["score"]
    return {
        "hidden": found["score"],
        "hidden_low": found["score_ci_low"],
        "hidden_high": found["score_ci_high"],
        "model": chosen,
        "local": float(board.loc[chosen, "score"]),
        "local_low": float(board.loc[chosen, "ci_low"]),
        "local_high": float(board.loc[chosen, "ci_high"]),
        "recommender": float(single.max()),
        "recommender_name": str(single.idxmax()),
        "popularity": float(board.loc["popularity", "score"]),
    }


def _total(costs: dict[str, Cost]) -> Cost:
    return Cost(
        sum(cost.wall_seconds for cost in costs.values()),
        sum(cost.cpu_seconds for cost in costs.values()),
        max(cost.peak_gb for cost in costs.values()),
        max(cost.load for cost in costs.values()),
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--size", choices=sorted(SIZES), default="competition")
    parser.add_argument("--workdir", type=Path, default=PROJECT / "data" / "benchmark")
    parser.add_argument(
        "--results",
        type=Path,
        help="default: benchmarks/results/hearme.md, or a file in the workdir for the small size",
    )
    parser.add_argument("--params", default="", help="more parameters for kedro run: a=1,b=2")
    parser.add_argument(
        "--peer-listens", type=int, help="default: 2,000,000; for the small size the same"
    )
    parser.add_argument(
        "--peer-environment",
        type=Path,
        default=Path(tempfile.gettempdir()) / "podium-rectools",
        help="where RecTools is installed",
    )
    parser.add_argument("--skip-peers", action="store_true")
    parser.add_argument("--only-peers", action="store_true")
    options = parser.parse_args()
    options.workdir = options.workdir.resolve()
    if options.results is None:
        small = options.workdir / "small" / "hearme.md"
        options.results = small if options.size == "small" else _default_results()
    return options


def _default_results() -> Path:
    return PROJECT / "benchmarks" / "results" / "hearme.md"


if __name__ == "__main__":
    main()

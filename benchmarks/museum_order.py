"""Whether the local score of Lost in the Museum puts encoders in the order of the real one.

    PYTHONPATH=src python benchmarks/museum_order.py --data-root DIR --truth FILE [--out FILE]

DIR holds the finished run of `kedro run --pipeline=museum --params data_root=DIR`; declare in it as
many encoders as should be compared. FILE is a CSV with `query,match` of real photos, file names
(`true_matches` is taken for `match`); with a column `source`, hits are shown by source too. Nothing
is fitted here: all vectors, neighbours and local scores are those of the run, and every row is
scored with the code that checks and scores submissions.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from results import command_line, table
from scipy.stats import kendalltau, spearmanr

from podium.pipelines.museum.modeling import blocks_of
from podium.pipelines.museum.models import JOINED, VERIFIED, NeighbourParameters
from podium.pipelines.museum.submission_rules import query_ranks
from podium.retrieval.fallback_vectors import fill_zero_rows
from podium.retrieval.neighbour_drawing import draw_together, pairs_from, weigh_pairs
from podium.retrieval.vector_table import VectorTable
from podium.retrieval.verified_neighbours import Pair

HERE = Path(__file__).resolve().parent
SEED = 20250901
USUAL = "joined_verified by the usual rule"


def main() -> None:
    """Score every row of the leaderboard on the real pairs and compare the orders."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data-root", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--env", help="the run's preset or environment")
    parser.add_argument("--params", default="", help="further parameters of the run")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "museum_order.md")
    options = parser.parse_args()
    vectors, leaderboard = all_vectors(options.data_root, options.env, options.params)
    truth = pd.read_csv(options.truth, dtype=str).rename(columns={"true_matches": "match"})
    with tempfile.TemporaryDirectory() as folder:
        pairs, file = Path(folder) / "truth.csv", Path(folder) / "submission.csv"
        truth[["query", "match"]].to_csv(pairs, index=False)
        ranks = {}
        for name, table_ in vectors.items():
            table_.write_csv(file)
            ranks[name] = pd.Series(query_ranks(file, pairs, list(table_.names)))
    page = as_page(leaderboard, ranks, truth)
    options.out.write_text(page)
    print(page)


def all_vectors(
    root: Path, env: str | None, params: str
) -> tuple[dict[str, VectorTable], pd.DataFrame]:
    """The submission's vectors by every model of the leaderboard, and the leaderboard."""
    bootstrap_project(HERE.parent)
    given = {"data_root": str(root)}
    given |= dict(pair.split("=", 1) for pair in params.split(",") if pair)
    with KedroSession.create(HERE.parent, env=env, runtime_params=given) as session:
        context = session.load_context()
        catalog, parameters = context.catalog, context.params["museum"]
    stored = {
        name: catalog.load(f"museum.{name}")
        for name in ("vectors", "final_models", "neighbours", "test", "leaderboard")
    }
    single, joined = stored["final_models"].transform(blocks_of(stored["vectors"], "images"))
    rules = NeighbourParameters.parse(parameters["neighbours"])
    inliers = pairs_from(
        *(stored["neighbours"]["images"][name] for name in ("first", "second", "inliers"))
    )
    half = rules.half_weight_inliers
    drawn, usual = (
        draw_together(joined, weights, rules.strength)
        for weights in (weigh_pairs(inliers, rules.drawing), weigh_as_usual(inliers, half))
    )
    test = stored["test"]
    names = test["image_name"].tolist()
    return {
        name: VectorTable(test["ID"].to_numpy(), names, fill_zero_rows(found, names, SEED)[0])
        for name, found in {**single, JOINED: joined, VERIFIED: drawn, USUAL: usual}.items()
    }, stored["leaderboard"]


def weigh_as_usual(inliers: dict[Pair, int], half: float) -> dict[Pair, float]:
    """Pairs of at least 30 inliers and twice those of any other pair of both images; no others."""
    counts: dict[int, list[int]] = defaultdict(list)
    for (first, second), count in inliers.items():
        counts[first].append(count)
        counts[second].append(count)
    weights = {}
    for pair, count in inliers.items():
        rivals = [sorted(counts[image])[-2:-1] for image in pair]
        if count >= 30 and all(count >= 2 * max(found, default=0) for found in rivals):  # noqa: PLR2004
            weights[pair] = count / (count + half)
    return weights


def as_page(leaderboard: pd.DataFrame, ranks: dict[str, pd.Series], truth: pd.DataFrame) -> str:
    """The tables, and how alike the two orders are.

    Args:
        leaderboard: Of the run.
        ranks: Of each model, the rank of each query's best match.
        truth: `query`, and `source` where there is one.
    """
    board = leaderboard[leaderboard["model"].isin(list(ranks))]
    board = board.sort_values("score", ascending=False, kind="stable")
    found = {name: hits_of(ranks[name]) for name in board["model"]}
    local, real = board["score"].to_numpy(), np.array([each[1] for each in found.values()])
    rank, tau = spearmanr(local, real).statistic, kendalltau(local, real).statistic
    scores = board[["model", "score", "ci_low", "ci_high"]].to_numpy().tolist()
    head = ["model", "local Hit@3", "low", "high", "real Hit@1", "real Hit@3", "real Hit@10"]
    parts = [
        "# The local order of encoders beside the real one: measured",
        f"Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by {command_line()}. Local: simulated "
        f"visitor photos of held-out images. Real: {len(ranks[JOINED])} visitor photos with known "
        "pairs, never used by the run.",
        table(head, [[*row, *found[row[0]]] for row in scores]),
        f"Rank correlation over {len(board)} rows: Spearman {rank:.3f}, Kendall {tau:.3f}. Mean "
        f"distance of the two scores {np.abs(local - real).mean():.3f}: the local score ranks, it "
        "does not tell the level.",
    ]
    found[USUAL] = hits_of(ranks[USUAL])
    parts += [
        "## The rule by which pairs are believed",
        "The usual rule: at least 30 inliers, and twice the runner-up's seen from both images.",
        table(["vectors", *head[4:]], [[name, *found[name]] for name in (JOINED, USUAL, VERIFIED)]),
    ]
    if "source" in truth:
        sources = truth.drop_duplicates("query").groupby("source")["query"]
        counts = [f"{source} ({len(queries)})" for source, queries in sources]
        for place, cutoff in enumerate((1, 3)):
            rows = [
                [name, *(hits_of(ranks[name][own])[place] for _, own in sources)] for name in found
            ]
            title = f"## Real Hit@{cutoff} by source (queries)"
            parts += [title, table(["model", *counts], rows)]
    return "\n\n".join(parts) + "\n"


def hits_of(ranks: pd.Series) -> list[float]:
    """Hit@1, Hit@3 and Hit@10."""
    return [float((ranks <= cutoff).mean()) for cutoff in (1, 3, 10)]


if __name__ == "__main__":
    main()

"""Whether the local score of Lost in the Museum puts encoders in the order of the real one.

    PYTHONPATH=src python benchmarks/museum_order.py --data-root DIR --truth FILE [--out FILE]

DIR holds the finished run of `kedro run --pipeline=museum --params data_root=DIR`; declare in it as
many encoders as should be compared. FILE is a CSV with `query,match` of real photos, file names
(`true_matches` is taken for `match`, other columns are left alone). Nothing is fitted here: all
vectors, neighbours and local scores are those of the run, and every row is scored with the code
that checks and scores submissions.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from results import table
from scipy.stats import kendalltau, spearmanr

from podium.pipelines.museum.modeling import blocks_of
from podium.pipelines.museum.models import JOINED, VERIFIED, NeighbourParameters
from podium.pipelines.museum.submission_rules import score_submission
from podium.retrieval.fallback_vectors import fill_zero_rows
from podium.retrieval.neighbour_drawing import draw_together, pairs_from, weigh_pairs
from podium.retrieval.vector_table import VectorTable

HERE = Path(__file__).resolve().parent
SEED = 20250901


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
    with tempfile.TemporaryDirectory() as folder:
        truth = pairs_of(options.truth, Path(folder) / "truth.csv")
        rows = [
            row_of(name, table_, truth, leaderboard, Path(folder) / "submission.csv")
            for name, table_ in vectors.items()
        ]
    scores = pd.DataFrame(rows, columns=["model", "local", "low", "high", "hit1", "hit3", "hit10"])
    scores = scores.sort_values("local", ascending=False)
    page = as_page(scores)
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
    drawn = draw_together(joined, weigh_pairs(inliers, rules.drawing), rules.strength)
    test = stored["test"]
    names = test["image_name"].tolist()
    return {
        name: VectorTable(test["ID"].to_numpy(), names, fill_zero_rows(found, names, SEED)[0])
        for name, found in {**single, JOINED: joined, VERIFIED: drawn}.items()
    }, stored["leaderboard"]


def pairs_of(given: Path, target: Path) -> Path:
    """The truth as the project's own scorer wants it."""
    truth = pd.read_csv(given, dtype=str).rename(columns={"true_matches": "match"})
    truth[["query", "match"]].to_csv(target, index=False)
    return target


def row_of(
    name: str, vectors: VectorTable, truth: Path, leaderboard: pd.DataFrame, file: Path
) -> list[object]:
    """Local score with its interval, and the real hits."""
    vectors.write_csv(file)
    real = score_submission(file, truth, list(vectors.names))
    local = leaderboard.set_index("model").loc[name]
    shown = [float(local[column]) for column in ("score", "ci_low", "ci_high")]
    return [name, *shown, real["hit_at_1"], real["score"], real["hit_at_10"]]


def as_page(scores: pd.DataFrame) -> str:
    """The table, and how alike the two orders are."""
    local, real = scores["local"].to_numpy(), scores["hit3"].to_numpy()
    rank, tau = spearmanr(local, real).statistic, kendalltau(local, real).statistic
    closer = np.abs(local - real).mean()
    head = ["model", "local Hit@3", "low", "high", "real Hit@1", "real Hit@3", "real Hit@10"]
    return (
        "# The local order of encoders beside the real one: measured\n\n"
        f"Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC. Local: simulated visitor photos of "
        "held-out images. Real: visitor photos with known pairs, never used by the run.\n\n"
        + table(head, scores.to_numpy().tolist())
        + f"\n\nRank correlation over {len(scores)} rows: Spearman {rank:.3f}, Kendall {tau:.3f}. "
        f"Mean distance of the two scores {closer:.3f}: the local score ranks, it does not tell "
        "the level.\n"
    )


if __name__ == "__main__":
    main()

"""Stage evaluation: Hit@k of every encoder on the simulated visitor photos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import Field

from podium.common import leaderboard as boards
from podium.common import plots
from podium.common.bootstrap import bootstrap_mean
from podium.common.embedding_map import embedding_map
from podium.common.shards import Arrays
from podium.pipelines.museum.models import JOINED, VERIFIED, NeighbourParameters
from podium.pipelines.shared import (
    Compute,
    Scoring,
    chosen_model,
    leaderboard_figure,
    log_leaderboard,
)
from podium.retrieval.held_out import MIXED
from podium.retrieval.metrics import CUTOFFS, hits
from podium.retrieval.nearest import exact_top_k, inner_products
from podium.retrieval.neighbour_drawing import pairs_from
from podium.retrieval.verified_neighbours import accept_pairs

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SCORE_UNIT = "Hit@3 on mixed visitor photos (0 to 1)"
HIT_COLUMNS = [f"hit_at_{cutoff}" for cutoff in CUTOFFS]
_SCORE = "hit_at_3"


class Evaluation(Scoring):
    """Parameters of the stage, beside those of every challenge.

    Attributes:
        wall_queries: Photos on the picture wall; half of them misses, where there are so many.
        nearest_pairs: Listed pairs of images that lie nearest to each other.
        most_map_images: Of more images, so many are drawn on the map.
    """

    wall_queries: int = Field(12, ge=0)
    nearest_pairs: int = Field(30, ge=0)
    most_map_images: int = Field(1000, ge=0)


def build_leaderboard(
    oof_predictions: pd.DataFrame, model_log: pd.DataFrame, parameters: dict[str, Any]
) -> pd.DataFrame:
    """Rank the encoders by Hit@3 on mixed photos; intervals by a bootstrap over held-out images."""
    chosen = Evaluation.parse(parameters)
    scored = with_hits(oof_predictions)
    mixed = scored[scored["effect"] == MIXED]
    board = boards.build_leaderboard(
        {
            str(model): part.groupby("image_name")[_SCORE].mean().to_numpy()
            for model, part in mixed.groupby("model")
        },
        model_log,
        readings=_readings(scored, mixed),
        **chosen.bootstrap_options,
    )
    log_leaderboard(board)
    return board


def score_submitted(
    leaderboard: pd.DataFrame,
    oof_predictions: pd.DataFrame,
    parameters: dict[str, Any],
    neighbour_parameters: dict[str, Any],
) -> boards.ModelScore:
    """The score of the vectors that are submitted, to be compared with that of other parameters."""
    chosen = Evaluation.parse(parameters)
    model = submitted_model(leaderboard, chosen, NeighbourParameters.parse(neighbour_parameters))
    own = (oof_predictions["model"] == model) & (oof_predictions["effect"] == MIXED)
    return boards.score_model(
        model,
        with_hits(oof_predictions[own]).groupby("image_name")[_SCORE].mean().to_numpy(),
        **chosen.bootstrap_options,
    )


def break_down_scores(oof_predictions: pd.DataFrame, parameters: dict[str, Any]) -> pd.DataFrame:
    """Hit@1, 3 and 10 of every model by effect and strength, with intervals.

    Returns:
        `breakdown`: model, effect, strength, photos, cutoff, score, ci_low, ci_high.
    """
    chosen = Evaluation.parse(parameters)
    rows = []
    keys = ["model", "effect", "strength"]
    for key, part in with_hits(oof_predictions).groupby(keys, sort=True):
        for cutoff, column in zip(CUTOFFS, HIT_COLUMNS, strict=True):
            interval = bootstrap_mean(
                part[column], groups=part["image_name"], **chosen.bootstrap_options
            )
            bounds = (interval.value, interval.low, interval.high)
            rows.append((*key, len(part), cutoff, *bounds))
    columns = [*keys, "photos", "cutoff", "score", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def rank_nearest_pairs(
    joined_vectors: np.ndarray,
    neighbours: Mapping[str, Arrays],
    test: pd.DataFrame,
    parameters: dict[str, Any],
    neighbour_parameters: dict[str, Any],
) -> pd.DataFrame:
    """The images that lie nearest to each other: copies, photos of a painting, or suspects.

    Returns:
        `nearest_pairs`: first, second, cosine, inliers, verified; nearest first.
    """
    wanted = Evaluation.parse(parameters)
    rules = NeighbourParameters.parse(neighbour_parameters).drawing.acceptance
    inliers = pairs_from(*(neighbours["images"][name] for name in ("first", "second", "inliers")))
    accepted = accept_pairs(inliers, rules)
    own = np.arange(len(joined_vectors))
    found = exact_top_k(joined_vectors, joined_vectors, 1, exclude=own)
    cosines = inner_products(joined_vectors, joined_vectors, found)
    ends = np.sort(np.stack([own, found[:, 0]], axis=1), axis=1)
    pairs, first = np.unique(ends, axis=0, return_index=True)
    order = np.argsort(-cosines[first, 0], kind="stable")[: wanted.nearest_pairs]
    names = test["image_name"].to_numpy()
    rows = [
        (
            names[a],
            names[b],
            float(cosines[first[place], 0]),
            inliers.get((int(a), int(b)), 0),
            (int(a), int(b)) in accepted,
        )
        for place, (a, b) in zip(order, pairs[order], strict=True)
    ]
    return pd.DataFrame(rows, columns=["first", "second", "cosine", "inliers", "verified"])


def assemble_map(
    joined_vectors: np.ndarray,
    folds: pd.DataFrame,
    oof_predictions: pd.DataFrame,
    leaderboard: pd.DataFrame,
    parameters: dict[str, Any],
    neighbour_parameters: dict[str, Any],
    compute: dict[str, Any],
) -> pd.DataFrame:
    """Images on a plane: `image_map` (image_name, map_x, map_y, kind)."""
    wanted, settings = Evaluation.parse(parameters), Compute.parse(compute)
    rows = folds["image"].to_numpy("int64")
    places = embedding_map(joined_vectors[rows], wanted.most_map_images, settings.seed)
    own = submitted_model(leaderboard, wanted, NeighbourParameters.parse(neighbour_parameters))
    scored = with_hits(oof_predictions[oof_predictions["model"] == own])
    rate = scored[scored["effect"] == MIXED].groupby("image_name")[_SCORE].mean()
    found = folds["image_name"].map(rate)
    kind = np.where(found.isna(), "not held out", np.where(found == 1, "found", "missed"))
    table = folds[["image_name"]].assign(map_x=places[:, 0], map_y=places[:, 1], kind=kind)
    return table.dropna(subset=["map_x"]).reset_index(drop=True)


def summarise_metrics(
    leaderboard: pd.DataFrame,
    breakdown: pd.DataFrame,
    parameters: dict[str, Any],
    neighbour_parameters: dict[str, Any],
) -> dict[str, float]:
    """Flatten the leaderboard, and the chosen model's Hit@3 by effect, into tracked metrics."""
    wanted = NeighbourParameters.parse(neighbour_parameters)
    own = submitted_model(leaderboard, Evaluation.parse(parameters), wanted)
    flat = boards.leaderboard_metrics(leaderboard, own)
    shown = breakdown[(breakdown["model"] == own) & (breakdown["cutoff"] == 3)]  # noqa: PLR2004
    for effect, strength, rate in zip(
        shown["effect"], shown["strength"], shown["score"].tolist(), strict=True
    ):
        flat[f"hit_at_3.{effect}.{strength}"] = rate
    return flat


def submitted_model(
    leaderboard: pd.DataFrame, scoring: Scoring, neighbours: NeighbourParameters
) -> str:
    """The vectors that are submitted: those preferred, else the joined ones.

    Neighbours are drawn together always, never, or where the score is higher with them.
    """
    joined = JOINED
    if neighbours.use != "never":
        scores = leaderboard.set_index("model")["score"]
        if neighbours.use == "always" or scores[VERIFIED] > scores[JOINED]:
            joined = VERIFIED
    return chosen_model(leaderboard, scoring, otherwise=joined)


def with_hits(predictions: pd.DataFrame) -> pd.DataFrame:
    """The predictions with a column 0 or 1 for Hit@1, 3 and 10."""
    return predictions.assign(
        **dict(zip(HIT_COLUMNS, hits(predictions["rank"].to_numpy()).T, strict=True))
    )


def _readings(scored: pd.DataFrame, mixed: pd.DataFrame) -> pd.DataFrame:
    table = mixed.groupby("model")[["hit_at_1", "hit_at_10"]].mean()
    hard = mixed[mixed["strength"] == mixed["strength"].max()]
    table["hard_hit_at_3"] = hard.groupby("model")[_SCORE].mean()
    single = scored[scored["effect"] != MIXED]
    table["single_effect_hit_at_3"] = single.groupby("model")[_SCORE].mean()
    return table.reset_index()


def plot_leaderboard(leaderboard: pd.DataFrame) -> Figure:
    """Every model with its interval."""
    return leaderboard_figure(leaderboard, SCORE_UNIT)


def plot_effects(
    breakdown: pd.DataFrame,
    leaderboard: pd.DataFrame,
    parameters: dict[str, Any],
    neighbour_parameters: dict[str, Any],
) -> Figure:
    """Hit@3 of the submitted vectors by effect and strength."""
    wanted = NeighbourParameters.parse(neighbour_parameters)
    own = submitted_model(leaderboard, Evaluation.parse(parameters), wanted)
    facets = {
        f"strength {strength}": part.set_index("effect")[["score", "ci_low", "ci_high"]]
        for strength, part in effects_of(breakdown, own).groupby("strength")
    }
    return plots.facet_bar_plot(facets, "Hit@3 (0 to 1)", f"{own} by effect and strength")


def plot_hits(oof_predictions: pd.DataFrame) -> Figure:
    """Hit@k of every model against k, on mixed photos."""
    lines = {
        str(model): hit_curve(part["rank"].to_numpy())
        for model, part in oof_predictions[oof_predictions["effect"] == MIXED].groupby("model")
    }
    return plots.line_plot(lines, "k, images looked at", "Hit@k (0 to 1)", "Hit@k, mixed photos")


def plot_map(image_map: pd.DataFrame) -> Figure:
    """The images on a plane."""
    groups = {
        str(kind): part[["map_x", "map_y", "image_name"]]
        for kind, part in image_map.groupby("kind", sort=True)
    }
    caption = "t-SNE of the joined vectors; only nearness means something"
    return plots.scatter_plot(groups, caption, "Map of the images")


def effects_of(breakdown: pd.DataFrame, model: str) -> pd.DataFrame:
    """Hit@3 of one model by effect and strength."""
    own = breakdown["model"] == model
    return breakdown[own & (breakdown["cutoff"] == 3)]  # noqa: PLR2004


def hits_by_strength(breakdown: pd.DataFrame, leaderboard: pd.DataFrame) -> pd.DataFrame:
    """Hit@k of every model on mixed photos of each strength, in the order of the leaderboard.

    Returns:
        model, strength, photos, hit_at_1, hit_at_3, hit_at_10, and the interval of Hit@3, ci_low
        and ci_high.
    """
    mixed = breakdown[breakdown["effect"] == MIXED]
    keys = ["model", "strength", "photos"]
    table = mixed.pivot(index=keys, columns="cutoff", values="score").add_prefix("hit_at_")
    own = mixed[mixed["cutoff"] == 3].set_index(keys)  # noqa: PLR2004
    table = table.join(own[["ci_low", "ci_high"]]).reset_index()
    table["model"] = pd.Categorical(table["model"], leaderboard["model"].tolist())
    return table.sort_values(["model", "strength"], ignore_index=True)


def hit_curve(ranks: np.ndarray, most: int = 50) -> pd.Series:
    """Hit@k for k from 1."""
    cutoffs = tuple(range(1, most + 1))
    return pd.Series(hits(ranks, cutoffs).mean(axis=0), index=cutoffs)

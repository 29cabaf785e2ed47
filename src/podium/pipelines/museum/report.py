"""The report of a Museum run: what a reader wants to know, in the order of the questions."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import pandas as pd

from podium.common import charts
from podium.common.charts import Mark
from podium.common.picture_wall import Picture, picture_wall
from podium.common.report import Chart, Column, Figure, Section, interval_column, make_table
from podium.common.report_formats import records, score, text, whole
from podium.common.scatter_charts import scatter_chart
from podium.pipelines.museum.evaluation import (
    SCORE_UNIT,
    Evaluation,
    effects_of,
    hit_curve,
    hits_by_strength,
    submitted_model,
)
from podium.pipelines.museum.modeling import TOP
from podium.pipelines.museum.models import JOINED, VERIFIED, NeighbourParameters
from podium.pipelines.reporting import ReportOutline, SharedTables
from podium.retrieval.held_out import MIXED
from podium.vision.image_folder import ImageFolder
from podium.vision.reading import ImageFault

_READINGS = (
    Column("hit_at_1", "Hit@1", score),
    Column("hit_at_10", "Hit@10", score),
    Column("hard_hit_at_3", "Hit@3, strength 3", score),
    Column("single_effect_hit_at_3", "Hit@3, single effects", score),
)
_HOW_TO_READ = (
    "Nobody tells which image shows which painting. So some images are held out, photos of them "
    "are simulated as visitors take them, and every photo has to find its image among all images. "
    "Words, projections and networks are learned without the held-out images.",
    "Hit@k is the share of photos whose image is among the k nearest by cosine. The score is Hit@3 "
    "on photos with all effects mixed, at three strengths alike. An interval says how far it moves "
    "when other images are held out (bootstrap over held-out images, at {confidence} confidence).",
    "A copy of the held-out image under another name counts as a wrong image, as it would in the "
    "contest.",
)
_PICTURE_SIDE = 132
OUTLINE = ReportOutline(
    challenge="museum",
    title="Lost in the Museum: the painting in a visitor's photo",
    metric="Hit@3",
    unit=SCORE_UNIT,
    how_to_read=_HOW_TO_READ,
    readings=_READINGS,
)


def make_report(
    *,
    raw_images: ImageFolder,
    visitor_photos: ImageFolder,
    thumbnails: np.ndarray,
    test: pd.DataFrame,
    oof_predictions: pd.DataFrame,
    leaderboard: pd.DataFrame,
    breakdown: pd.DataFrame,
    nearest_pairs: pd.DataFrame,
    image_map: pd.DataFrame,
    parameters: dict[str, Any],
    neighbour_parameters: dict[str, Any],
    **shared: Unpack[SharedTables],
) -> tuple[str, dict[str, Any]]:
    """Write the report as one HTML page, and the summary of the run.

    Args:
        raw_images: For the picture wall.
        visitor_photos: Likewise.
        thumbnails: Of all images, for the nearest pairs.
        test: Names of all images, in the order of the thumbnails.
        oof_predictions: Rank and first images of every photo by every model.
        leaderboard: Best first.
        breakdown: Hit@k by effect and strength.
        nearest_pairs: Images that lie nearest to each other.
        image_map: Places on the map.
        parameters: Of the stage.
        neighbour_parameters: Of the verified neighbours.
        shared: See `SharedTables`.
    """
    settings = Evaluation.parse(parameters)
    rules = NeighbourParameters.parse(neighbour_parameters)
    chosen = submitted_model(leaderboard, settings, rules)
    own = oof_predictions[oof_predictions["model"] == chosen]
    return OUTLINE.write(
        leaderboard=leaderboard,
        chosen=chosen,
        confidence=settings.confidence,
        figures=_figures(leaderboard, chosen),
        sections=(
            _neighbours_section(leaderboard, rules, settings.confidence),
            _strengths_section(breakdown, leaderboard, chosen, settings.confidence),
            _effects_section(breakdown, oof_predictions, leaderboard, chosen, settings.confidence),
            _wall_section(own, raw_images, visitor_photos, settings.wall_queries),
            _pairs_section(nearest_pairs, thumbnails, test),
            _map_section(image_map),
        ),
        **shared,
    )


def _figures(leaderboard: pd.DataFrame, chosen: str) -> tuple[Figure, ...]:
    (row,) = records(leaderboard[leaderboard["model"] == chosen])
    return (
        Figure("Hit@1", score(row["hit_at_1"]), "the painting comes first"),
        Figure("Hit@3 on the hardest photos", score(row["hard_hit_at_3"]), "strength 3"),
    )


def _neighbours_section(
    leaderboard: pd.DataFrame, rules: NeighbourParameters, confidence: float
) -> Section:
    rows = leaderboard[leaderboard["model"].isin((JOINED, VERIFIED))]
    columns = [
        Column("model", "Vectors", text, number=False),
        Column("score", "Hit@3", score),
        interval_column(confidence),
        *_READINGS,
    ]
    paragraphs = (
        f"Each image is compared with the {rules.shortlist} that share most local features with "
        f"it. A pair is believed with {rules.fewest_inliers} matches on one homography and "
        f"{rules.margin:g} times those of the runner-up; its vectors are drawn together. All "
        "images are treated alike.",
        _doubtful_pairs(rules),
        f"Used in the submission: {rules.use}.",
    )
    return Section("Verified neighbours", paragraphs, (make_table(rows, columns),))


def _doubtful_pairs(rules: NeighbourParameters) -> str:
    if not rules.doubtful:
        return "Pairs that are not believed are left as they are."
    return (
        f"A pair that is not believed but has more than {rules.doubtful_inliers} matches is "
        f"doubtful. It is drawn together too, by at most {rules.doubtful:.0%} of what a believed "
        "pair of as many matches is: more with more matches, less where both images have a "
        "better pair."
    )


def _strengths_section(
    breakdown: pd.DataFrame, leaderboard: pd.DataFrame, chosen: str, confidence: float
) -> Section:
    table = hits_by_strength(breakdown, leaderboard)
    columns = [
        Column("model", "Model", text, number=False),
        Column("strength", "Strength", whole),
        Column("photos", "Photos", whole),
        Column("hit_at_1", "Hit@1", score),
        Column("hit_at_3", "Hit@3", score),
        interval_column(confidence),
        Column("hit_at_10", "Hit@10", score),
    ]
    paragraph = (
        "Mixed photos at each strength: 1 mild, 2 typical, 3 hard. The interval is that of Hit@3. "
        f"The models stand in the order of the leaderboard; {chosen} makes the submission."
    )
    return Section("Every model at every strength", (paragraph,), (make_table(table, columns),))


def _effects_section(
    breakdown: pd.DataFrame,
    predictions: pd.DataFrame,
    leaderboard: pd.DataFrame,
    chosen: str,
    confidence: float,
) -> Section:
    own = effects_of(breakdown, chosen)
    marks = [
        Mark(f"{row['effect']}, strength {row['strength']}", row["score"], row["ci_low"],
             row["ci_high"])
        for row in records(own)
    ]  # fmt: skip
    columns = [
        Column("effect", "Effect", text, number=False),
        Column("strength", "Strength", whole),
        Column("photos", "Photos", whole),
        Column("score", "Hit@3", score),
        interval_column(confidence),
    ]
    mixed = predictions[predictions["effect"] == MIXED]
    kinds = leaderboard.set_index("model")["kind"]
    lines = {}
    for model in leaderboard["model"]:
        curve = hit_curve(mixed.loc[mixed["model"] == model, "rank"].to_numpy())
        colour = "main" if model == chosen else str(kinds[model])
        lines[f"{colour}:{model}"] = (curve.index.tolist(), curve.tolist())
    return Section(
        "What makes photos hard",
        (f"Hit@3 of {chosen}. Mixed photos have all effects at once.",),
        (
            Chart(charts.interval_chart(marks, "Hit@3 (0 to 1)")),
            make_table(own, columns),
            Chart(
                charts.line_chart(lines, "k, images looked at", "Hit@k (0 to 1)"),
                "Hit@k on mixed photos: what lies between k = 3 and k = 50 could be re-ranked",
            ),
        ),
    )


def _wall_section(
    own: pd.DataFrame, images: ImageFolder, photos: ImageFolder, queries: int
) -> Section:
    shown = wall_queries(own[own["effect"] == MIXED], queries)
    numbers = {name: place for place, name in enumerate(images.names)}
    photo_numbers = {name: place for place, name in enumerate(photos.names)}
    rows = []
    for row in records(shown):
        query = f"strength {row['strength']}, rank {row['rank']}"
        line = [_picture(photos, photo_numbers[row["photo_name"]], query)]
        for place in range(1, TOP + 1):
            name = row.get(f"top_{place}")
            if isinstance(name, str):
                good = name == row["image_name"]
                label = f"{place}: cosine {row[f'cosine_{place}']:.2f}"
                line.append(_picture(images, numbers[name], label, good=good))
        truth = numbers[row["image_name"]]
        line.append(_picture(images, truth, "the painting", good=True))
        rows.append(line)
    return Section(
        "Picture wall",
        (
            "Each row: a visitor's photo, the three images nearest to it, and the painting. The "
            "photos that missed stand first.",
        ),
        (Chart(picture_wall(rows, _PICTURE_SIDE)),) if rows else (),
    )


def wall_queries(predictions: pd.DataFrame, count: int) -> pd.DataFrame:
    """Photos for the wall: misses first, at most half where there are hits; the hardest of both."""
    missed = predictions["rank"] > TOP
    order = ["strength", "photo_name"]
    misses = predictions[missed].sort_values(["rank", *order], ascending=[False, False, True])
    found = predictions[~missed].sort_values(order, ascending=[False, True])
    half = max(count // 2, count - len(found))
    return pd.concat([misses.head(half), found.head(count - min(half, len(misses)))])


def _picture(folder: ImageFolder, index: int, label: str, good: bool | None = None) -> Picture:
    from podium.pipelines.museum.feature_engineering import as_jpeg

    try:
        image = folder.read(index, 2 * _PICTURE_SIDE)
    except ImageFault:
        return Picture(b"", 1, 1, label, good)
    return Picture(as_jpeg(image), image.shape[1], image.shape[0], label, good)


def _pairs_section(pairs: pd.DataFrame, thumbnails: np.ndarray, test: pd.DataFrame) -> Section:
    from podium.pipelines.museum.feature_engineering import as_jpeg

    numbers = {name: place for place, name in enumerate(test["image_name"])}
    rows = []
    for row in records(pairs.head(8)):
        ends = [
            Picture(as_jpeg(np.asarray(thumbnails[numbers[row[end]]])), 1, 1, row[end], None)
            for end in ("first", "second")
        ]
        rows.append(ends)
    columns = [
        Column("first", "Image", text, number=False),
        Column("second", "Nearest", text, number=False),
        Column("cosine", "Cosine", score),
        Column("inliers", "Matches on one plane", whole),
        Column("verified", "Verified", text, number=False),
    ]
    paragraphs = (
        "Images that lie nearest to each other before verified neighbours are drawn together: "
        "copies, photos of a painting, or two images that only look alike.",
    )
    wall = (Chart(picture_wall(rows, _PICTURE_SIDE * 2 // 3)),) if rows else ()
    return Section("Nearest pairs", paragraphs, (*wall, make_table(pairs, columns)))


def _map_section(image_map: pd.DataFrame) -> Section:
    colours = {"not held out": "baseline", "found": "recommender", "missed": "blend"}
    points = {
        f"{colour}:{kind}": (part["map_x"].tolist(), part["map_y"].tolist())
        for kind, colour in colours.items()
        if len(part := image_map[image_map["kind"] == kind])
    }
    caption = "t-SNE of the joined vectors; only nearness means something"
    blocks = (Chart(scatter_chart(points), caption),) if points else ()
    return Section("Map", ("Held-out images are found or missed by their mixed photos.",), blocks)

"""Stage modeling: encoders fitted, all images encoded, the photos ranked; see `neighbours` too."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from podium.common.fit_in_turn import fit_in_turn
from podium.common.fit_log import FitCost, log_of_fits, with_blend
from podium.common.shards import Arrays, LazyShards
from podium.pipelines.museum.models import (
    JOINED,
    VERIFIED,
    ModelingParameters,
    NeighbourParameters,
    build_encoders,
    declared_encoders,
)
from podium.pipelines.shared import Compute
from podium.retrieval.codebook import TooFewKeypointsError
from podium.retrieval.encoders import encoder_shards, fit_encoder
from podium.retrieval.feature_extraction import (
    feature_table,
    features_fingerprint,
    folder_fingerprint,
)
from podium.retrieval.joined_vectors import JoinedVectors, rows_of
from podium.retrieval.metrics import hits
from podium.retrieval.neighbour_drawing import DrawnImages, pairs_from
from podium.retrieval.query_ranking import Ranking, rank_queries
from podium.vision.image_folder import ImageFolder

logger = logging.getLogger(__name__)

TOP = 3


def fit_encoders(
    raw_images: ImageFolder,
    features: Mapping[str, Arrays],
    folds: pd.DataFrame,
    encoders: dict[str, Any],
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Fit every enabled encoder on the images that are not held out.

    Returns:
        `models` by name, and `fit_log`. An encoder for which there was no time, or of whose
        keypoints there are too few, is in the log only; whatever the time, one is fitted.

    Raises:
        TooFewKeypointsError: for lack of them no encoder at all can be fitted.
    """
    settings, wanted = Compute.parse(compute), ModelingParameters.parse(parameters)
    declared, table = declared_encoders(encoders), feature_table(features["images"])
    budget, seen = settings.budget, folds.loc[~folds["held_out"], "image"].to_numpy("int64")

    def fit(encoder: Any, seconds: float) -> Any:
        return fit_encoder(encoder, raw_images, table, seen, settings.seed, seconds)

    done = fit_in_turn(
        {name: partial(fit, each) for name, each in build_encoders(encoders, settings).items()},
        budget,
        wanted.seconds(budget),
        at_least_one=True,
        pardoned=(TooFewKeypointsError,),
        on_fitted=lambda name, _, seconds: logger.info("%s: fitted in %.0f s", name, seconds),
    )
    if not done.models:
        raise TooFewKeypointsError("the images have too little texture for any of the encoders")
    costs = {
        name: FitCost(cost.seconds, float("nan"), cost.peak_memory_mb)
        for name, cost in done.costs.items()
    }
    kinds = {name: encoder.kind for name, encoder in declared.items()}
    return done.models, log_of_fits(kinds, costs, done.left_out)


def encode_images(
    raw_images: ImageFolder,
    visitor_photos: ImageFolder,
    features: Mapping[str, Arrays],
    models: dict[str, Any],
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> dict[str, LazyShards]:
    """Vectors of all images and photos by each encoder: `vectors`, groups `NAME.images`, ..."""
    settings, wanted = Compute.parse(compute), ModelingParameters.parse(parameters)
    folders = {"images": raw_images, "photos": visitor_photos}
    return {
        f"{name}.{kind}": encoder_shards(
            f"{name} ({kind})",
            encoder,
            folder,
            feature_table(features[kind]),
            f"{folder_fingerprint(folder)} {features_fingerprint(features[kind])}",
            shard_size=wanted.shard_size,
            threads=settings.threads,
        )
        for name, encoder in models.items()
        for kind, folder in folders.items()
    }


def rank_photos(
    vectors: Mapping[str, Arrays],
    neighbours: Mapping[str, Arrays],
    folds: pd.DataFrame,
    photos: pd.DataFrame,
    visitor_photos: ImageFolder,
    test: pd.DataFrame,
    encoders: dict[str, Any],
    parameters: dict[str, Any],
    neighbour_parameters: dict[str, Any],
) -> tuple[pd.DataFrame, np.ndarray]:
    """Rank all images for every photo, by each encoder, joined, and with verified neighbours.

    Whitening is fitted on images that are not held out. Photos that could not be simulated are
    left out.

    Returns:
        `oof_predictions`: model, photo_name, image_name, effect, strength, rank of the image that
        the photo shows, and top_1 to top_3 with cosine_1 to cosine_3; and `joined_vectors` of all
        images, (images, dimensions) float32.
    """
    wanted = ModelingParameters.parse(parameters)
    rules = NeighbourParameters.parse(neighbour_parameters)
    images, queries = blocks_of(vectors, "images"), blocks_of(vectors, "photos")
    seen = folds.loc[~folds["held_out"], "image"].to_numpy("int64")
    joining = make_joined(encoders, list(images), wanted).fit(rows_of(images, seen))
    single, joined = joining.transform(images)
    asked, asked_joined = joining.transform(queries, single)
    # Row by row as the vectors, which are those of the files.
    photos = photos.set_index("photo_name").loc[list(visitor_photos.names)].reset_index()
    truth = photos["image"].to_numpy("int64")
    rankings = {
        name: rank_queries(asked[name], single[name], truth, top=TOP) for name in single
    } | {JOINED: rank_queries(asked_joined, joined, truth, top=TOP)}
    # Whatever `rules.use` says: it decides on the submission, and both are compared always.
    pairs = pairs_from(**_pair_columns(neighbours["images"]))
    drawn = DrawnImages(joined, pairs, rules.drawing)
    found = partners_of(neighbours["photos"], len(photos))
    rankings[VERIFIED] = drawn.rank(asked_joined, found, truth, top=TOP)
    for name, ranking in rankings.items():
        rate = hits(ranking.ranks).mean(axis=0)
        logger.info("%s: Hit@1 %.3f, Hit@3 %.3f, Hit@10 %.3f", name, *rate)
    names = test["image_name"].to_numpy()
    parts = [_predictions(name, ranking, photos, names) for name, ranking in rankings.items()]
    return pd.concat(parts, ignore_index=True), joined


def complete_fit_log(
    fit_log: pd.DataFrame, vectors: Mapping[str, Arrays], encoders: dict[str, Any]
) -> pd.DataFrame:
    """Add the seconds of encoding, and the rows of the joined vectors: `model_log`."""
    seconds = {
        name: float(
            sum(vectors[f"{name}.{kind}"]["seconds"].sum() for kind in ("images", "photos"))
        )
        for name in blocks_of(vectors, "images")
    }
    log = fit_log.assign(predict_seconds=fit_log["model"].map(seconds))
    notes = {
        JOINED: "the blocks of all encoders with a weight",
        VERIFIED: "the same, verified neighbours drawn together",
    }
    members = [name for name, weight in _weights(encoders, list(seconds)).items() if weight]
    for name, note in notes.items():
        log = with_blend(log, name, members, note)
    return log


def blocks_of(vectors: Mapping[str, Arrays], kind: str) -> dict[str, np.ndarray]:
    """The vectors of the images or photos by each encoder."""
    return {
        group.removesuffix(f".{kind}"): arrays["vectors"]
        for group, arrays in vectors.items()
        if group.endswith(f".{kind}")
    }


def make_joined(
    encoders: Mapping[str, Any], names: list[str], wanted: ModelingParameters
) -> JoinedVectors:
    """The joined vector of those encoders that were fitted."""
    return JoinedVectors(
        _weights(encoders, names),
        wanted.dimensions,
        wanted.block_dimensions,
        wanted.shrinkage,
        wanted.turn_margin,
    )


def _weights(encoders: Mapping[str, Any], names: list[str]) -> dict[str, float]:
    """Weight of each fitted encoder in the joined vector."""
    declared = declared_encoders(encoders)
    weights = {name: declared[name].weight for name in declared if name in names}
    # Where only a baseline was fitted in time, it is all there is.
    return weights if any(weights.values()) else dict.fromkeys(weights, 1.0)


def partners_of(pairs: Arrays, photos: int) -> list[dict[int, int]]:
    """For each photo the inliers of each image that it was verified with."""
    found: list[dict[int, int]] = [{} for _ in range(photos)]
    for (photo, image), count in pairs_from(**_pair_columns(pairs)).items():
        found[photo][image] = count
    return found


def _pair_columns(pairs: Arrays) -> dict[str, np.ndarray]:
    return {name: pairs[name] for name in ("first", "second", "inliers")}


def _predictions(
    model: str, ranking: Ranking, photos: pd.DataFrame, names: np.ndarray
) -> pd.DataFrame:
    table = photos[["photo_name", "image_name", "effect", "strength"]].copy()
    table.insert(0, "model", model)
    table["rank"] = ranking.ranks
    for place in range(ranking.top.shape[1]):
        table[f"top_{place + 1}"] = names[ranking.top[:, place]]
        table[f"cosine_{place + 1}"] = ranking.similarities[:, place]
    return table

"""Stage modeling, the local features: shortlists, and pairs of images that are verified."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from podium.common.measure import Measure
from podium.common.shards import Arrays, LazyShards, fingerprint_of
from podium.pipelines.museum.models import NeighbourParameters
from podium.pipelines.shared import Compute
from podium.retrieval.encoders import MOST_FITTED_IMAGES
from podium.retrieval.feature_extraction import feature_table, features_fingerprint
from podium.retrieval.local_features import sample_images
from podium.retrieval.pair_verification import pair_shards
from podium.retrieval.shortlists import learn_index, shortlist_shards
from podium.retrieval.verified_neighbours import shortlisted_pairs

logger = logging.getLogger(__name__)


def search_shortlists(
    features: Mapping[str, Arrays],
    folds: pd.DataFrame,
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> dict[str, LazyShards]:
    """The images that share most local features with each image and photo: `shortlists`.

    The words are learned from images that are not held out. Where these have too few keypoints for
    a word, all shortlists are empty (-1).
    """
    settings, wanted = Compute.parse(compute), NeighbourParameters.parse(parameters)
    tables = {kind: feature_table(features[kind]) for kind in ("images", "photos")}
    seen = folds.loc[~folds["held_out"], "image"].to_numpy("int64")
    sample = sample_images(tables["images"], seen, MOST_FITTED_IMAGES, settings.seed)
    with Measure() as cost:
        index = learn_index(
            tables["images"], sample, wanted.words, wanted.points_per_word, settings.seed
        )
    words = 0 if index is None else len(index.embedding.tree.words)
    logger.info("%d visual words and the index in %.0f s", words, cost.seconds)
    own = {kind: features_fingerprint(features[kind]) for kind in tables}
    key = f"{own['images']} {wanted.words} {wanted.points_per_word} {settings.seed}"
    return {
        kind: shortlist_shards(
            index,
            table,
            wanted.shortlist,
            f"{key} {own[kind]} {fingerprint_of(seen)}",
            among_themselves=kind == "images",
            threads=settings.threads,
            description=f"Shortlists of {kind}",
        )
        for kind, table in tables.items()
    }


def match_neighbours(
    features: Mapping[str, Arrays],
    shortlists: Mapping[str, Arrays],
    parameters: dict[str, Any],
    compute: dict[str, Any],
) -> dict[str, LazyShards]:
    """Inliers of every shortlisted pair: `neighbours` (first, second, inliers).

    Of the images among themselves, each pair once; and of each photo (first) with images.
    """
    settings, wanted = Compute.parse(compute), NeighbourParameters.parse(parameters)
    tables = {kind: feature_table(features[kind]) for kind in ("images", "photos")}
    among = shortlisted_pairs(np.asarray(shortlists["images"]["images"]))
    asked = np.asarray(shortlists["photos"]["images"])
    found = np.argwhere(asked >= 0)
    pairs = {
        "images": np.array(among, dtype="int64").reshape(-1, 2),
        "photos": np.stack([found[:, 0], asked[tuple(found.T)]], axis=1).astype("int64"),
    }
    return {
        kind: pair_shards(
            tables[kind],
            tables["images"],
            pairs[kind],
            wanted.matching,
            fingerprint_of(
                pairs[kind],
                repr(wanted.matching),
                *(features_fingerprint(features[k]) for k in tables),
            ),
            threads=settings.threads,
            description=f"Pairs verified, {kind}",
        )
        for kind in tables
    }

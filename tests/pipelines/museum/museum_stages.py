"""Parameters and small tables to call the stages of Lost in the Museum with."""

import numpy as np
import pandas as pd
import yaml
from running import PROJECT

COMPUTE = {"seed": 5, "threads": 1}


def parameters(block, **changes):
    """A block of conf/base with changes."""
    text = (PROJECT / "conf/base/museum/parameters.yml").read_text()
    values = yaml.safe_load(text)["museum"][block]
    values.pop("seed", None)
    return values | changes


def local_features(counts, rng):
    """A group of `features`: so many random keypoints for each image."""
    total = int(sum(counts))
    return {
        "descriptors": rng.integers(0, 120, size=(total, 128)).astype("uint8"),
        "geometry": rng.random((total, 4)).astype("float32"),
        "counts": np.array(counts, dtype="int64"),
    }


def predictions(rows):
    """`oof_predictions` from rows (model, photo_name, image_name, effect, strength, rank)."""
    columns = ["model", "photo_name", "image_name", "effect", "strength", "rank"]
    return pd.DataFrame(rows, columns=columns)

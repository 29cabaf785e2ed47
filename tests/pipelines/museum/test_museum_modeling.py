"""What is fitted sees no held-out image, and pictures without texture end no run."""

import pickle

import numpy as np
import pandas as pd
import pytest
from museum_stages import COMPUTE, local_features, parameters

from podium.common.leaderboard import left_out
from podium.pipelines.museum import modeling, neighbours
from podium.pipelines.museum.models import JOINED, VERIFIED
from podium.retrieval import shortlists
from podium.retrieval.codebook import TooFewKeypointsError
from podium.retrieval.encoders import fingerprint
from podium.retrieval.held_out import plan_photos
from podium.vision.image_folder import ImageFolder

IMAGES = 16
HELD_OUT = [3, 8, 12]
FOLDS = pd.DataFrame(
    {
        "image": np.arange(IMAGES, dtype="int32"),
        "image_name": [f"{number:02d}.png" for number in range(IMAGES)],
        "held_out": np.isin(np.arange(IMAGES), HELD_OUT),
    }
)
PHOTOS = plan_photos(FOLDS.loc[FOLDS["held_out"], "image_name"].tolist())
PHOTOS.insert(2, "image", PHOTOS["image_name"].str[:2].astype("int32"))
TEST = FOLDS[["image_name"]]
ENCODERS = {
    "colour_blocks": {
        "kind": "baseline",
        "type": "podium.retrieval.colour_blocks.ColourBlocks",
        "weight": 0.3,
    },
    "vlad": {
        "kind": "encoder",
        "type": "podium.retrieval.vlad.VladEncoder",
        "arguments": {"words": 4, "components": 8},
    },
    "fisher": {
        "kind": "encoder",
        "type": "podium.retrieval.fisher.FisherEncoder",
        "arguments": {"words": 4, "components": 8, "iterations": 3},
    },
}
VECTORS = parameters("modeling", dimensions=6)
NEIGHBOURS = parameters("neighbours", words=16, points_per_word=50, shortlist=3)


class SeenPixels:
    """An encoder that remembers what it was fitted on."""

    def fit(self, read, count):
        self.seen = [read(place).tobytes() for place in range(count)]
        return self


class Folder:
    """Images in memory, as far as encoders read them."""

    def __init__(self, rng):
        self._images = rng.integers(0, 256, size=(IMAGES, 12, 9, 3), dtype=np.uint8)

    def read(self, index, longest_side):
        return self._images[index]

    def replace(self, index, rng):
        self._images[index] = rng.integers(0, 256, size=self._images.shape[1:], dtype=np.uint8)


def photo_folder(tmp_path, photos=PHOTOS):
    """The simulated photos by their names; nobody opens them here."""
    for name in photos["photo_name"]:
        (tmp_path / name).touch()
    return ImageFolder.open(tmp_path)


def replaced(features, images, rng):
    """Other keypoints for some images, as many as before."""
    ends = np.cumsum(features["counts"])
    descriptors = features["descriptors"].copy()
    for image in images:
        part = slice(ends[image] - features["counts"][image], ends[image])
        shape = descriptors[part].shape
        descriptors[part] = rng.integers(0, 255, size=shape).astype("uint8")
    return features | {"descriptors": descriptors}


@pytest.fixture
def features():
    rng = np.random.default_rng(2)
    counts = rng.integers(40, 80, size=IMAGES)
    photos = local_features([50] * len(PHOTOS), rng)
    return {"images": local_features(counts, rng), "photos": photos}


def altered(features, images):
    rng = np.random.default_rng(3)
    every = range(len(features["photos"]["counts"]))
    return {
        "images": replaced(features["images"], images, rng),
        "photos": replaced(features["photos"], every, rng),
    }


@pytest.mark.parametrize(("changed", "same"), [(HELD_OUT, True), ([0], False)])
def test_encoders_are_fitted_without_the_held_out_images(features, monkeypatch, changed, same):
    build = modeling.build_encoders
    monkeypatch.setattr(
        modeling, "build_encoders", lambda *of: build(*of) | {"pixels": SeenPixels()}
    )
    blocks = ENCODERS | {"pixels": ENCODERS["colour_blocks"] | {"kind": "encoder"}}
    folder = Folder(np.random.default_rng(1))

    def fitted(found):
        models, _ = modeling.fit_encoders(folder, found, FOLDS, blocks, VECTORS, COMPUTE)
        return {name: fingerprint(model) for name, model in models.items()}

    before = fitted(features)
    for image in changed:
        folder.replace(image, np.random.default_rng([4, image]))
    after = fitted(altered(features, changed))
    assert set(before) == set(blocks)
    for name in ("vlad", "fisher", "pixels"):
        assert (before[name] == after[name]) is same, name


@pytest.mark.parametrize(("changed", "same"), [(HELD_OUT, True), ([0], False)])
def test_words_are_learned_without_the_held_out_images(features, monkeypatch, changed, same):
    learned = []
    learn = shortlists.learn_hamming_embedding

    def keep(*of, **named):
        learned.append(learn(*of, **named))
        return learned[-1]

    monkeypatch.setattr(shortlists, "learn_hamming_embedding", keep)
    for found in (features, altered(features, changed)):
        neighbours.search_shortlists(found, FOLDS, NEIGHBOURS, COMPUTE)
    before, after = (pickle.dumps(each) for each in learned)
    assert (before == after) is same


def random_vectors(rng):
    widths = {"colour_blocks": 20, "vlad": 30, "fisher": 25}
    counts = {"images": IMAGES, "photos": len(PHOTOS)}
    return {
        f"{name}.{kind}": {"vectors": rng.normal(size=(count, width)).astype("float32")}
        for name, width in widths.items()
        for kind, count in counts.items()
    }


def pairs(rows):
    columns = np.array(rows, dtype="int64").reshape(-1, 3).T
    return dict(zip(("first", "second", "inliers"), columns, strict=True))


def ranked(vectors, folder, photos=PHOTOS, verified=(), rules=NEIGHBOURS):
    found = {"images": pairs([]), "photos": pairs(verified)}
    return modeling.rank_photos(
        vectors, found, FOLDS, photos, folder, TEST, ENCODERS, VECTORS, rules
    )


@pytest.mark.parametrize(("changed", "same"), [(HELD_OUT, True), ([0], False)])
def test_whitening_is_learned_without_the_held_out_images(tmp_path, monkeypatch, changed, same):
    made = []
    make = modeling.make_joined

    def keep(*of):
        made.append(make(*of))
        return made[-1]

    monkeypatch.setattr(modeling, "make_joined", keep)
    folder, rng = photo_folder(tmp_path), np.random.default_rng(6)
    vectors = random_vectors(np.random.default_rng(5))
    ranked(vectors, folder)
    for group, arrays in vectors.items():
        rows = changed if group.endswith(".images") else slice(None)
        arrays["vectors"][rows] = rng.normal(size=arrays["vectors"][rows].shape)
    ranked(vectors, folder)
    before, after = (pickle.dumps(each) for each in made)
    assert (before == after) is same


@pytest.mark.parametrize("use", ["always", "never", "auto"])
def test_vectors_are_scored_with_neighbours_and_without_whatever_is_submitted(tmp_path, use):
    vectors = random_vectors(np.random.default_rng(5))
    table, joined = ranked(vectors, photo_folder(tmp_path), rules=NEIGHBOURS | {"use": use})
    assert set(table["model"]) == {*ENCODERS, JOINED, VERIFIED}
    assert joined.shape == (IMAGES, 6)


def test_photos_that_could_not_be_simulated_are_left_out_and_the_others_stay_in_order(tmp_path):
    """With each photo the vector of its image: the rows belong together, so every one is found."""
    image = FOLDS.loc[HELD_OUT[0], "image_name"]
    left = PHOTOS[PHOTOS["image_name"] != image]
    vectors = random_vectors(np.random.default_rng(5))
    for name in ENCODERS:
        own = vectors[f"{name}.images"]["vectors"]
        vectors[f"{name}.photos"]["vectors"] = own[left["image"]]
    table, _ = ranked(vectors, photo_folder(tmp_path, left))
    assert len(table) == 5 * len(left) and image not in set(table["image_name"])
    assert (table["rank"] == 1).all() and (table["top_1"] == table["image_name"]).all()


def test_partners_of_photos_by_hand():
    found = pairs([(0, 5, 9), (0, 7, 0), (2, 5, 4), (2, 1, 8)])
    assert modeling.partners_of(found, 4) == [{5: 9}, {}, {5: 4, 1: 8}, {}]


def plain_features():
    rng = np.random.default_rng(1)
    return {
        "images": local_features([0] * IMAGES, rng),
        "photos": local_features([0] * len(PHOTOS), rng),
    }


def test_without_texture_encoders_of_keypoints_are_left_out_with_their_reason():
    folder = Folder(np.random.default_rng(1))
    models, log = modeling.fit_encoders(folder, plain_features(), FOLDS, ENCODERS, VECTORS, COMPUTE)
    assert list(models) == ["colour_blocks"]
    missing = left_out(log, log[log["model"] == "colour_blocks"])
    assert missing["model"].tolist() == ["fisher", "vlad"]
    assert (missing["note"] == "left out: 0 keypoints are too few for 8 components").all()
    blocks = {"vlad": ENCODERS["vlad"] | {"kind": "baseline"}}
    with pytest.raises(TooFewKeypointsError, match="too little texture for any"):
        modeling.fit_encoders(folder, plain_features(), FOLDS, blocks, VECTORS, COMPUTE)


def test_without_texture_shortlists_and_verified_pairs_are_empty():
    found = neighbours.search_shortlists(plain_features(), FOLDS, NEIGHBOURS, COMPUTE)
    lists = {kind: work.all() for kind, work in found.items()}
    assert lists["images"]["images"].tolist() == [[-1] * 3] * IMAGES
    assert lists["photos"]["images"].tolist() == [[-1] * 3] * len(PHOTOS)
    assert not lists["images"]["scores"].any() and lists["images"]["scores"].shape == (IMAGES, 3)
    work = neighbours.match_neighbours(plain_features(), lists, NEIGHBOURS, COMPUTE)
    for kind in ("images", "photos"):
        assert {len(column) for column in work[kind].all().values()} == {0}

"""Paintings differ, artists have a hand, and a written collection is what its table says."""

import cv2
import numpy as np
import pytest

from podium.vision.synthetic_collection import (
    DISTRACTOR,
    PAINTING,
    VISITOR,
    true_pairs,
    write_images,
)
from podium.vision.synthetic_distractors import draw_distractor
from podium.vision.synthetic_paintings import paint


def colours(image):
    """A histogram of 64 colours that sums to 1."""
    bins = (image // 64).reshape(-1, 3) @ np.array([16, 4, 1])
    return np.bincount(bins, minlength=64) / len(bins)


def small(image):
    return cv2.resize(image, (24, 24), interpolation=cv2.INTER_AREA).astype(float)


@pytest.fixture(scope="module")
def series():
    """Four paintings by each of nine artists."""
    return [[paint(1, artist, number, 240) for number in range(4)] for artist in range(9)]


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    folder = tmp_path_factory.mktemp("collection")
    table = write_images(folder, 30, 8, 20, (200, 260), seed=3)
    return folder, table


def read(folder, name):
    return cv2.imread(str(folder / name), cv2.IMREAD_COLOR_RGB)


def test_same_arguments_same_bytes_and_others_another_picture():
    made = paint(1, 2, 3, 200).tobytes()
    assert paint(1, 2, 3, 200).tobytes() == made
    others = (paint(2, 2, 3, 200), paint(1, 3, 3, 200), paint(1, 2, 4, 200))
    assert all(other.tobytes() != made for other in others)
    distractor = draw_distractor(1, 2, 200).tobytes()
    assert draw_distractor(1, 2, 200).tobytes() == distractor
    assert draw_distractor(1, 3, 200).tobytes() != distractor


@pytest.mark.parametrize("side", [32, 100, 640])
def test_size_and_type(side):
    for number in range(12):
        for image in (paint(4, number, number, side), draw_distractor(4, number, side)):
            assert image.dtype == np.uint8 and image.shape[2] == 3
            assert max(image.shape) == side
            assert min(image.shape[:2]) * 1.85 >= side


def test_too_small_is_refused():
    for draw in (lambda: paint(1, 1, 1, 31), lambda: draw_distractor(1, 1, 31)):
        with pytest.raises(ValueError, match="at least 32"):
            draw()


def test_an_artist_keeps_to_a_palette(series):
    same, other = [], []
    for artist, works in enumerate(series):
        following = series[(artist + 1) % len(series)]
        for one in range(4):
            same += [np.abs(colours(works[one]) - colours(works[two])).sum() for two in range(one)]
            other.append(np.abs(colours(works[one]) - colours(following[one])).sum())
    assert np.mean(same) < 0.75 * np.mean(other)


def test_no_two_paintings_have_the_same_composition(series):
    thumbnails = np.array([small(image) for works in series for image in works])
    flat = thumbnails.reshape(len(thumbnails), -1)
    apart = np.abs(flat[:, None] - flat[None]).mean(axis=2)
    assert apart[~np.eye(len(flat), dtype=bool)].min() > 3


def test_local_features_find_corners(series):
    sift = cv2.SIFT_create()
    found = [
        len(sift.detect(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)))
        for works in series
        for image in works
    ]
    assert np.median(found) > 150
    assert np.percentile(found, 5) > 25


def test_the_table_says_what_the_folder_holds(collection):
    folder, table = collection
    assert list(table.columns) == ["image", "kind", "match"]
    assert sorted(path.name for path in folder.iterdir()) == table["image"].tolist()
    assert table["image"].str.fullmatch(r"\d{5}\.(jpg|png|webp)").all()
    numbers = table["image"].str[:5].astype(int)
    assert numbers.tolist() == list(range(1, 59))
    assert table["kind"].value_counts().to_dict() == {PAINTING: 30, DISTRACTOR: 20, VISITOR: 8}
    for name in table["image"]:
        image = read(folder, name)
        assert 128 <= max(image.shape) <= 260


def test_the_file_is_of_the_format_that_its_name_says(tmp_path):
    table = write_images(tmp_path, 1, 0, 200, 32, seed=3)
    marks = {".jpg": b"\xff\xd8\xff", ".png": b"\x89PNG", ".webp": b"RIFF"}
    suffixes = []
    for name in table["image"]:
        path = tmp_path / name
        assert path.read_bytes().startswith(marks[path.suffix])
        suffixes.append(path.suffix)
    assert suffixes.count(".jpg") > 170
    assert set(suffixes) == set(marks)


def test_each_photo_shows_its_painting_and_each_painting_is_asked_at_most_once(collection):
    folder, table = collection
    kinds = table.set_index("image")["kind"]
    pairs = true_pairs(table)
    assert len(pairs) == 8 and pairs["match"].is_unique
    assert (kinds[pairs["query"]] == VISITOR).all()
    assert (kinds[pairs["match"]] == PAINTING).all()
    assert (table.loc[table["kind"] != VISITOR, "match"] == "").all()
    sift = cv2.SIFT_create(800)
    features = {
        name: sift.detectAndCompute(read(folder, name), None)
        for name in table["image"]
        if kinds[name] == PAINTING or name in set(pairs["query"])
    }
    first = 0
    for query, match in pairs.itertuples(index=False):
        scores = {
            name: inliers(features[query], features[name])
            for name in features
            if kinds[name] == PAINTING
        }
        first += max(scores, key=scores.get) == match
    assert first >= 5


def inliers(one, other):
    (points, vectors), (places, targets) = one, other
    if vectors is None or targets is None or len(targets) < 2:
        return 0
    pairs = cv2.BFMatcher().knnMatch(vectors, targets, k=2)
    good = [near for near, far in pairs if near.distance < 0.8 * far.distance]
    if len(good) < 5:
        return 0
    here = np.array([points[match.queryIdx].pt for match in good])
    there = np.array([places[match.trainIdx].pt for match in good])
    _, mask = cv2.findHomography(here, there, cv2.USAC_MAGSAC, 4.0)
    return 0 if mask is None else int(mask.sum())


def test_names_tell_nothing(collection):
    _, table = collection
    places = np.flatnonzero(table["kind"] == VISITOR)
    assert np.ptp(places) > 20
    changes = (table["kind"].to_numpy()[1:] != table["kind"].to_numpy()[:-1]).sum()
    assert changes > 15


def test_the_number_of_threads_does_not_change_the_bytes(collection, tmp_path):
    folder, table = collection
    again = write_images(tmp_path, 30, 8, 20, (200, 260), seed=3, threads=2)
    assert again.equals(table)
    for name in table["image"]:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize(
    ("paintings", "photos", "distractors"), [(2, 3, 0), (-1, 0, 0), (2, -1, 0), (2, 1, -1)]
)
def test_impossible_numbers_are_refused(paintings, photos, distractors, tmp_path):
    with pytest.raises(ValueError, match="visitor_photos <= paintings"):
        write_images(tmp_path, paintings, photos, distractors, 64)
    assert not list(tmp_path.iterdir())

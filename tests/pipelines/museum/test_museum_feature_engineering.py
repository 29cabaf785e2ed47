"""Which images are held out, and the photos that are simulated of them."""

import logging
from types import GeneratorType

import numpy as np
import pandas as pd
import pytest
from museum_stages import COMPUTE
from PIL import Image

from podium.common.errors import RawDataError
from podium.pipelines.museum import schemas
from podium.pipelines.museum.feature_engineering import (
    assign_folds,
    generate_visitor_photos,
    list_visitor_photos,
)
from podium.vision.image_folder import ImageFolder
from podium.vision.photo_settings import EFFECTS
from podium.vision.visitor_photos import can_be_photographed, simulate

HELD_OUT = {"most": 50, "share": 0.5, "longest_side": 64}


def listed(*sizes):
    """`train` as far as it is read here."""
    count = len(sizes)
    names = [f"{number:03d}.png" for number in range(count)]
    images = np.arange(count, dtype="int32")
    width, height = zip(*sizes, strict=True)
    return pd.DataFrame({"image": images, "image_name": names, "width": width, "height": height})


def folder_of(path, sizes):
    rng = np.random.default_rng(1)
    for number, (width, height) in enumerate(sizes):
        pixels = rng.integers(0, 256, size=(height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path / f"{number:03d}.png")
    return ImageFolder.open(path)


SIZES = [(1, 1), (1, 5000), (5000, 1), (5000, 30)] * 5 + [(20, 30)] * 6 + [(8, 8), (128, 8)]


def test_images_too_small_or_thin_are_never_held_out(tmp_path):
    folds = assign_folds(listed(*SIZES), HELD_OUT, COMPUTE)
    schemas.Folds.validate(folds)
    held_out = folds.index[folds["held_out"]]
    assert len(held_out) == 4 and held_out.min() >= 20  # half of the eight that are left
    everything = assign_folds(listed(*SIZES), HELD_OUT | {"share": 0.99}, COMPUTE)
    photos = list_visitor_photos(everything)
    folder = folder_of(tmp_path, SIZES)
    taken = dict(generate_visitor_photos(folder, photos, HELD_OUT, COMPUTE))
    assert list(taken) == photos["photo_name"].tolist()


def test_one_image_is_held_out_however_few_are_large_enough():
    few = listed(*[(1, 1)] * 20, (20, 30), (30, 20))
    folds = assign_folds(few, HELD_OUT | {"share": 0.1}, COMPUTE)
    assert folds["held_out"].sum() == 1 and folds["held_out"][20:].any()
    problem = "1 of 21 images are large enough to be held out; two are needed"
    with pytest.raises(RawDataError, match=problem):
        assign_folds(few.head(21), HELD_OUT, COMPUTE)


@pytest.mark.parametrize("size", [(8, 8), (7, 8), (1280, 8), (1280, 7), (40, 2000), (20, 2000)])
def test_what_can_be_photographed_is_what_the_simulation_takes(tmp_path, size):
    image = folder_of(tmp_path, [size]).read(0, 640)
    rng = np.random.default_rng(0)
    if can_be_photographed(*size, 640):
        for effect in EFFECTS:
            simulate(image, effect, 3, rng, 320)
    else:
        with pytest.raises(ValueError, match="at least 8 px"):
            simulate(image, "mixed", 1, rng, 320)


def test_an_image_that_is_gone_has_no_photo_and_a_warning(tmp_path, caplog):
    folder = folder_of(tmp_path, [(20, 30)] * 4)
    folds = assign_folds(listed(*[(20, 30)] * 4), HELD_OUT, COMPUTE)
    photos = list_visitor_photos(folds)
    gone, there = folds.loc[folds["held_out"], "image_name"]
    (tmp_path / gone).unlink()
    with caplog.at_level(logging.WARNING):
        taken = generate_visitor_photos(folder, photos, HELD_OUT, COMPUTE)
        names = [name for name, _ in taken]
    assert names == photos.loc[photos["image_name"] == there, "photo_name"].tolist()
    assert f"held-out image {gone} is left out: missing" in caplog.messages
    assert isinstance(taken, GeneratorType)


def test_the_node_itself_is_no_generator():
    """Kedro stores what such a node yields one by one."""
    from inspect import isgeneratorfunction

    assert not isgeneratorfunction(generate_visitor_photos)

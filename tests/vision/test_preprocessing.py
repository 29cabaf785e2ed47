"""Squares out of images of any shape."""

import numpy as np
import pytest
from PIL import Image
from transformers.models.mobilenet_v2.image_processing_pil_mobilenet_v2 import (
    MobileNetV2ImageProcessorPil,
)

from podium.vision.preprocessing import to_square

BICUBIC = 3


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("shape", [(97, 211), (211, 97), (60, 60), (20, 33), (223, 224)])
@pytest.mark.parametrize(("size", "crop_fraction", "short"), [(56, 0.875, 64), (56, 1.0, 56)])
def test_cropping_is_what_the_processors_of_transformers_do(shape, size, crop_fraction, short):
    image = noise(*shape)
    processor = MobileNetV2ImageProcessorPil(
        size={"shortest_edge": short},
        crop_size={"height": size, "width": size},
        resample=BICUBIC,
        do_rescale=False,
        do_normalize=False,
    )
    wanted = processor(images=[Image.fromarray(image)], return_tensors="np")["pixel_values"][0]
    found = to_square(image, size, BICUBIC, "crop", crop_fraction)
    assert (found.shape, found.dtype) == ((size, size, 3), np.uint8)
    off = np.abs(found.astype(int) - wanted.transpose(1, 2, 0))
    assert off.max() <= 1


def test_squashing_keeps_the_ends_that_cropping_loses():
    image = np.zeros((40, 120, 3), np.uint8)
    image[:, :20] = 255
    assert to_square(image, 40, BICUBIC, "squash")[20, 3].min() == 255
    assert to_square(image, 40, BICUBIC, "crop").max() == 0


def test_squashing_can_leave_out_a_border_too():
    image = np.zeros((80, 160, 3), np.uint8)
    image[:8] = image[-8:] = 255
    assert to_square(image, 40, BICUBIC, "squash")[0].min() == 255
    assert to_square(image, 40, BICUBIC, "squash", 0.7).max() == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 2)])
@pytest.mark.parametrize("framing", ["crop", "squash"])
def test_the_smallest_and_longest_images_pass(shape, framing):
    image = np.full((*shape, 3), 90, np.uint8)
    assert (to_square(image, 32, BICUBIC, framing) == 90).all()

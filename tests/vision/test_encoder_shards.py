"""Encoders of images as the Museum runs them: fitted where they learn, and encoding by shards."""

import hostile_images as made
import numpy as np
import pytest
from tiny_vision_models import save_tiny_model

from podium.retrieval.encoders import encoder_shards, fit_encoder
from podium.retrieval.local_features import no_features, pack_features
from podium.vision.image_folder import ImageFolder
from podium.vision.pretrained import PretrainedEncoder

NOTHING = pack_features([no_features()] * 5)


@pytest.fixture
def folder(tmp_path):
    for name in "abde":
        (tmp_path / f"{name}.png").write_bytes(made.encoded(made.picture(), "PNG"))
    (tmp_path / "c.png").write_bytes(b"no image")
    return ImageFolder.open(tmp_path)


@pytest.mark.parametrize(("rotations", "shape"), [("none", (5, 32)), ("each", (5, 4, 32))])
def test_a_pretrained_encoder_needs_no_fit_and_fills_every_row(
    folder, tmp_path_factory, rotations, shape
):
    checkpoint = str(save_tiny_model("vit", tmp_path_factory.mktemp("vit")))
    encoder = PretrainedEncoder(
        checkpoint, sizes=32, rotations=rotations, fit="squash", backend="torch", device="cpu"
    )
    usable = np.array([0, 1, 3, 4])
    assert fit_encoder(encoder, folder, NOTHING, usable, seed=0) is encoder
    work = encoder_shards("vit", encoder, folder, NOTHING, "source", shard_size=2)
    vectors = np.concatenate([work.compute(number)["vectors"] for number in range(work.count)])
    assert vectors.shape == shape
    filled = vectors.reshape(5, -1).any(axis=1)
    assert filled.tolist() == [True, True, False, True, True]

"""The encoder beside plain transformers and numpy; its promises on order, bytes, keys, errors."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from tiny_vision_models import BUILDERS, NORMALISED, save_tiny_model

from podium.common.checkpoint import CheckpointError
from podium.common.shards import shard_ranges
from podium.vision.encoding import encode_on_device
from podium.vision.pretrained import PretrainedEncoder

SIZE = 64
# Class and register tokens before the patches, by the models' papers.
TOKENS_BEFORE = {
    "vit": 1,
    "clip": 1,
    "siglip": 0,
    "siglip2": 0,
    "swin": 0,
    "dinov2_with_registers": 1 + 3,
    "dinov3_vit": 1 + 4,
    "dinov3_convnext": 1,
}
INTERPOLATED = ("vit", "clip", "siglip", "swin")
MAPS = ("mobilenet_v2", "resnet", "convnext")


def pictures(count, seed=0):
    """Smooth coloured images of many shapes: (h, w, 3) uint8."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        width, height = (int(side) for side in generator.integers(70, 120, 2))
        coarse = Image.fromarray(generator.integers(0, 256, (6, 6, 3), np.uint8))
        found.append(np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)))
    return found


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Folder of a tiny model, made once."""
    folder, made = tmp_path_factory.mktemp("models"), {}

    def get(kind):
        if kind not in made:
            made[kind] = save_tiny_model(kind, folder / kind)
        return str(made[kind])

    return get


@pytest.fixture
def encoder(tiny):
    """An encoder by torch on the CPU."""

    def make(kind="vit", **arguments):
        defaults = {"sizes": SIZE, "backend": "torch", "device": "cpu", "threads": 1}
        return PretrainedEncoder(tiny(kind), **{**defaults, **arguments})

    return make


def plain_outputs(kind, folder, images, size):
    """Summary and local features by transformers alone, image after image."""
    model = transformers.AutoModel.from_pretrained(folder).eval()
    model = getattr(model, "vision_model", model)
    summaries, locals_ = [], []
    for image in images:
        squashed = Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC)
        mean, deviation = (np.array(NORMALISED[key]) for key in ("image_mean", "image_std"))
        pixels = ((np.asarray(squashed) / 255 - mean) / deviation).astype(np.float32)
        if kind == "siglip2":
            across = size // 8
            cut = pixels.reshape(across, 8, across, 8, 3).transpose(0, 2, 1, 3, 4)
            inputs = {
                "pixel_values": torch.from_numpy(cut.reshape(1, across**2, -1)),
                "pixel_attention_mask": torch.ones(1, across**2, dtype=torch.long),
                "spatial_shapes": torch.tensor([[across, across]]),
            }
        else:
            inputs = {"pixel_values": torch.from_numpy(pixels.transpose(2, 0, 1)[None])}
        if kind in INTERPOLATED:
            inputs["interpolate_pos_encoding"] = True
        with torch.no_grad():
            output = model(**inputs)
        states = output.last_hidden_state[0].numpy()
        if kind in MAPS:
            states = states.reshape(len(states), -1).T
        before = TOKENS_BEFORE.get(kind, 0)
        summaries.append(states[0] if kind == "vit" else output.pooler_output[0].numpy().ravel())
        locals_.append(states[before:])
    return np.stack(summaries), locals_


@pytest.mark.parametrize("kind", sorted(BUILDERS))
def test_every_architecture_gives_what_transformers_gives(kind, tiny, encoder):
    images = pictures(3)
    summary, local = plain_outputs(kind, tiny(kind), images, SIZE)
    gem = np.stack([np.mean(np.maximum(rows, 1e-6) ** 3.0, axis=0) ** (1 / 3) for rows in local])
    mean = np.stack([rows.mean(axis=0) for rows in local])
    wanted = np.hstack([unit(block) for block in (summary, gem, mean)]) / np.sqrt(3)
    found = encoder(kind, pooling=["cls", "gem", "mean"], framing="squash").encode(images)
    assert (found.dtype, found.shape) == (np.float32, wanted.shape)
    np.testing.assert_allclose(found, wanted, atol=2e-5)


def test_rotations_and_sizes_are_means_of_unit_vectors(encoder):
    squares = [np.asarray(Image.fromarray(image).resize((SIZE, SIZE))) for image in pictures(3)]
    for kind in ("mobilenet_v2", "dinov3_vit"):
        arguments = {"pooling": ["cls", "gem"], "kind": kind}
        single = encoder(**arguments)
        turned = [single.encode([np.rot90(image, turn) for image in squares]) for turn in range(4)]
        both = np.mean(turned, axis=0).reshape(3, 2, -1)
        wanted = unit(both).reshape(3, -1) / np.sqrt(2)
        found = encoder(**arguments, rotations="mean").encode(squares)
        np.testing.assert_allclose(found, wanted, atol=1e-5)
        assert np.abs(turned[0] - turned[1]).max() > 1e-3
        apart = encoder(**arguments, rotations="each", sizes=[SIZE]).encode(squares)
        np.testing.assert_allclose(apart, np.stack(turned, axis=1), atol=1e-5)
        assert encoder(**arguments, rotations="each").encode([]).shape == (0, *apart.shape[1:])
        several = encoder(**arguments, sizes=[32, 64]).encode(squares)
        sizes = [encoder(**arguments, sizes=size).encode(squares) for size in (32, 64)]
        wanted = unit(np.mean(sizes, axis=0).reshape(3, 2, -1)).reshape(3, -1) / np.sqrt(2)
        np.testing.assert_allclose(several, wanted, atol=1e-5)
        apart = encoder(**arguments, rotations="each", sizes=[32, 64]).encode(squares)
        np.testing.assert_allclose(apart[:, 0], several, atol=1e-5)


def test_order_and_bytes_do_not_depend_on_threads_or_on_the_way_images_come(encoder):
    images = pictures(13)

    def read_in_jumps(index):
        time.sleep(0.01 * ((index * 7) % 3))
        return images[index]

    arguments = {"kind": "convnext", "batch_size": 2}
    wanted = encoder(**arguments).encode(images)
    for threads in (1, 3):
        other = encoder(**arguments, threads=threads)
        assert other.encode(read_in_jumps, count=13).tobytes() == wanted.tobytes()
        assert other.encode(iter(images), count=13).tobytes() == wanted.tobytes()
    one_by_one = [encoder(**arguments).encode([image])[0] for image in images]
    np.testing.assert_allclose(wanted, one_by_one, atol=1e-5)
    assert np.linalg.norm(wanted[0] - wanted[1]) > 0.01


def test_a_shard_computed_alone_again_is_the_same(encoder):
    images = pictures(7)
    parts = shard_ranges(7, 3)
    first, again = encoder("vit", batch_size=2), encoder("vit", batch_size=2, threads=2)
    whole = [first.encode(images[part.start : part.stop]) for part in parts]
    alone = again.encode(lambda index: images[3 + index], 3)
    assert alone.tobytes() == whole[1].tobytes() == first.encode(images[3:6]).tobytes()
    assert first.encode([]).shape == (0, first.dimension) == (0, 32)


def test_the_path_of_a_gpu_gives_the_same_vectors(encoder):
    images = pictures(7)
    arguments = {"kind": "resnet", "sizes": [32, 64], "rotations": "mean", "batch_size": 2}
    made = encoder(**arguments)
    prepared = (made.views.squares(image) for image in images)
    found = np.concatenate(list(encode_on_device(made._engine, prepared, 2)))
    assert found.tobytes() == made.encode(images).tobytes()


def test_mixed_precision_is_close_and_float32_is_exact(encoder):
    images = pictures(4)
    exact = encoder("vit", pooling="gem", precision="float32").encode(images)
    assert exact.tobytes() == encoder("vit", pooling="gem").encode(images).tobytes()
    mixed = encoder("vit", pooling="gem", precision="bfloat16").encode(images)
    cosines = (mixed * exact).sum(axis=1)
    assert (mixed.dtype, cosines.min() > 0.999) == (np.float32, True)
    assert np.abs(mixed - exact).max() > 1e-5


def test_a_power_of_one_is_the_mean_of_what_is_positive(encoder):
    images = pictures(2)
    one = encoder("resnet", pooling="gem", gem_power=1.0).encode(images)
    np.testing.assert_allclose(one, encoder("resnet", pooling="mean").encode(images), atol=1e-4)
    assert np.abs(one - encoder("resnet", pooling="gem").encode(images)).max() > 1e-3


def test_the_fingerprint_follows_all_that_moves_a_vector_and_nothing_else(tiny, tmp_path):
    by_torch = {"backend": "torch", "device": "cpu"}
    base = PretrainedEncoder(tiny("vit"), **by_torch)
    same = PretrainedEncoder(tiny("vit"), threads=3, batch_size=5, compiled=True, **by_torch)
    assert base.fingerprint() == same.fingerprint()
    other = save_tiny_model("vit", tmp_path / "other", seed=1)
    variants = [
        PretrainedEncoder(str(other), **by_torch),
        *(
            PretrainedEncoder(tiny("vit"), **{**by_torch, **change})
            for change in (
                {"pooling": "gem"},
                {"pooling": ["cls", "gem"]},
                {"pooling": ["gem", "cls"]},
                {"sizes": 32},
                {"gem_power": 2.0},
                {"rotations": "mean"},
                {"framing": "squash"},
                {"crop_fraction": 0.9},
                {"precision": "bfloat16"},
                {"backend": "onnx"},
                {"device": "meta", "precision": "float32"},
            )
        ),
    ]
    processor = other / "preprocessor_config.json"
    keys = {each.fingerprint() for each in (base, *variants)}
    processor.write_text(processor.read_text().replace("0.4", "0.45"))
    keys.add(PretrainedEncoder(str(other), **by_torch).fingerprint())
    assert len(keys) == 2 + len(variants)


@pytest.mark.parametrize(
    "change",
    [
        {"pooling": "max"},
        {"pooling": []},
        {"pooling": ["gem", "gem"]},
        {"sizes": 0},
        {"sizes": [224, 224]},
        {"sizes": 3.5},
        {"gem_power": 0.0},
        {"rotations": "all"},
        {"framing": "pad"},
        {"crop_fraction": 1.5},
        {"batch_size": 0},
        {"threads": 0},
        {"precision": "int8"},
        {"backend": "tensorrt"},
    ],
)
def test_wrong_arguments_are_refused_by_name(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        PretrainedEncoder("anything", **change)


def test_wrong_images_and_counts_are_refused(encoder):
    made, image = encoder(), pictures(1)[0]
    for wrong in (image[..., 0], image[..., :2], image.astype(np.float32)):
        with pytest.raises(ValueError, match="uint8"):
            made.encode([wrong])
    with pytest.raises(ValueError, match="3 images were announced, 1 came"):
        made.encode([image], count=3)
    with pytest.raises(ValueError, match="count"):
        made.encode(lambda index: image)


def test_what_the_reader_raises_comes_up_and_ends_the_work(encoder):
    image, calls = pictures(1)[0], []

    def read(index):
        calls.append(index)
        if index == 5:
            raise OSError("the disk is gone")
        return image

    with pytest.raises(OSError, match="the disk is gone"):
        encoder(batch_size=2, threads=2).encode(read, count=500)
    assert len(calls) < 30


def test_a_size_beside_the_patch_is_refused_before_any_image(encoder):
    for kind in ("vit", "dinov2_with_registers"):
        with pytest.raises(CheckpointError, match="65 is no multiple .* 8; 64 or 72 is"):
            _ = encoder(kind, sizes=[64, 65]).dimension


def test_a_model_without_a_summary_has_no_cls(tmp_path):
    folder = save_tiny_model("siglip2", tmp_path)
    config = folder / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "vision_use_head": False}))
    arguments = {"model": str(folder), "sizes": SIZE, "backend": "torch", "device": "cpu"}
    with pytest.raises(CheckpointError, match="no class token"):
        _ = PretrainedEncoder(**arguments, pooling=["gem", "cls"]).dimension
    assert PretrainedEncoder(**arguments, pooling="gem").dimension == 32


def test_an_unknown_device_is_refused(encoder):
    with pytest.raises(ValueError, match="abacus"):
        encoder(device="abacus").encode([])


REAL = "mobilenet_v2_1.0_224"


def real_checkpoint():
    named = os.environ.get("PODIUM_TEST_CHECKPOINT")
    beside = Path(__file__).resolve().parents[3] / "shared" / "weights" / REAL
    folder = Path(named) if named else beside
    if not (folder / "config.json").exists():
        pytest.skip("PODIUM_TEST_CHECKPOINT names no checkpoint")
    return str(folder)


def test_a_real_checkpoint_gives_what_its_own_processor_and_model_give():
    folder, images = real_checkpoint(), pictures(4)
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    inputs = processor(images=[Image.fromarray(image) for image in images], return_tensors="pt")
    side = inputs["pixel_values"].shape[-1]
    with torch.no_grad():
        wanted = unit(model(**inputs).pooler_output.numpy())
    made = PretrainedEncoder(
        folder, sizes=side, crop_fraction=0.875, backend="torch", device="cpu", threads=1
    )
    cosines = (made.encode(images) * wanted).sum(axis=1)
    assert cosines.min() > 0.9999
    assert (wanted @ wanted.T).min() < 0.99

"""ONNX Runtime beside torch: agreement, the cache of exported networks, and the choice."""

import json
import logging
import pickle
import shutil

import numpy as np
import pytest
import torch
from tiny_vision_models import save_tiny_model

from podium.common.checkpoint import CheckpointError
from podium.vision import backend_choice, onnx_backend, pretrained
from podium.vision.pretrained import PretrainedEncoder

SIZE = 32


def pictures(count):
    generator = np.random.default_rng(4)
    return [generator.integers(0, 256, (SIZE, SIZE + row, 3), np.uint8) for row in range(count)]


def cosines(one, other):
    return (one * other).sum(axis=1)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A tiny model, exported once: its folder and the cache."""
    folder = tmp_path_factory.mktemp("onnx")
    model = save_tiny_model("resnet", folder / "model")
    encoder = PretrainedEncoder(
        str(model), backend="onnx", sizes=SIZE, device="cpu", cache_folder=folder / "cache"
    )
    assert encoder.chosen_backend == "onnx"
    return str(model), folder / "cache"


@pytest.fixture
def no_export(monkeypatch):
    def refuse(*arguments):
        raise AssertionError("exported again")

    monkeypatch.setattr(onnx_backend, "_export", refuse)


def test_onnx_runtime_agrees_with_torch_on_tokens_turned_and_pooled_twice(tmp_path):
    images = pictures(5)
    arguments = {
        "model": str(save_tiny_model("dinov3_vit", tmp_path / "model")),
        "pooling": ["cls", "gem"],
        "sizes": SIZE,
        "rotations": "mean",
        "batch_size": 2,
        "device": "cpu",
        "cache_folder": tmp_path,
    }
    by_torch = PretrainedEncoder(**arguments, backend="torch").encode(images)
    one, three = (
        PretrainedEncoder(**arguments, backend="onnx", threads=threads) for threads in (1, 3)
    )
    by_onnx = one.encode(images)
    assert (one.chosen_backend, by_onnx.dtype) == ("onnx", np.float32)
    assert cosines(by_onnx, by_torch).min() > 1 - 1e-4
    assert three.encode(images).tobytes() == by_onnx.tobytes()


def test_an_exported_network_is_used_again(exported, no_export):
    model, cache = exported
    arguments = {"model": model, "sizes": SIZE, "device": "cpu", "cache_folder": cache}
    images = pictures(3)
    again = PretrainedEncoder(**arguments, backend="onnx").encode(images)
    by_torch = PretrainedEncoder(**arguments, backend="torch").encode(images)
    assert cosines(again, by_torch).min() > 1 - 1e-4
    for change in ({"pooling": "gem"}, {"sizes": 64}, {"model": model, "gem_power": 2.0}):
        with pytest.raises(AssertionError, match="exported again"):
            _ = PretrainedEncoder(**{**arguments, **change}, backend="onnx").dimension


def test_a_network_that_gives_other_vectors_is_refused(exported, tmp_path, monkeypatch):
    model, cache = exported
    whole = onnx_backend.OnnxBackend.run

    def shifted(self, images, turns=(0,)):
        return whole(self, images, turns) + 0.01

    monkeypatch.setattr(onnx_backend.OnnxBackend, "run", shifted)
    arguments = {"model": model, "sizes": SIZE, "device": "cpu", "cache_folder": cache}
    with pytest.raises(CheckpointError, match="differ from torch's: cosine 0"):
        _ = PretrainedEncoder(**arguments, backend="onnx").dimension
    assert PretrainedEncoder(**arguments).chosen_backend == "torch"


def test_a_damaged_file_in_the_cache_is_told(exported, tmp_path):
    model, cache = exported
    for folder in cache.glob("onnx-*"):
        copy = tmp_path / folder.name
        copy.mkdir()
        (copy / "model.onnx").write_bytes((folder / "model.onnx").read_bytes()[:500])
    arguments = {"model": model, "sizes": SIZE, "device": "cpu", "cache_folder": tmp_path}
    with pytest.raises(CheckpointError, match=r"model\.onnx.*delete"):
        _ = PretrainedEncoder(**arguments, backend="onnx").dimension


@pytest.mark.parametrize(("torch_seconds", "wanted"), [(2.0, "onnx"), (0.5, "torch")])
def test_the_faster_one_is_chosen_told_and_kept(
    exported, no_export, tmp_path, monkeypatch, caplog, torch_seconds, wanted
):
    model, cache = exported
    for folder in cache.glob("onnx-*"):
        (tmp_path / folder.name).symlink_to(folder)
    arguments = {"model": model, "sizes": SIZE, "device": "cpu", "cache_folder": tmp_path}
    seconds = {"torch": torch_seconds, "onnx": 1.0}
    monkeypatch.setattr(backend_choice, "_time_side_by_side", lambda *_: seconds)
    with caplog.at_level(logging.INFO, logger="podium.vision"):
        assert PretrainedEncoder(**arguments).chosen_backend == wanted
    assert f"{wanted} (ONNX Runtime is {torch_seconds:.2f} times as fast)" in caplog.text
    seconds["torch"] = 1 / torch_seconds
    assert PretrainedEncoder(**arguments).chosen_backend == wanted
    (record,) = tmp_path.glob("backend-*.json")
    record.write_text("not json")
    assert PretrainedEncoder(**arguments).chosen_backend != wanted
    assert json.loads(record.read_text())["backend"] != wanted


def test_a_settled_choice_goes_with_the_encoder_but_not_to_another_device(exported, monkeypatch):
    model, cache = exported
    arguments = {"model": model, "sizes": SIZE, "device": "cpu", "cache_folder": cache}
    seconds = {"torch": 2.0, "onnx": 1.0}
    monkeypatch.setattr(backend_choice, "_time_side_by_side", lambda *_: seconds)
    monkeypatch.setattr(backend_choice, "_recorded", lambda path: None)
    stored = pickle.dumps(PretrainedEncoder(**arguments).settle())
    seconds["torch"] = 0.5
    kept, anew = pickle.loads(stored), PretrainedEncoder(**arguments).settle()
    assert (kept.chosen_backend, anew.chosen_backend) == ("onnx", "torch")
    by_name = [PretrainedEncoder(**arguments, backend=name) for name in ("onnx", "torch")]
    keys = [encoder.fingerprint() for encoder in (kept, anew, *by_name)]
    assert keys[:2] == keys[2:] and keys[0] != keys[1]
    elsewhere = pickle.loads(stored)
    elsewhere.device = "meta"
    assert elsewhere.chosen_backend == "torch"
    assert elsewhere.fingerprint() not in keys


def test_without_a_cache_a_network_is_exported_once_in_a_process(exported, monkeypatch):
    model, cache = exported
    times = []

    def copied(network, size, place):
        times.append(place)
        (source,) = cache.glob(f"onnx-{size}-*")
        shutil.copytree(source, place)

    monkeypatch.setattr(onnx_backend, "_export", copied)
    pretrained._folder_of_process.cache_clear()
    arguments = {"model": model, "sizes": SIZE, "device": "cpu", "backend": "onnx"}
    first = PretrainedEncoder(**arguments)
    again = pickle.loads(pickle.dumps(first.settle()))
    assert first.encode(pictures(2)).tobytes() == again.encode(pictures(2)).tobytes()
    assert len(times) == 1
    (place,) = times
    pretrained._folder_of_process.cache_clear()
    assert not place.exists()


def test_both_are_really_timed(exported, no_export):
    model, cache = exported
    arguments = {"model": model, "sizes": SIZE, "device": "cpu", "cache_folder": cache}
    found = [
        PretrainedEncoder(**arguments, backend=name)._engine.backend for name in ("torch", "onnx")
    ]
    seconds = backend_choice._time_side_by_side(*found, SIZE)
    assert set(seconds) == {"torch", "onnx"}
    assert all(0 < value < 10 for value in seconds.values())


def test_what_cannot_be_exported_is_computed_by_torch_or_refused(tmp_path, caplog):
    # It reads the shapes of a batch one by one, so that their number cannot stay free.
    model = str(save_tiny_model("siglip2", tmp_path / "model"))
    arguments = {"model": model, "sizes": SIZE, "device": "cpu", "cache_folder": tmp_path}
    chosen = PretrainedEncoder(**arguments)
    assert chosen.chosen_backend == "torch"
    assert "torch, because" in caplog.text
    assert chosen.encode(pictures(3)).shape == (3, 32)
    with pytest.raises(CheckpointError, match="ONNX"):
        _ = PretrainedEncoder(**arguments, backend="onnx").dimension


def test_onnx_is_refused_where_it_cannot_do_what_is_asked(exported):
    model, cache = exported
    arguments = {"model": model, "sizes": SIZE, "cache_folder": cache, "backend": "onnx"}
    with pytest.raises(CheckpointError, match="float32, not in bfloat16"):
        _ = PretrainedEncoder(**arguments, device="cpu", precision="bfloat16").dimension
    with pytest.raises(CheckpointError, match="for the CPU, not for meta"):
        _ = PretrainedEncoder(**arguments, device="meta").dimension
    half = PretrainedEncoder(model, sizes=SIZE, device="cpu", precision="bfloat16")
    assert half.chosen_backend == "torch"


def test_each_batch_works_on_one_thread_and_torch_s_threads_are_set_back(exported):
    model, _ = exported
    before, image, seen = torch.get_num_threads(), pictures(1)[0], set()

    def read(index):
        seen.add(torch.get_num_threads())
        return image

    torch.set_num_threads(2)
    try:
        made = PretrainedEncoder(model, sizes=SIZE, device="cpu", backend="torch", threads=3)
        made.encode(read, count=6)
        assert (seen, torch.get_num_threads()) == ({1}, 2)
    finally:
        torch.set_num_threads(before)

"""Checkpoints that are absent, incomplete, of the wrong kind, or that carry code."""

import json
import subprocess
import sys
import time

import pytest
import torch
import transformers
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from tiny_vision_models import save_tiny_model

from podium.common.checkpoint import CheckpointError, find_checkpoint, hash_checkpoint
from podium.common.errors import PodiumError
from podium.vision.checkpoint import VISION_FILES, load_vision_model
from podium.vision.preprocessing import Preprocessing


@pytest.fixture
def vit(tmp_path):
    return save_tiny_model("vit", tmp_path / "vit")


def change_json(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_nothing_is_downloaded_by_tests_and_what_they_start():
    code = "import os, huggingface_hub.constants as hub; "
    code += "print(hub.HF_HUB_OFFLINE, os.environ['TRANSFORMERS_OFFLINE'])"
    shown = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert shown.split() == ["True", "1"]
    assert constants.HF_HUB_OFFLINE  # read from the environment when it was first imported


def test_a_model_that_is_not_here_is_told_at_once_with_the_way_to_get_it(tmp_path):
    start = time.monotonic()
    for local_files_only in (True, False):
        with pytest.raises(PodiumError, match="hf download nobody/no-such-model --revision v2 "):
            find_checkpoint("nobody/no-such-model", VISION_FILES, "v2", local_files_only)
    for path in (tmp_path / "absent", "./absent", "~/absent/model", "a/b/c"):
        with pytest.raises(CheckpointError, match="does not exist"):
            find_checkpoint(str(path), VISION_FILES)
    assert time.monotonic() - start < 10


def test_a_model_in_the_hub_s_cache_is_found_by_name(vit, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "models--some--vit"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40)
    (repository / "snapshots").mkdir()
    vit.rename(repository / "snapshots" / ("0" * 40))
    found = find_checkpoint("some/vit", VISION_FILES)
    assert (found.name, load_vision_model(found).config.hidden_size) == ("0" * 40, 32)
    (found / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="not complete.*hf download some/vit"):
        find_checkpoint("some/vit", VISION_FILES)


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json", "model.safetensors"])
def test_a_folder_that_lacks_a_file_is_refused_by_its_name(vit, name):
    (vit / name).unlink()
    with pytest.raises(CheckpointError, match=name.replace("model", r"\*")):
        find_checkpoint(str(vit), VISION_FILES)


def test_pickled_weights_are_not_read(vit):
    torch.save(load_file(vit / "model.safetensors"), vit / "pytorch_model.bin")
    (vit / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="safetensors"):
        find_checkpoint(str(vit), VISION_FILES)
    with pytest.raises(CheckpointError, match="safetensors"):
        load_vision_model(vit)


def test_code_in_a_checkpoint_is_not_run(vit, tmp_path):
    trap = tmp_path / "ran"
    (vit / "trap.py").write_text(
        f"open({str(trap)!r}, 'w')\nclass Config: pass\nclass Model: pass\n"
    )
    change_json(
        vit / "config.json",
        model_type="trap",
        auto_map={"AutoConfig": "trap.Config", "AutoModel": "trap.Model"},
    )
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load_vision_model(vit)
    assert not trap.exists()


def test_missing_and_misshapen_weights_are_refused_but_unused_ones_are_not(vit):
    weights = load_file(vit / "model.safetensors")
    norm = "layernorm.weight"
    without = {key: value for key, value in weights.items() if not key.startswith("pooler")}
    assert len(without) < len(weights)
    for broken in (
        {key: value for key, value in without.items() if key != norm},
        {**without, norm: torch.ones(5)},
    ):
        save_file(broken, vit / "model.safetensors", {"format": "pt"})
        with pytest.raises(CheckpointError, match=norm.replace(".", r"\.")):
            load_vision_model(vit)
    save_file(without, vit / "model.safetensors", {"format": "pt"})
    assert load_vision_model(vit).layernorm.weight.shape == (32,)


def test_damaged_weights_are_an_error_for_the_user(vit):
    file = vit / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load_vision_model(vit)


def test_a_text_model_takes_no_images(tmp_path):
    config = transformers.BertConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, vocab_size=9
    )
    transformers.BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="takes no images"):
        load_vision_model(tmp_path)


def test_of_a_model_with_text_only_the_vision_half_is_kept(tmp_path):
    tower = load_vision_model(save_tiny_model("siglip", tmp_path))
    assert tower.main_input_name == "pixel_values"
    assert not any("text" in name for name, _ in tower.named_parameters())
    assert not any(weights.requires_grad for weights in tower.parameters())
    assert not tower.training


def test_the_hash_follows_names_and_contents(vit, tmp_path):
    first = hash_checkpoint(vit, VISION_FILES)
    (vit / "README.md").write_text("no part of it")
    assert hash_checkpoint(vit, VISION_FILES) == first
    change_json(vit / "config.json", patch_size=4)
    second = hash_checkpoint(vit, VISION_FILES)
    (vit / "model.safetensors").rename(vit / "model-00001-of-00001.safetensors")
    assert len({first, second, hash_checkpoint(vit, VISION_FILES)}) == 3


def test_how_pixels_are_normalised_is_read_from_either_file(vit):
    found = Preprocessing.read(vit)
    assert found.scale == pytest.approx([1 / 255 / 0.2, 1 / 255 / 0.25, 1 / 255 / 0.3])
    assert (found.shift, found.resample) == (pytest.approx([-2.5, -1.6, -1.0]), 3)
    path = vit / "preprocessor_config.json"
    nested = {"image_processor": json.loads(path.read_text()), "tokenizer": {}}
    path.unlink()
    (vit / "processor_config.json").write_text(json.dumps(nested))
    assert Preprocessing.read(vit) == found


@pytest.mark.parametrize(
    "changes",
    [
        {"image_mean": None},
        {"image_std": [0.0, 1.0, 1.0]},
        {"image_mean": [0.5], "image_std": [0.5]},
        {"image_mean": ["a", "b", "c"]},
        {"rescale_factor": None},
    ],
)
def test_unusable_settings_of_pixels_are_refused(vit, changes):
    change_json(vit / "preprocessor_config.json", **changes)
    with pytest.raises(CheckpointError, match="preprocessor_config"):
        Preprocessing.read(vit)


def test_older_files_leave_the_factor_out(vit):
    path = vit / "preprocessor_config.json"
    found = Preprocessing.read(vit)
    settings = json.loads(path.read_text())
    del settings["rescale_factor"], settings["do_rescale"]
    path.write_text(json.dumps(settings))
    assert Preprocessing.read(vit) == found


def test_settings_that_switch_normalising_off_are_kept(vit):
    change_json(vit / "preprocessor_config.json", do_rescale=False, do_normalize=False)
    found = Preprocessing.read(vit)
    assert (found.scale, found.shift) == ((1.0, 1.0, 1.0), (0.0, 0.0, 0.0))

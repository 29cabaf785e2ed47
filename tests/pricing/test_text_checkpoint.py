"""Text checkpoints that are absent, incomplete, damaged, of another kind, or that carry code."""

import json

import pytest
from safetensors.torch import load_file, save_file
from tiny_text_models import save_tiny_text_model

from podium.common.checkpoint import CheckpointError, find_checkpoint
from podium.pricing.text_checkpoint import TEXT_FILES, load_text_model, load_tokenizer
from podium.pricing.text_encoder import TextEncoder


@pytest.fixture
def bert(tmp_path):
    return save_tiny_text_model("bert", tmp_path / "bert")


def encode(folder, **arguments):
    arguments = {"max_length": 32, "tail_length": 4, "device": "cpu", "threads": 1, **arguments}
    return TextEncoder(str(folder), **arguments).encode(["Milk Chocolate"])


def test_a_model_that_is_not_here_is_told_with_the_way_to_get_it():
    with pytest.raises(CheckpointError, match=r"hf download nobody/none .*tokenizer\.json"):
        encode("nobody/none")
    with pytest.raises(CheckpointError, match="does not exist"):
        encode("./absent")


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_folder_that_lacks_a_file_is_refused_by_its_name(bert, name):
    (bert / name).unlink()
    with pytest.raises(CheckpointError, match=name.replace("model", r"\*")):
        find_checkpoint(str(bert), TEXT_FILES)


def test_missing_weights_are_refused_but_the_pooler_is_not_missed(bert):
    weights = load_file(bert / "model.safetensors")
    without = {key: value for key, value in weights.items() if not key.startswith("pooler")}
    assert len(without) < len(weights)
    save_file(without, bert / "model.safetensors", {"format": "pt"})
    assert load_text_model(bert).config.hidden_size == 32
    name = "encoder.layer.1.output.dense.weight"
    without.pop(name)
    save_file(without, bert / "model.safetensors", {"format": "pt"})
    with pytest.raises(CheckpointError, match=name.replace(".", r"\.")):
        load_text_model(bert)


def test_damaged_files_are_errors_for_the_user(bert):
    whole = (bert / "tokenizer.json").read_text()
    (bert / "tokenizer.json").write_text(whole[:500])
    with pytest.raises(CheckpointError, match="tokenizer in .* cannot be loaded"):
        load_tokenizer(bert)
    (bert / "tokenizer.json").write_text(whole)
    file = bert / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="model in .* cannot be loaded"):
        encode(bert)


def test_code_in_a_checkpoint_is_not_run(bert, tmp_path):
    trap = tmp_path / "ran"
    (bert / "trap.py").write_text(f"open({str(trap)!r}, 'w')\nclass Model: pass\nTokens = Model\n")
    for name, changes in {
        "tokenizer_config.json": {
            "tokenizer_class": "Tokens",
            "auto_map": {"AutoTokenizer": ["trap.Tokens", "trap.Tokens"]},
        },
        "config.json": {
            "model_type": "trap",
            "auto_map": {"AutoConfig": "trap.Model", "AutoModel": "trap.Model"},
        },
    }.items():
        path = bert / name
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load_text_model(bert)
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load_tokenizer(bert)
    assert not trap.exists()


def test_a_vision_model_takes_no_texts(bert):
    import transformers

    config = transformers.ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    transformers.ViTModel(config).save_pretrained(bert)
    with pytest.raises(CheckpointError, match="takes no texts"):
        encode(bert)


def test_a_length_beyond_the_model_s_is_refused_before_any_text(bert):
    assert encode(bert, max_length=64).shape == (1, 32)
    with pytest.raises(CheckpointError, match="cannot encode texts of 65 tokens"):
        encode(bert, max_length=65)


def test_a_tokenizer_of_another_model_is_refused(bert):
    path = bert / "tokenizer.json"
    found = json.loads(path.read_text())
    known = len(found["model"]["vocab"])
    found["model"]["vocab"]["unheard"] = known
    path.write_text(json.dumps(found))
    with pytest.raises(CheckpointError, match=f"{known + 1} tokens, the model knows {known}"):
        encode(bert)

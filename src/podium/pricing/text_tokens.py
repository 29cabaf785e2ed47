"""Texts as the token numbers that a pretrained model reads, in batches of about the same length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.common.checkpoint import quiet

Tokens = list[NDArray[np.int32]]

_TEXTS_AT_ONCE = 1024


def tokenise(
    tokenizer: Any, texts: Sequence[object], max_length: int, tail_length: int = 0
) -> Tokens:
    """Token numbers of each text, with the model's special tokens.

    Of a text that is too long the beginning is kept, or the beginning and the end: what a catalogue
    says last, value and unit, tells more of a price than the middle of a description (head and tail
    truncation: Sun et al. 2019, "How to fine-tune BERT for text classification").

    Args:
        tokenizer: From `podium.pricing.text_checkpoint.load_tokenizer`.
        texts: n texts; anything but a text counts as an empty one.
        max_length: Most tokens of a text.
        tail_length: How many of them are kept of its end, if it is too long.

    Returns:
        n arrays (length,), each of one token at least.
    """
    known: dict[str, NDArray[np.int32]] = {}
    wanted = [text if isinstance(text, str) else "" for text in texts]
    distinct = list(dict.fromkeys(wanted))
    with quiet():  # it says of every long text that it is long
        for start in range(0, len(distinct), _TEXTS_AT_ONCE):
            part = distinct[start : start + _TEXTS_AT_ONCE]
            found = tokenizer(
                part,
                truncation=not tail_length,
                max_length=None if tail_length else max_length,
                return_attention_mask=False,
                return_token_type_ids=False,
            )["input_ids"]
            for text, numbers in zip(part, found, strict=True):
                # A text without a token, where the model has no special ones, still needs one.
                known[text] = _cut(np.array(numbers or [0], np.int32), max_length, tail_length)
    return [known[text] for text in wanted]


def length_batches(tokens: Tokens, size: int) -> list[NDArray[np.int64]]:
    """Rows in batches of texts of about the same length, the longest first.

    Args:
        tokens: Of n texts.
        size: Most rows of a batch.

    Returns:
        Row numbers, all of them once.
    """
    order = np.argsort([-len(each) for each in tokens], kind="stable")
    return [order[start : start + size] for start in range(0, len(order), size)]


def padded(tokens: Tokens, rows: Sequence[int] | NDArray[np.integer]) -> NDArray[np.int64]:
    """Token numbers and attention mask of some rows, padded to the longest, (2, rows, length)."""
    longest = max(len(tokens[row]) for row in rows)
    # What stands for padding is masked, so that any number will do.
    both = np.zeros((2, len(rows), longest), np.int64)
    for place, row in enumerate(rows):
        both[0, place, : len(tokens[row])] = tokens[row]
        both[1, place, : len(tokens[row])] = 1
    return both


def distinct_rows(tokens: Tokens) -> tuple[Tokens, NDArray[np.int64]]:
    """The different ones among texts, and the place of each text's among them, (n,)."""
    places: dict[bytes, int] = {}
    of_rows = [places.setdefault(each.tobytes(), len(places)) for each in tokens]
    return [np.frombuffer(each, np.int32) for each in places], np.array(of_rows, np.int64)


def _cut(numbers: NDArray[np.int32], most: int, tail: int) -> NDArray[np.int32]:
    if len(numbers) <= most:
        return numbers
    return np.concatenate([numbers[: most - tail], numbers[len(numbers) - tail :]])

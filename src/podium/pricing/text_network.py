"""A pretrained text model with a head that tells a score.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from podium.common.ordered_work import work_ahead
from podium.pricing.text_pooling import PooledText
from podium.pricing.text_tokens import Tokens, length_batches, padded

Floats = NDArray[np.float32]

_PREDICTED_TOGETHER = 16


@dataclass(frozen=True)
class TextRows:
    """Token numbers of n texts, and numbers that stand beside them, (n, c) float32."""

    tokens: Tokens
    numbers: Floats

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.tokens)

    def take(self, rows: NDArray[np.integer]) -> TextRows:
        """Some of the rows."""
        return TextRows([self.tokens[row] for row in rows], self.numbers[rows])


@dataclass(frozen=True)
class Engine:
    """Where a network computes.

    Attributes:
        device: Name of torch.
        precision: "float32", "bfloat16" or "float16"; below float32 weights stay in float32.
        threads: Of a CPU.
    """

    device: str
    precision: str
    threads: int

    def autocast(self) -> AbstractContextManager[None]:
        """Mixed precision, of the thread that enters it."""
        dtype = getattr(torch, self.precision)
        return torch.autocast(torch.device(self.device).type, dtype, dtype != torch.float32)


class TextPriceNetwork(nn.Module):
    """A pooled text model; a linear layer and a perceptron on its vector and further numbers.

    The text model always runs as in evaluation, without dropout of its own: its rows can be
    computed in pieces then, on any number of threads, with the same result.
    """

    def __init__(self, encoder: PooledText, width: int, numbers: int, hidden: int) -> None:
        """Put an encoder of vectors of so many numbers and a head together."""
        super().__init__()
        self.encoder = encoder
        self.head = nn.ModuleDict(
            {
                "linear": nn.Linear(width + numbers, 1),
                "hidden": nn.Linear(width + numbers, hidden),
                "out": nn.Linear(hidden, 1),
            }
        )
        nn.init.zeros_(self.head["out"].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.head["out"].bias)  # type: ignore[arg-type]

    def joint(self, tokens: Tensor, numbers: Tensor) -> Tensor:
        """Vectors of mean 0 and variance 1 beside the numbers, (b, width + numbers)."""
        vectors = torch.cat(self.encoder.blocks(tokens), dim=1)
        return torch.cat([functional.layer_norm(vectors, vectors.shape[1:]), numbers], dim=1)

    def forward(self, tokens: Tensor, numbers: Tensor, kept: Tensor | None = None) -> Tensor:
        """Scores less their middle, in units of their spread, (b,).

        Args:
            tokens: See `PooledText`.
            numbers: (b, c).
            kept: What is left of each input of the head while learning, (b, width + c).
        """
        joint = self.joint(tokens, numbers)
        if kept is not None:
            joint = joint * kept
        bent = functional.gelu(self.head["hidden"](joint))
        return (self.head["linear"](joint) + self.head["out"](bent))[:, 0]


def freeze(model: nn.Module, layers: int) -> None:
    """Let all weights of a text model learn but its embeddings and first layers; 0 for all.

    Raises:
        ValueError: the model has no list of so many layers.
    """
    model.requires_grad_(True)
    if not layers:
        return
    lists = [part for part in model.modules() if isinstance(part, nn.ModuleList)]
    longest = max(lists, key=len, default=nn.ModuleList())
    if layers > len(longest):
        raise ValueError(f"the model has {len(longest)} layers, {layers} cannot be frozen")
    embeddings: Any = getattr(model, "embeddings", None) or model.get_input_embeddings()  # type: ignore[operator]
    for part in (embeddings, *list(longest)[:layers]):
        part.requires_grad_(False)


def predict(
    network: TextPriceNetwork, rows: TextRows, middle: tuple[float, float], engine: Engine
) -> Floats:
    """Scores of n rows, shape (n,)."""
    found = in_batches(network.forward, rows, engine)
    return np.float32(middle[0]) + np.float32(middle[1]) * found


def in_batches(
    function: Callable[[Tensor, Tensor], Tensor], rows: TextRows, engine: Engine
) -> Floats:
    """What a function of tokens and numbers on the device says of n rows, (n, ...)."""
    batches = length_batches(rows.tokens, _PREDICTED_TOGETHER)

    def compute(places: NDArray[np.int64]) -> Floats:
        # Here, for both hold for one thread.
        with torch.inference_mode(), engine.autocast():
            found = function(*on_device(rows, places, engine.device))
        return found.float().cpu().numpy()

    parts = list(work_ahead(compute, batches, engine.threads, engine.threads))
    found = np.concatenate(parts)
    return found[np.argsort(np.concatenate(batches), kind="stable")]


def on_device(rows: TextRows, places: Any, device: str) -> tuple[Tensor, Tensor]:
    """Tokens, see `PooledText`, and numbers of some rows."""
    numbers = np.ascontiguousarray(rows.numbers[list(places)])
    return (
        torch.from_numpy(padded(rows.tokens, places)).to(device),
        torch.from_numpy(numbers).to(device),
    )

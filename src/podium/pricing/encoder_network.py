"""A pretrained encoder of texts or images with a head that tells a score.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from podium.common.ordered_work import work_ahead

Floats = NDArray[np.float32]

_PREDICTED_TOGETHER = 16


class EncoderRows(Protocol):
    """Rows that an encoder reads, with numbers beside them."""

    @property
    def numbers(self) -> Floats:
        """What stands beside them, (n, c)."""

    def __len__(self) -> int:
        """Number of rows."""

    def take(self, rows: NDArray[np.integer]) -> Self:
        """Some of the rows."""

    def varied(self, generator: np.random.Generator) -> Self:
        """The rows as the network should see them while it learns."""

    def loaded(self) -> Self:
        """The rows with all that is slow to read in memory; may be called in another thread."""

    def pieces(self, size: int) -> list[NDArray[np.int64]]:
        """Places of at most so many rows each that are computed together, all of them once."""

    def inputs(self, rows: NDArray[np.integer]) -> NDArray[np.integer]:
        """What the encoder takes for some rows."""


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


class EncoderPriceNetwork(nn.Module):
    """An encoder; a linear layer and a perceptron on its vector and further numbers.

    The encoder always runs as in evaluation, without dropout of its own: its rows can be computed
    in pieces then, on any number of threads, with the same result.
    """

    def __init__(self, encoder: Any, width: int, numbers: int, hidden: int) -> None:
        """Put an encoder and a head together.

        Args:
            encoder: Its `blocks` give, for what `EncoderRows.inputs` gives of b rows, vectors
                (b, width), one for each pooling.
            width: Of all these together.
            numbers: How many stand beside them.
            hidden: Units of the head.
        """
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

    def joint(self, inputs: Tensor, numbers: Tensor) -> Tensor:
        """Vectors of mean 0 and variance 1 beside the numbers, (b, width + numbers)."""
        vectors = torch.cat(self.encoder.blocks(inputs), dim=1)
        return torch.cat([functional.layer_norm(vectors, vectors.shape[1:]), numbers], dim=1)

    def forward(self, inputs: Tensor, numbers: Tensor, kept: Tensor | None = None) -> Tensor:
        """Scores less their middle, in units of their spread, (b,).

        Args:
            inputs: See `EncoderRows.inputs`.
            numbers: (b, c).
            kept: What is left of each input of the head while learning, (b, width + c).
        """
        joint = self.joint(inputs, numbers)
        if kept is not None:
            joint = joint * kept
        bent = functional.gelu(self.head["hidden"](joint))
        return (self.head["linear"](joint) + self.head["out"](bent))[:, 0]


def freeze(model: nn.Module, layers: int) -> None:
    """Let all weights of a model learn but its first layers and what stands before them; 0 for all.

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
    own = {id(weight) for part in list(longest)[:layers] for weight in part.parameters()}
    weights = list(model.parameters())
    last = max((place for place, weight in enumerate(weights) if id(weight) in own), default=-1)
    for weight in weights[: last + 1]:
        weight.requires_grad_(False)


def predict(
    network: EncoderPriceNetwork, rows: EncoderRows, middle: tuple[float, float], engine: Engine
) -> Floats:
    """Scores of n rows, shape (n,)."""
    found = in_batches(network.forward, rows, engine)
    return np.float32(middle[0]) + np.float32(middle[1]) * found


def in_batches(
    function: Callable[[Tensor, Tensor], Tensor], rows: EncoderRows, engine: Engine
) -> Floats:
    """What a function of inputs and numbers on the device says of n rows, (n, ...)."""
    batches = rows.pieces(_PREDICTED_TOGETHER)
    threads = engine.threads

    def compute(part: EncoderRows) -> Floats:
        # Here, for both hold for one thread.
        with torch.inference_mode(), engine.autocast():
            found = function(*on_device(part, np.arange(len(part)), engine.device))
        return found.float().cpu().numpy()

    loaded = work_ahead(lambda places: rows.take(places).loaded(), batches, 1, 1 + threads)
    with closing(loaded):
        parts = list(work_ahead(compute, loaded, threads, threads))
    found = np.concatenate(parts)
    return found[np.argsort(np.concatenate(batches), kind="stable")]


def on_device(
    rows: EncoderRows, places: Sequence[int] | NDArray[np.integer], device: str
) -> tuple[Tensor, Tensor]:
    """Inputs and numbers of some rows."""
    wanted = np.asarray(places)
    numbers = np.ascontiguousarray(rows.numbers[wanted])
    return (
        torch.from_numpy(rows.inputs(wanted)).to(device),
        torch.from_numpy(numbers).to(device),
    )

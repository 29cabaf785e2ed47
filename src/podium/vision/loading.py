"""From a checkpoint to what computes vectors.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from podium.common.checkpoint import CheckpointError
from podium.common.threads import one_thread
from podium.vision.backend_choice import Backend, choose_cpu_backend
from podium.vision.checkpoint import load_vision_model
from podium.vision.encoder_options import BackendName, Framing, Pooling
from podium.vision.image_views import Views
from podium.vision.pooling import PooledModel
from podium.vision.preprocessing import Preprocessing
from podium.vision.torch_backend import TorchBackend


@dataclass(frozen=True)
class Engine:
    """A network in memory.

    Attributes:
        backend: What computes.
        views: What it looks at.
        widths: Lengths of the blocks of a vector.
    """

    backend: Backend
    views: Views
    widths: tuple[int, ...]


def load_engine(
    folder: Path,
    files_hash: str,
    pooling: Sequence[Pooling],
    gem_power: float,
    sizes: tuple[int, ...],
    turns: tuple[int, ...],
    apart: bool,
    framing: Framing,
    crop_fraction: float,
    device: str,
    precision: str,
    backend: BackendName,
    compiled: bool,
    cache_folder: Path,
) -> Engine:
    """Load a network, try it on every size, and settle what computes.

    Args:
        folder: From `podium.common.checkpoint.find_checkpoint`.
        files_hash: Of that folder.
        pooling: What is made of the model's output; several are joined.
        gem_power: Power of the pooling "gem".
        sizes: Sides of the squares that the model sees, in pixels; their vectors are averaged.
        turns: Rotations in quarters of a full turn.
        apart: Whether each of them gives a vector of its own.
        framing: How an image is brought to a square: its middle, or the whole of it pressed.
        crop_fraction: Share of the shorter side that "crop" keeps.
        device: Name of torch.
        precision: "float32", "bfloat16" or "float16".
        backend: What computes on a CPU: "torch", "onnx", or "auto" for the faster one.
        compiled: Let torch.compile work on the model.
        cache_folder: Where exported ONNX networks are kept.

    Raises:
        CheckpointError: if the checkpoint cannot be used, or not in this way.
    """
    preprocessing = Preprocessing.read(folder)
    model = PooledModel(load_vision_model(folder), preprocessing, pooling, gem_power).eval()
    # What an exported network depends on, apart from the size of its images.
    key = hashlib.sha256(f"{files_hash} {pooling} {gem_power}".encode()).hexdigest()
    with one_thread():
        widths = _try_sizes(model, sizes)
        chosen: Backend
        if device == "cpu":
            chosen = choose_cpu_backend(
                backend, model, sizes, precision, compiled, cache_folder, key
            )
        elif backend == "onnx":
            raise CheckpointError(f"the ONNX backend is for the CPU, not for {device}")
        else:
            chosen = TorchBackend(model, device, precision, compiled)
    views = Views(sizes, turns, framing, crop_fraction, preprocessing.resample, apart)
    return Engine(chosen, views, widths)


def _try_sizes(model: PooledModel, sizes: Sequence[int]) -> tuple[int, ...]:
    """Lengths of the blocks; a size that the model does not take shows here, not hours later."""
    for size in sizes:
        try:
            with torch.inference_mode():
                blocks = model.blocks(torch.zeros((1, size, size, 3), dtype=torch.uint8))
        except (ValueError, RuntimeError) as error:
            raise CheckpointError(
                f"the model cannot encode images of {size} px: {error}"
            ) from error
    return tuple(block.shape[1] for block in blocks)

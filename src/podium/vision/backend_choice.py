"""Which library computes: torch, or ONNX Runtime where it is faster.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from podium.common.checkpoint import CheckpointError
from podium.vision.encoder_options import BackendName
from podium.vision.onnx_backend import ExportError, OnnxBackend
from podium.vision.pooling import PooledModel
from podium.vision.torch_backend import TorchBackend

logger = logging.getLogger(__name__)

_ROUNDS = 3
_TRIAL_IMAGES = 2
_ENOUGH_SECONDS = 5.0
# A tie goes to ONNX Runtime, so that the same machine comes to the same choice again.
_LEAST_RATIO = 0.9


class Backend(Protocol):
    """Computes vectors of square images."""

    name: BackendName

    def run(self, images: np.ndarray, turns: Sequence[int] = (0,)) -> np.ndarray:
        """uint8 (b, s, s, 3), turned so many times by 90 degrees each, to float32 (turns, b, d)."""


def choose_cpu_backend(
    wanted: BackendName,
    model: PooledModel,
    sizes: Sequence[int],
    precision: str,
    compiled: bool,
    folder: Path,
    key: str,
) -> Backend:
    """What computes on a CPU.

    "auto" takes ONNX Runtime where the network can be exported and a few images go no slower than
    by torch. The choice is kept in the folder; work that is taken up again without it has to ask
    for what it began with, see `PretrainedEncoder.settle`.

    Args:
        wanted: "auto", "torch" or "onnx".
        model: The network.
        sizes: Sides of the square images.
        precision: Anything but "float32" leaves torch alone.
        compiled: See `TorchBackend`.
        folder: Where exported networks and the choice are kept.
        key: What the vectors depend on, apart from the size.

    Raises:
        CheckpointError: if "onnx" is asked for and cannot be had.
    """
    by_torch = TorchBackend(model, "cpu", precision, compiled)
    if precision != "float32" and wanted == "onnx":
        raise CheckpointError(f"the ONNX backend computes in float32, not in {precision}")
    if wanted == "torch" or precision != "float32":
        return by_torch
    record = folder / f"backend-{key[:24]}-{'-'.join(map(str, sizes))}.json"
    if wanted == "auto" and _recorded(record) == TorchBackend.name:
        logger.info("Vision encoder: torch, as chosen before (%s)", record)
        return by_torch
    try:
        by_onnx = OnnxBackend(model, sizes, folder, key)
    except ExportError as error:
        if wanted == "onnx":
            raise CheckpointError(str(error)) from error
        logger.warning("Vision encoder: torch, because %s", error)
        return by_torch
    if wanted == "onnx" or _recorded(record) == OnnxBackend.name:
        return by_onnx
    seconds = _time_side_by_side(by_torch, by_onnx, max(sizes))
    ratio = seconds[TorchBackend.name] / seconds[OnnxBackend.name]
    chosen: Backend = by_onnx if ratio >= _LEAST_RATIO else by_torch
    logger.info("Vision encoder: %s (ONNX Runtime is %.2f times as fast)", chosen.name, ratio)
    _write(record, {"backend": chosen.name, "torch_seconds_per_onnx_second": ratio})
    return chosen


def _time_side_by_side(one: Backend, other: Backend, size: int) -> dict[str, float]:
    """Shortest seconds for a few images, in turns, so that other work on the machine hits both."""
    images = np.random.default_rng(0).integers(0, 256, (_TRIAL_IMAGES, size, size, 3), np.uint8)
    best: dict[str, float] = {one.name: float("inf"), other.name: float("inf")}
    begin = time.perf_counter()
    for _ in range(_ROUNDS):
        for backend in (one, other):
            start = time.perf_counter()
            backend.run(images)
            best[backend.name] = min(best[backend.name], time.perf_counter() - start)
        if time.perf_counter() - begin > _ENOUGH_SECONDS:
            break
    return best


def _recorded(path: Path) -> str | None:
    try:
        found = json.loads(path.read_text())["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(found)


def _write(path: Path, record: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(record))
    os.replace(part, path)

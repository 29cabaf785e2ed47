"""Vectors of images by ONNX Runtime on a CPU, from a network that torch exports once.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from podium.common.sample_files import whole_folder
from podium.vision.encoder_options import BackendName
from podium.vision.pooling import PooledModel

logger = logging.getLogger(__name__)

CLOSE_ENOUGH = 1e-4
"""Most that the cosine of a vector of ONNX Runtime and torch's may be below 1."""

_FILE = "model.onnx"
_EXPORTERS = ("torch", "transformers", "onnx", "onnxscript")
_INPUT, _OUTPUT = "images", "vectors"
_EXPORT_IMAGES, _CHECK_IMAGES = 2, 3


class ExportError(Exception):
    """A network that ONNX cannot express, or that gives other vectors there."""


class OnnxBackend:
    """Sessions of ONNX Runtime, one for each size of images.

    A session works on one thread and may be called from many at once: batches side by side keep
    more cores busy than one batch split over them, and no sum depends on the number of threads.
    """

    name: BackendName = "onnx"

    def __init__(self, model: PooledModel, sizes: Sequence[int], folder: Path, key: str) -> None:
        """Export the network for each size, or take what was exported before, and check it.

        Args:
            model: The network, on the CPU.
            sizes: Sides of the square images.
            folder: Where exported networks are kept, one folder for each.
            key: What the vectors depend on, apart from the size.

        Raises:
            ExportError: if the export fails, or its vectors are not torch's.
        """
        self._sessions = {}
        for size in sizes:
            place = folder / _folder_name(key, size)
            if not (place / _FILE).exists():
                _export(model, size, place)
            self._sessions[size] = _session(place / _FILE)
            self._check(model, size)

    def run(self, images: np.ndarray, turns: Sequence[int] = (0,)) -> np.ndarray:
        """uint8 (b, s, s, 3), turned so many times by 90 degrees each, to float32 (turns, b, d)."""
        session = self._sessions[images.shape[1]]
        views = (np.ascontiguousarray(np.rot90(images, turn, (1, 2))) for turn in turns)
        return np.stack([session.run([_OUTPUT], {_INPUT: view})[0] for view in views])

    def _check(self, model: PooledModel, size: int) -> None:
        # Another number of images than it was exported with, to see that the number is free.
        images = np.random.default_rng(0).integers(0, 256, (_CHECK_IMAGES, size, size, 3), np.uint8)
        with torch.inference_mode():
            wanted = model(torch.from_numpy(images)).numpy()
        try:
            found = self.run(images)[0]
        except Exception as error:  # ONNX Runtime's errors have no common base but this
            raise ExportError(
                f"ONNX Runtime cannot run the network: {_first_line(error)}"
            ) from error
        lengths = np.linalg.norm(wanted, axis=1) * np.linalg.norm(found, axis=1)
        cosine = float(((wanted * found).sum(axis=1) / np.maximum(lengths, 1e-12)).min())
        if not cosine >= 1 - CLOSE_ENOUGH:
            raise ExportError(f"ONNX Runtime's vectors differ from torch's: cosine {cosine:.6f}")


def _folder_name(key: str, size: int) -> str:
    facts = [key, size, *(f"{name} {version(name)}" for name in _EXPORTERS)]
    return f"onnx-{size}-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:24]}"


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        raise ExportError(
            f"ONNX Runtime cannot read {path}: {_first_line(error)}; delete it if it is damaged"
        ) from error


def _export(model: PooledModel, size: int, place: Path) -> None:
    """Write a network for images of this size, and of any number, whole or not at all."""
    example = torch.zeros((_EXPORT_IMAGES, size, size, 3), dtype=torch.uint8)
    try:
        with whole_folder(place) as folder, _quiet(), torch.no_grad():
            torch.onnx.export(
                model,
                (example,),
                folder / _FILE,
                input_names=[_INPUT],
                output_names=[_OUTPUT],
                dynamic_shapes=({0: torch.export.Dim("images")},),
                dynamo=True,
                verbose=False,
            )
    except Exception as error:  # the exporter fails in many ways; the cause goes along
        if (place / _FILE).exists():  # another process was faster
            return
        raise ExportError(
            f"the network cannot be exported to ONNX: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks, which are about its inside."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)

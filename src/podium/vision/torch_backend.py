"""Vectors of images by torch, on a CPU or a GPU.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from podium.vision.encoder_options import BackendName
from podium.vision.pooling import PooledModel


class TorchBackend:
    """A model on a device, in a precision.

    Below float32 the weights stay in float32 and torch's autocast picks the operations that are
    computed in the shorter type; pooling and normalising stay in float32.
    """

    name: BackendName = "torch"

    def __init__(
        self, model: PooledModel, device: str, precision: str, compiled: bool = False
    ) -> None:
        """Move the model.

        Args:
            model: The model with its poolings.
            device: Name of torch.
            precision: "float32", "bfloat16" or "float16".
            compiled: Let torch.compile fuse operations; it takes a minute or more at the start.
        """
        self.device = torch.device(device)
        self._dtype: torch.dtype = getattr(torch, precision)
        # Convolutions with the channels last are faster, and the pixels come that way.
        moved = model.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._model: Callable[[Tensor], Tensor] = torch.compile(moved) if compiled else moved

    @property
    def pinned(self) -> bool:
        """Whether batches should lie in memory that the device can read by itself."""
        return self.device.type == "cuda"

    def run(self, images: np.ndarray, turns: Sequence[int] = (0,)) -> np.ndarray:
        """uint8 (b, s, s, 3), turned so many times by 90 degrees each, to float32 (turns, b, d)."""
        return self.launch(torch.from_numpy(images), turns)()

    def launch(self, images: Tensor, turns: Sequence[int] = (0,)) -> Callable[[], np.ndarray]:
        """Start the same and return what waits for the result.

        On a GPU the call comes back before the work is done, so that the next batch can be queued.
        """
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, self._dtype, self._dtype != torch.float32),
        ):
            on_device = images.to(self.device, non_blocking=True)
            views = [self._model(_turned(on_device, turn)).float() for turn in turns]
            stacked = torch.stack(views)
        if self.device.type != "cuda":
            return stacked.numpy
        result = torch.empty(stacked.shape, dtype=stacked.dtype, pin_memory=True)
        result.copy_(stacked, non_blocking=True)
        done: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
        done.record()

        def wait() -> np.ndarray:
            done.synchronize()
            return result.numpy()

        return wait


def _turned(images: Tensor, turn: int) -> Tensor:
    return torch.rot90(images, turn, (1, 2)) if turn else images

"""Reading, preparing and computing side by side.

Import this module inside functions only: it loads torch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from podium.common.ordered_work import work_ahead
from podium.common.threads import one_thread
from podium.vision.image_views import Views
from podium.vision.loading import Engine
from podium.vision.torch_backend import TorchBackend

ReadImage = Callable[[], np.ndarray]
"""Gives one image, uint8 (h, w, 3)."""

# Batches on a device at a time: one that computes, and one that waits behind it.
_QUEUED = 2


def encode_on_cpu(
    engine: Engine,
    reads: Iterable[ReadImage],
    batch_size: int,
    threads: int,
) -> Iterator[np.ndarray]:
    """Vectors float32 (b, d), or (b, turns, d) with turns apart, batch after batch.

    A thread reads, prepares and computes a batch from beginning to end, on one core. So decoding
    goes on beside computing, and no sum depends on the number of threads.

    Args:
        engine: What computes.
        reads: One call for each image; called once, in a worker thread.
        batch_size: Images that are computed together.
        threads: Batches at a time.
    """
    views = engine.views

    def encode(batch: list[ReadImage]) -> np.ndarray:
        images = [views.squares(read()) for read in batch]
        found = [
            engine.backend.run(np.stack(squares), views.turns)
            for squares in zip(*images, strict=True)
        ]
        return views.join(np.concatenate(found), engine.widths)

    with one_thread():
        yield from work_ahead(encode, _batches(reads, batch_size), threads, threads)


def encode_on_device(
    engine: Engine,
    reads: Iterable[ReadImage],
    batch_size: int,
    threads: int,
) -> Iterator[np.ndarray]:
    """The same where a GPU computes: threads read and prepare the batches that come next.

    They write them into pinned memory, from where the GPU fetches them by itself, and the next
    batch is queued before the last one's vectors are waited for.
    """
    views, backend = engine.views, engine.backend
    if not isinstance(backend, TorchBackend):
        raise TypeError(f"only torch computes on a device, not {backend.name}")

    def prepare(batch: list[ReadImage]) -> list[Tensor]:
        rooms = [
            torch.empty((len(batch), size, size, 3), dtype=torch.uint8, pin_memory=backend.pinned)
            for size in views.sizes
        ]
        for number, read in enumerate(batch):
            for room, square in zip(rooms, views.squares(read()), strict=True):
                room.numpy()[number] = square
        return rooms

    queued: deque[list[Callable[[], np.ndarray]]] = deque()
    for rooms in work_ahead(prepare, _batches(reads, batch_size), threads, threads + _QUEUED):
        queued.append([backend.launch(room, views.turns) for room in rooms])
        if len(queued) == _QUEUED:
            yield _finish(queued.popleft(), views, engine.widths)
    while queued:
        yield _finish(queued.popleft(), views, engine.widths)


def _finish(
    waits: list[Callable[[], np.ndarray]], views: Views, widths: Sequence[int]
) -> np.ndarray:
    return views.join(np.concatenate([wait() for wait in waits]), widths)


def _batches(reads: Iterable[ReadImage], size: int) -> Iterator[list[ReadImage]]:
    source = iter(reads)
    while batch := list(islice(source, size)):
        yield batch

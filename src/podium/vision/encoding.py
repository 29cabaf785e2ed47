"""Computing batches of prepared images while the next ones are read.

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

Squares = Sequence[np.ndarray]
"""One image as a square of each size, see `podium.vision.image_views.Views`."""

# Batches on a device at a time: one that computes, and one that waits behind it.
_QUEUED = 2


def encode_on_cpu(
    engine: Engine,
    prepared: Iterable[Squares],
    batch_size: int,
    threads: int,
) -> Iterator[np.ndarray]:
    """Vectors float32 (b, d), or (b, turns, d) with turns apart, batch after batch.

    A batch is computed from beginning to end on one core, so that no sum depends on the number of
    threads.

    Args:
        engine: What computes.
        prepared: The images; taken in the caller's thread.
        batch_size: Images that are computed together.
        threads: Batches at a time.
    """
    views = engine.views

    def encode(batch: list[Squares]) -> np.ndarray:
        found = [
            engine.backend.run(np.stack(squares), views.turns)
            for squares in zip(*batch, strict=True)
        ]
        return views.join(np.concatenate(found), engine.widths)

    with one_thread():
        yield from work_ahead(encode, _batches(prepared, batch_size), threads, threads)


def encode_on_device(
    engine: Engine,
    prepared: Iterable[Squares],
    batch_size: int,
) -> Iterator[np.ndarray]:
    """The same where a GPU computes.

    A batch is written into pinned memory, from where the GPU fetches it by itself, and the next
    one is queued before the last one's vectors are waited for.
    """
    views, backend = engine.views, engine.backend
    if not isinstance(backend, TorchBackend):
        raise TypeError(f"only torch computes on a device, not {backend.name}")

    def together(squares: tuple[np.ndarray, ...]) -> Tensor:
        shape = (len(squares), *squares[0].shape)
        room = torch.empty(shape, dtype=torch.uint8, pin_memory=backend.pinned)
        np.stack(squares, out=room.numpy())
        return room

    queued: deque[list[Callable[[], np.ndarray]]] = deque()
    for batch in _batches(prepared, batch_size):
        rooms = [together(squares) for squares in zip(*batch, strict=True)]
        queued.append([backend.launch(room, views.turns) for room in rooms])
        if len(queued) == _QUEUED:
            yield _finish(queued.popleft(), views, engine.widths)
    while queued:
        yield _finish(queued.popleft(), views, engine.widths)


def _finish(
    waits: list[Callable[[], np.ndarray]], views: Views, widths: Sequence[int]
) -> np.ndarray:
    return views.join(np.concatenate([wait() for wait in waits]), widths)


def _batches(prepared: Iterable[Squares], size: int) -> Iterator[list[Squares]]:
    source = iter(prepared)
    while batch := list(islice(source, size)):
        yield batch

"""Images per second on the pipeline's own way from a folder to vectors, and in its two halves."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from podium.common.shards import shard_ranges
from podium.retrieval.encoders import encoder_shards, image_reader
from podium.retrieval.local_features import no_features, pack_features
from podium.vision.image_folder import ImageFolder
from podium.vision.pretrained import PretrainedEncoder

SHARD = 512
HEADER = ("decoding only", "computing only", "both at once", "beside the slower")
NOTE = (
    "The last columns are the pipeline's own way (`encoder_shards`, shards of "
    f"{SHARD} images, images/s): decoding and preparing alone, computing alone on images that are "
    "prepared already, and both at once. Where they do not share cores, both at once should be as "
    "fast as the slower of the two; on a CPU they share them."
)


def path_speeds(encoder: PretrainedEncoder, files: list[Path], count: int) -> dict[str, float]:
    """Decode, compute, and do both, shard by shard at the encoder's batch size.

    Args:
        encoder: Warm: the first batch is behind it.
        files: In one folder; gone through in turns.
        count: Images in all.

    Returns:
        Images per second of `decoding_only`, `computing_only` and `both_at_once`.
    """
    names = tuple(islice(cycle(path.name for path in files), count))
    folder, ranges = ImageFolder(files[0].parent, names), shard_ranges(count, SHARD)
    threads = encoder.threads
    prepared = [encoder.views.squares(folder.read(at, None)) for at in range(min(len(files), 64))]

    def decode() -> None:
        reader = image_reader(encoder, folder, ranges, threads)
        for place in range(len(ranges)):
            deque(reader.take(place), maxlen=0)

    def compute() -> None:
        for part in ranges:
            encoder.encode_prepared(islice(cycle(prepared), len(part)))

    nothing = pack_features([no_features()] * count)
    work = encoder_shards(
        "encoder", encoder, folder, nothing, "benchmark", shard_size=SHARD, threads=threads
    )

    def both() -> None:
        for place in range(work.count):
            work.compute(place)

    return {
        "decoding_only": speed(decode, count),
        "computing_only": speed(compute, count),
        "both_at_once": speed(both, count),
    }


def path_columns(found: dict[str, float]) -> list[Any]:
    """What `path_speeds` found, as the columns of `HEADER`."""
    slower = min(found["decoding_only"], found["computing_only"])
    return [*found.values(), found["both_at_once"] / slower]


def speed(work: Callable[[], object], count: int) -> float:
    """Times a second that something is done, where work does it count times."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)

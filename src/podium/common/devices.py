"""Where torch computes, in which precision, and the same bytes again.

torch is loaded inside the functions, so that the module itself is light.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Precision = Literal["auto", "float32", "bfloat16", "float16"]


def choose_device(wanted: str) -> str:
    """The GPU where there is one and none is named.

    Raises:
        ValueError: for a name that torch does not know, or a GPU that is not there.
    """
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(wanted).type
    except RuntimeError as error:
        raise ValueError(f"device: {wanted!r} is not a device of torch") from error
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device: {wanted!r}, but torch sees no GPU")
    return wanted


def choose_precision(wanted: Precision, device: str) -> str:
    """Mixed precision on a GPU, bfloat16 where it has that; float32 on a CPU."""
    import torch

    if wanted != "auto":
        return wanted
    if not device.startswith("cuda"):
        return "float32"
    return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"


@contextmanager
def reproducible(seed: int, device: str, strict: bool = True) -> Iterator[None]:
    """Seeds of torch, one thread, and algorithms that give the same bytes again; restored after.

    Args:
        seed: Of torch's own generators.
        device: Name of torch.
        strict: Refuse operations that have no such algorithm; else torch warns of them.
    """
    import torch

    # cuBLAS adds up in a fixed order only with a workspace of fixed size.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before, threads = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    warned = torch.is_deterministic_algorithms_warn_only_enabled()
    devices = [torch.cuda.current_device()] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True, warn_only=not strict)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before, warn_only=warned)
            torch.set_num_threads(threads)

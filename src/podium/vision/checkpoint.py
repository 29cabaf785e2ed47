"""The files of a pretrained vision model: found in a folder or the hub's cache, loaded safely."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.common.errors import PodiumError

if TYPE_CHECKING:
    from torch import nn

CONFIG = "config.json"
# Newer checkpoints of models with text keep the settings of the images in the second one.
PROCESSOR_CONFIGS = ("preprocessor_config.json", "processor_config.json")
_WEIGHTS = "*.safetensors"
_HUB_FILES = (CONFIG, *PROCESSOR_CONFIGS, _WEIGHTS, "*.safetensors.index.json")
_HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
# What no vector depends on: BERT's pooler, for the class token itself is taken, and the token that
# stands for masked patches.
_UNUSED_WEIGHTS = re.compile(r"pooler\.dense\.(weight|bias)$|mask_token$")


class CheckpointError(PodiumError):
    """A pretrained model that is not there or cannot be used."""


def find_checkpoint(model: str, revision: str | None = None, local_files_only: bool = True) -> Path:
    """The folder that holds a model's files.

    Args:
        model: A local folder, or a name on the Hugging Face hub such as "facebook/dinov2-large".
        revision: Branch, tag or commit on the hub.
        local_files_only: Look into the hub's local cache only and never ask the network.

    Returns:
        A folder with config.json, a preprocessor's configuration and weights as safetensors.

    Raises:
        CheckpointError: if there is none, with the way to get it.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        if not _HUB_NAME.fullmatch(model):
            raise CheckpointError(f"the folder of the model, {model}, does not exist")
        folder = _in_hub_cache(model, revision, local_files_only)
    wanted = {
        CONFIG: [CONFIG],
        PROCESSOR_CONFIGS[0]: list(PROCESSOR_CONFIGS),
        f"weights as {_WEIGHTS}": [_WEIGHTS],
    }
    missing = [
        name
        for name, patterns in wanted.items()
        if not any(any(folder.glob(pattern)) for pattern in patterns)
    ]
    if missing:
        raise CheckpointError(
            f"the model {model} is not complete: {', '.join(missing)} missing in {folder}"
            + ("" if folder == Path(model).expanduser() else f"; {_how_to_fetch(model, revision)}")
        )
    return folder


def hash_checkpoint(folder: Path) -> str:
    """SHA-256, in hex, of the names and contents of a model's files."""
    names = {CONFIG, *PROCESSOR_CONFIGS}
    files = [
        path for path in folder.iterdir() if path.name in names or path.suffix == ".safetensors"
    ]
    digest = hashlib.sha256()
    for path in sorted(files):
        facts = path.stat()
        digest.update(
            f"{path.name} {_hash_file(path, facts.st_size, facts.st_mtime_ns)}\n".encode()
        )
    return digest.hexdigest()


def load_vision_model(folder: Path) -> nn.Module:
    """The network of a checkpoint, or the vision half of one that has text too, in float32.

    Weights are read from safetensors only, and code that comes with a checkpoint is never run.

    Args:
        folder: From `find_checkpoint`.

    Raises:
        CheckpointError: if transformers does not know the model, it does not take images, or
            weights that it needs are missing from the file and would be random.
    """
    model, wrong_weights = _load(folder)
    two_sided = getattr(model.config, "vision_config", None) is not None
    tower = getattr(model, "vision_model", None) if two_sided else model
    if tower is None or getattr(tower, "main_input_name", "pixel_values") != "pixel_values":
        raise CheckpointError(f"the model in {folder} ({type(model).__name__}) takes no images")
    prefix = "vision_model." if two_sided else ""
    random = sorted(
        key for key in wrong_weights if key.startswith(prefix) and not _UNUSED_WEIGHTS.search(key)
    )
    if random:
        raise CheckpointError(
            f"the weights in {folder} lack {len(random)} that {type(model).__name__} needs, "
            f"such as {random[0]}; it would compute with random numbers"
        )
    return tower.eval().requires_grad_(False)


def _load(folder: Path) -> tuple[Any, set[str]]:
    """The model, and the names of its weights that the files lack or have in another shape."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModel

    try:
        with _quiet():
            model, found = AutoModel.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                dtype=torch.float32,
                ignore_mismatched_sizes=True,  # so that they can be told by name
                output_loading_info=True,
            )
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(f"the model in {folder} cannot be loaded: {error}") from error
    return model, {*found["missing_keys"], *(key for key, *_ in found["mismatched_keys"])}


@lru_cache(maxsize=256)
def _hash_file(path: Path, size: int, modified: int) -> str:
    """Read a file once in a process, as long as size and time of change stay."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _in_hub_cache(model: str, revision: str | None, local_files_only: bool) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        found = snapshot_download(
            model,
            revision=revision,
            allow_patterns=list(_HUB_FILES),
            local_files_only=local_files_only,
        )
    # Each is the hub's way to say that it is not there, cannot be reached or may not be read.
    except (OSError, HFValidationError, ValueError) as error:
        where = (
            "neither a folder nor in the local cache of the Hugging Face hub (nor was the hub "
            "asked: local_files_only)"
            if local_files_only
            else f"no folder, and not to be had from the Hugging Face hub ({_first_line(error)})"
        )
        raise CheckpointError(
            f"the model {model} is {where}; {_how_to_fetch(model, revision)}"
        ) from error
    return Path(found)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' bar and its report of weights, which are judged here."""
    from transformers.utils import logging

    switches: Any = logging  # its functions have no types
    shown, level = switches.is_progress_bar_enabled(), switches.get_verbosity()
    switches.disable_progress_bar()
    switches.set_verbosity_error()
    try:
        yield
    finally:
        switches.set_verbosity(level)
        if shown:
            switches.enable_progress_bar()


def _how_to_fetch(model: str, revision: str | None) -> str:
    version = f" --revision {revision}" if revision else ""
    return (
        f"fetch it once, where there is a network, with `hf download {model}{version} "
        "--include '*.json' --include '*.safetensors'`, or name a local folder that holds "
        f"{CONFIG}, {PROCESSOR_CONFIGS[0]} and model.safetensors"
    )

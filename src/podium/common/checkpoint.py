"""The files of a pretrained model of transformers: found in a folder or the hub, loaded safely."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from podium.common.errors import PodiumError

CONFIG = "config.json"
_WEIGHTS = "*.safetensors"
_HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
# What no vector depends on: BERT's pooler, for the class token itself is taken, and the token that
# stands for masked patches.
_UNUSED_WEIGHTS = re.compile(r"pooler\.dense\.(weight|bias)$|mask_token$")


class CheckpointError(PodiumError):
    """A pretrained model that is not there or cannot be used."""


@dataclass(frozen=True)
class CheckpointFiles:
    """What a kind of model needs beside configuration and weights.

    Attributes:
        needed: One of these has to be there; the first is the usual one.
        helpful: Read where they are there.
    """

    needed: tuple[str, ...]
    helpful: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, and the configuration."""
        return (CONFIG, *self.needed, *self.helpful)


def find_checkpoint(
    model: str,
    files: CheckpointFiles,
    revision: str | None = None,
    local_files_only: bool = True,
) -> Path:
    """The folder that holds a model's files.

    Args:
        model: A local folder, or a name on the Hugging Face hub such as "facebook/dinov2-large".
        files: What it has to hold beside config.json and weights as safetensors.
        revision: Branch, tag or commit on the hub.
        local_files_only: Look into the hub's local cache only and never ask the network.

    Raises:
        CheckpointError: if there is none, with the way to get it.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        if not _HUB_NAME.fullmatch(model):
            raise CheckpointError(f"the folder of the model, {model}, does not exist")
        folder = _in_hub_cache(model, files, revision, local_files_only)
    wanted = {
        CONFIG: (CONFIG,),
        files.needed[0]: files.needed,
        f"weights as {_WEIGHTS}": (_WEIGHTS,),
    }
    missing = [
        name
        for name, patterns in wanted.items()
        if not any(any(folder.glob(pattern)) for pattern in patterns)
    ]
    if missing:
        how = f"; {_how_to_fetch(model, files, revision)}"
        raise CheckpointError(
            f"the model {model} is not complete: {', '.join(missing)} missing in {folder}"
            + ("" if folder == Path(model).expanduser() else how)
        )
    return folder


def hash_checkpoint(folder: Path, files: CheckpointFiles) -> str:
    """SHA-256, in hex, of the names and contents of a model's files."""
    names = set(files.names)
    found = [
        path for path in folder.iterdir() if path.name in names or path.suffix == ".safetensors"
    ]
    digest = hashlib.sha256()
    for path in sorted(found):
        facts = path.stat()
        digest.update(
            f"{path.name} {_hash_file(path, facts.st_size, facts.st_mtime_ns)}\n".encode()
        )
    return digest.hexdigest()


def load_network(folder: Path) -> tuple[Any, set[str]]:
    """The network of a checkpoint in float32.

    Weights are read from safetensors only, and code that comes with a checkpoint is never run.

    Args:
        folder: From `find_checkpoint`.

    Returns:
        The network, and the names of its weights that the files lack or have in another shape.

    Raises:
        CheckpointError: if transformers does not know the model or cannot read the files.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModel

    try:
        with quiet():
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


def refuse_random_weights(
    folder: Path, model: Any, wrong: set[str], prefix: str | tuple[str, ...] = ""
) -> None:
    """Refuse a network that would compute with weights that nobody learned.

    Args:
        folder: Where it comes from.
        model: From `load_network`.
        wrong: The names from there.
        prefix: Of the names of the part that is used; several where it has several.

    Raises:
        CheckpointError: if one of them moves a vector.
    """
    random = sorted(
        key for key in wrong if key.startswith(prefix) and not _UNUSED_WEIGHTS.search(key)
    )
    if random:
        raise CheckpointError(
            f"the weights in {folder} lack {len(random)} that {type(model).__name__} needs, "
            f"such as {random[0]}; it would compute with random numbers"
        )


@contextmanager
def quiet() -> Iterator[None]:
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


@lru_cache(maxsize=256)
def _hash_file(path: Path, size: int, modified: int) -> str:
    """Read a file once in a process, as long as size and time of change stay."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _in_hub_cache(
    model: str, files: CheckpointFiles, revision: str | None, local_files_only: bool
) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        found = snapshot_download(
            model,
            revision=revision,
            allow_patterns=[*files.names, _WEIGHTS, "*.safetensors.index.json"],
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
            f"the model {model} is {where}; {_how_to_fetch(model, files, revision)}"
        ) from error
    return Path(found)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _how_to_fetch(model: str, files: CheckpointFiles, revision: str | None) -> str:
    version = f" --revision {revision}" if revision else ""
    return (
        f"fetch it once, where there is a network, with `hf download {model}{version} "
        f"{_includes(files)}`, or name a local folder that holds {CONFIG}, {files.needed[0]} and "
        "model.safetensors"
    )


def _includes(files: CheckpointFiles) -> str:
    patterns = ["*.json", _WEIGHTS]
    patterns += [name for name in (*files.needed, *files.helpful) if not name.endswith(".json")]
    return " ".join(f"--include '{pattern}'" for pattern in patterns)

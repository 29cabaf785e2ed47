"""Vectors of texts by any pretrained text model of transformers, as it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podium.common.arguments import above, one_of, several
from podium.common.checkpoint import find_checkpoint, hash_checkpoint
from podium.common.devices import Precision, choose_device, choose_precision
from podium.common.ordered_work import work_ahead
from podium.common.progress import track
from podium.common.threads import available_cores, one_thread
from podium.pricing.text_checkpoint import TEXT_FILES, TextPooling, load_tokenizer
from podium.pricing.text_tokens import Tokens, distinct_rows, length_batches, padded, tokenise

if TYPE_CHECKING:
    from podium.pricing.text_pooling import PooledText

Floats = NDArray[np.float32]

_ALGORITHM = 1
"""Raised whenever the same parameters give other vectors."""

_GPU_BATCH, _CPU_BATCH = 256, 16


class TextEncoder:
    """One vector of unit length per text.

    A text is cut into the model's own tokens, the states of its tokens are pooled, each pooling's
    block is brought to unit length, and blocks are joined with equal weight. Texts of about the
    same length are computed together, and each different text once.

    On a CPU the bytes are the same for any number of threads, as long as the texts are the same;
    among other texts, and with another batch size, the last digits move. On a GPU the same holds
    for the same card and libraries.
    """

    def __init__(
        self,
        model: str,
        pooling: TextPooling | Sequence[TextPooling] = "mean",
        max_length: int = 256,
        tail_length: int = 32,
        batch_size: int | None = None,
        precision: Precision = "auto",
        device: str = "auto",
        threads: int | None = None,
        revision: str | None = None,
        local_files_only: bool = True,
    ) -> None:
        """Declare the encoder; nothing is read before it is used.

        Args:
            model: A local folder with config.json, tokenizer.json and safetensors, or a name on
                the Hugging Face hub.
            pooling: "cls" or "mean", or both, joined; what the model was trained with.
            max_length: Most tokens of a text.
            tail_length: How many of them are kept of the end of a longer text.
            batch_size: Texts computed together; by default 256 on a GPU and 16 on a CPU.
            precision: "auto" is mixed precision on a GPU and float32 on a CPU.
            device: "auto" for a GPU where there is one, else torch's name of it.
            threads: Batches computed at a time on a CPU; by default one for each core.
            revision: Branch, tag or commit on the hub.
            local_files_only: Never ask the network; a model that is not here is an error then.

        Raises:
            ValueError: for a value that is none of these.
        """
        self.model, self.revision, self.local_files_only = model, revision, local_files_only
        self.pooling: tuple[TextPooling, ...] = several("pooling", pooling, str)
        for name in self.pooling:
            one_of("pooling", name, TextPooling)
        self.max_length = int(above("max_length", max_length, 1))
        self.tail_length = int(above("tail_length", tail_length, -1, max_length - 1))
        self.batch_size = None if batch_size is None else int(above("batch_size", batch_size, 0))
        self.precision = one_of("precision", precision, Precision)
        self.device = device
        self.threads = available_cores() if threads is None else int(above("threads", threads, 0))

    def encode(self, texts: Sequence[object]) -> Floats:
        """Encode texts.

        Args:
            texts: n texts; anything but a text counts as an empty one.

        Returns:
            float32 (n, d), rows of unit length in the order of the texts.

        Raises:
            CheckpointError: if the model is not there, cannot be used, or takes no such length.
            ValueError: for a device that is not there.
        """
        tokens = tokenise(self._tokenizer, texts, self.max_length, self.tail_length)
        distinct, places = distinct_rows(tokens)
        on_cpu = self._device == "cpu"
        size = self.batch_size or (_CPU_BATCH if on_cpu else _GPU_BATCH)
        batches = length_batches(distinct, size)
        vectors = np.empty((len(distinct), self.dimension), np.float32)
        with one_thread():
            computed = self._computed(distinct, batches, self.threads if on_cpu else 1)
            work = track(computed, "Texts", len(batches), unit="batches")
            for rows, found in zip(batches, work, strict=True):
                vectors[rows] = found
        return vectors[places]

    def fingerprint(self) -> str:
        """A key for stored vectors, in hex: the model's files, and all that moves a vector.

        What moves its last digits only (batch size, threads) is not part of it.

        Raises:
            CheckpointError: if the model is not there.
        """
        facts = {
            "algorithm": _ALGORITHM,
            "files": hash_checkpoint(self._folder, TEXT_FILES),
            "pooling": self.pooling,
            "max_length": self.max_length,
            "tail_length": self.tail_length,
            "precision": choose_precision(self.precision, self._device),
        }
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    @property
    def dimension(self) -> int:
        """Length of a vector; loads the model.

        Raises:
            CheckpointError: see `encode`.
        """
        return self._network[1]

    def __getstate__(self) -> dict[str, Any]:
        """Without what is in memory, which is read again from the checkpoint."""
        read = ("_network", "_tokenizer", "_folder")
        return {name: value for name, value in self.__dict__.items() if name not in read}

    def _computed(
        self, tokens: Tokens, batches: list[NDArray[np.int64]], threads: int
    ) -> Iterator[Floats]:
        """Vectors of each batch; a thread computes a batch from beginning to end, on one core."""
        import torch

        network, device = self._network[0], torch.device(self._device)
        dtype = getattr(torch, choose_precision(self.precision, self._device))

        def compute(rows: NDArray[np.int64]) -> Floats:
            given = torch.from_numpy(padded(tokens, rows)).to(device)
            # Here, for both hold for one thread.
            with (
                torch.inference_mode(),
                torch.autocast(device.type, dtype, dtype != torch.float32),
            ):
                found: Any = network(given)
            return found.float().cpu().numpy()

        return work_ahead(compute, batches, threads, threads)

    @cached_property
    def _network(self) -> tuple[PooledText, int]:
        from podium.pricing.text_pooling import load_pooled_text

        with one_thread():
            pooled, width = load_pooled_text(
                self._folder, self._tokenizer, self.pooling, self.max_length
            )
        return pooled.to(self._device), width

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self._folder)

    @cached_property
    def _folder(self) -> Path:
        return find_checkpoint(self.model, TEXT_FILES, self.revision, self.local_files_only)

    @property
    def _device(self) -> str:
        return choose_device(self.device)

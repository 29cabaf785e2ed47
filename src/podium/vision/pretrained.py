"""Vectors of images by any pretrained vision model of transformers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from podium.common.arguments import above, one_of, several
from podium.common.checkpoint import find_checkpoint, hash_checkpoint
from podium.common.devices import Precision, choose_device, choose_precision
from podium.common.ordered_work import work_ahead
from podium.common.threads import available_cores, one_thread
from podium.vision.checkpoint import VISION_FILES
from podium.vision.encoder_options import BackendName, Framing, Pooling, Rotations

if TYPE_CHECKING:
    from podium.vision.image_views import Views
    from podium.vision.loading import Engine

Images = Iterable[np.ndarray] | Callable[[int], np.ndarray]
"""Images one by one, or what reads the image of an index; uint8 (h, w, 3), each of its own size."""

_ALGORITHM = 1
"""Raised whenever the same parameters give other vectors."""

_GPU_BATCH, _CPU_BATCH = 64, 8
_BATCHES_AHEAD = 2


class PretrainedEncoder:
    """One vector of unit length per image.

    Each image is brought to a square of every size (see `podium.vision.preprocessing.to_square`
    for the two ways) and, where wanted, turned four times. The model sees every such view, its
    output is pooled, and each pooling's block is L2-normalised; blocks are averaged over the views,
    normalised again and joined with equal weight.

    - Pooling "cls" takes what the model itself makes of the image: the class token, SigLIP's
      attention-pooled token, the pooled map of a convolutional network. "gem" is the generalised
      mean of the local features (Radenovic, Tolias and Chum 2018), "mean" their mean. Class and
      register tokens are no local features.
    - Other sizes than the model was trained with need its position embeddings to be interpolated;
      that is done where the model can.
    - The next images are read and prepared in threads while a batch is computed; no more than
      `images_ahead` of them wait.
    - On a CPU the bytes are the same for any number of threads, as long as batches hold the same
      images and the same backend computes; another batch size or backend moves the last digits.
      On a GPU the same holds for the same card and libraries.
    """

    def __init__(
        self,
        model: str,
        pooling: Pooling | Sequence[Pooling] = "cls",
        sizes: int | Sequence[int] = 224,
        gem_power: float = 3.0,
        rotations: Rotations = "none",
        framing: Framing = "crop",
        crop_fraction: float = 1.0,
        batch_size: int | None = None,
        precision: Precision = "auto",
        backend: BackendName = "auto",
        device: str = "auto",
        compiled: bool = False,
        threads: int | None = None,
        cache_folder: str | Path | None = None,
        revision: str | None = None,
        local_files_only: bool = True,
    ) -> None:
        """Declare the encoder; nothing is read before it is used.

        Args:
            model: A local folder with config.json, preprocessor_config.json and safetensors, or a
                name on the Hugging Face hub.
            pooling: "cls", "gem" or "mean", or several of them, joined.
            sizes: Sides of the square that the model sees, in pixels; several are averaged.
            gem_power: Power of "gem".
            rotations: "mean" averages the views turned by quarters of a full turn; "each" keeps
                them apart, see `podium.retrieval.turned_views`.
            framing: "crop" takes the middle square, "squash" presses the whole image into one.
            crop_fraction: Share of the shorter side that "crop" keeps.
            batch_size: Images computed together; by default 64 on a GPU and 8 on a CPU.
            precision: "auto" is mixed precision on a GPU and float32 on a CPU.
            backend: On a CPU: "torch", "onnx", or "auto" for the faster one, see
                `podium.vision.backend_choice`.
            device: "auto" for a GPU where there is one, else torch's name of it.
            compiled: Let torch.compile work on the model; slow to start, faster on a GPU.
            threads: Images that are read, and (on a CPU) batches that are computed, at a time; by
                default one for each core.
            cache_folder: Where exported ONNX networks and the choice are kept; by default in a
                folder that vanishes with the process.
            revision: Branch, tag or commit on the hub.
            local_files_only: Never ask the network; a model that is not here is an error then.

        Raises:
            ValueError: for a value that is none of these.
        """
        self.model, self.revision, self.local_files_only = model, revision, local_files_only
        self.pooling: tuple[Pooling, ...] = several("pooling", pooling, str)
        for name in self.pooling:
            one_of("pooling", name, Pooling)
        self.sizes: tuple[int, ...] = several("sizes", sizes, int)
        above("sizes", min(self.sizes), 0)
        self.gem_power = above("gem_power", gem_power, 0)
        self.rotations = one_of("rotations", rotations, Rotations)
        self.framing = one_of("framing", framing, Framing)
        self.crop_fraction = above("crop_fraction", crop_fraction, 0, 1)
        self.precision = one_of("precision", precision, Precision)
        self.backend = one_of("backend", backend, BackendName)
        self.device, self.compiled = device, compiled
        self.batch_size = None if batch_size is None else int(above("batch_size", batch_size, 0))
        self.threads = available_cores() if threads is None else int(above("threads", threads, 0))
        self.cache_folder = None if cache_folder is None else Path(cache_folder)
        self._settled: BackendName | None = None

    def encode(self, images: Images, count: int | None = None) -> np.ndarray:
        """Encode images.

        Args:
            images: They themselves, or a function that reads the one of an index; the function is
                called from several threads.
            count: How many; needed for a function, checked otherwise.

        Returns:
            float32 (n, d), rows of unit length in the order of the images; with rotations "each"
            (n, 4, d), upright first.

        Raises:
            CheckpointError: if the model is not there, cannot be used, or takes no such size.
            ValueError: for an image that is not uint8 (h, w, 3), or another number of images than
                count. What the reading function raises comes up as it is.
        """
        if callable(images):
            if count is None:
                raise ValueError("a function that reads images needs their count")
            return self._encode(images, range(count))
        found = self._encode(lambda image: image, images)
        if count is not None and len(found) != count:
            raise ValueError(f"{count} images were announced, {len(found)} came")
        return found

    def encode_prepared(self, prepared: Iterable[Sequence[np.ndarray]]) -> np.ndarray:
        """See `encode`, of images that are prepared already.

        Args:
            prepared: Of each image what `views.squares` makes of it; taken as it is needed.
        """
        from podium.vision.encoding import encode_on_cpu, encode_on_device

        engine = self._engine
        if self._device == "cpu":
            batches = encode_on_cpu(engine, prepared, self._images_together, self.threads)
        else:
            batches = encode_on_device(engine, prepared, self._images_together)
        turns = (len(engine.views.turns),) if engine.views.apart else ()
        return np.concatenate([np.empty((0, *turns, sum(engine.widths)), np.float32), *batches])

    def settle(self) -> Self:
        """Choose what computes, once and for all: a copy or pickle of the encoder keeps to it.

        It is measured, and may fall otherwise the next time. The model is loaded only where there
        is a choice: with backend "auto", in float32 on a CPU.

        Raises:
            CheckpointError: see `encode`.
        """
        if (self._wanted, self._device, self._precision) == ("auto", "cpu", "float32"):
            self._settled = self._engine.backend.name
        return self

    def fingerprint(self) -> str:
        """A key for stored vectors, in hex: the model's files, and all that moves a vector.

        The kind of device and the backend are part of it, as vectors of two should not stand side
        by side; an open choice is settled. Threads move nothing. Batch size and `compiled` move
        last digits only, and may be changed in the midst of long work: they are not part of it.

        Raises:
            CheckpointError: see `encode`.
        """
        facts = {
            "algorithm": _ALGORITHM,
            "files": self._files_hash,
            "pooling": self.pooling,
            "sizes": self.sizes,
            "gem_power": self.gem_power,
            "rotations": self.rotations,
            "framing": self.framing,
            "crop_fraction": self.crop_fraction,
            "precision": self._precision,
            "computed_by": self._computed_by(),
        }
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    @property
    def dimension(self) -> int:
        """Length of a vector; loads the model.

        Raises:
            CheckpointError: see `encode`.
        """
        return sum(self._engine.widths)

    @property
    def chosen_backend(self) -> BackendName:
        """What computes, "torch" or "onnx"; loads the model.

        Raises:
            CheckpointError: see `encode`.
        """
        return self._engine.backend.name

    @property
    def views(self) -> Views:
        """What the model looks at; loads it. Squares may be made in several threads.

        Raises:
            CheckpointError: see `encode`.
        """
        return self._engine.views

    @property
    def images_ahead(self) -> int:
        """Prepared images that may wait, so that the next batch is there when one is done."""
        return _BATCHES_AHEAD * self._images_together + self.threads

    def __getstate__(self) -> dict[str, Any]:
        """Without what is in memory: files are looked at again."""
        loaded = ("_engine", "_folder", "_files_hash")
        return {name: value for name, value in self.__dict__.items() if name not in loaded}

    def _encode(self, read: Callable[[Any], np.ndarray], items: Iterable[Any]) -> np.ndarray:
        squares, threads = self.views.squares, self.threads
        prepared = work_ahead(lambda item: squares(read(item)), items, threads, self.images_ahead)
        with one_thread(), closing(prepared):
            return self.encode_prepared(prepared)

    @cached_property
    def _engine(self) -> Engine:
        from podium.vision.loading import load_engine

        return load_engine(
            self._folder,
            self._files_hash,
            self.pooling,
            self.gem_power,
            sizes=self.sizes,
            turns=(0,) if self.rotations == "none" else (0, 1, 2, 3),
            apart=self.rotations == "each",
            framing=self.framing,
            crop_fraction=self.crop_fraction,
            device=self._device,
            precision=self._precision,
            backend=self._wanted,
            compiled=self.compiled,
            cache_folder=self.cache_folder or Path(_folder_of_process().name),
        )

    @cached_property
    def _folder(self) -> Path:
        return find_checkpoint(self.model, VISION_FILES, self.revision, self.local_files_only)

    @cached_property
    def _files_hash(self) -> str:
        return hash_checkpoint(self._folder, VISION_FILES)

    def _computed_by(self) -> tuple[str, str]:
        """Kind of device, and backend."""
        backend = self.settle()._wanted
        return self._device.partition(":")[0], "torch" if backend == "auto" else backend

    @property
    def _wanted(self) -> BackendName:
        return self._settled if self._settled and self._device == "cpu" else self.backend

    @property
    def _images_together(self) -> int:
        return self.batch_size or (_CPU_BATCH if self._device == "cpu" else _GPU_BATCH)

    @property
    def _device(self) -> str:
        return choose_device(self.device)

    @property
    def _precision(self) -> str:
        return choose_precision(self.precision, self._device)


@cache
def _folder_of_process() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="podium-onnx-")

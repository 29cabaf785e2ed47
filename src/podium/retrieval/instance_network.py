"""Vectors by a network that learned on the given images to tell each from all others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from podium.common.arguments import above, one_of
from podium.common.checkpoint import find_checkpoint
from podium.common.devices import Precision, choose_device, choose_precision
from podium.common.errors import PodiumError
from podium.common.ordered_work import work_ahead
from podium.common.threads import available_cores, one_thread
from podium.retrieval.instance_views import TrainingPairs, shrink
from podium.vision.checkpoint import VISION_FILES
from podium.vision.encoder_options import Framing
from podium.vision.preprocessing import to_square

if TYPE_CHECKING:
    from podium.retrieval.instance_backbone import Architecture, InstanceModel
    from podium.retrieval.instance_training import InstancePlan

_ALGORITHM = 1
"""Raised whenever the same weights give other vectors."""

_FEWEST = 2
_ENCODED_TOGETHER = 32
# On two cores about a quarter of an hour.
_USUAL_PAIRS, _FEWEST_EPOCHS, _MOST_EPOCHS = 120_000, 4, 40
_RATE_FROM_RANDOM, _RATE_FROM_PRETRAINED = 1e-3, 1e-4
_PROJECTION_FACTOR = 10.0  # a pretrained model's projection is not pretrained


class TooFewImagesError(PodiumError):
    """Images that nothing can be told apart in."""


class InstanceNetwork:
    """A network that learns to find a simulated visitor photo's image among the others.

    No label is needed: each image is a class of its own (see `podium.retrieval.instance_training`
    for the method), and its photos have mixed effects of all strengths. Local features are pooled
    by the generalised mean and projected linearly.

    On a CPU the same seed gives the same bytes on any number of threads, unless a time limit comes
    into play: the schedule then follows the clock.

    Attributes:
        losses: Mean loss of each epoch, after `fit`; the last epoch may be cut short.
        longest_side: Of the images that are worth reading, px.
    """

    losses: list[float]

    def __init__(
        self,
        model: str | None = None,
        dimension: int = 256,
        size: int = 128,
        epochs: int | None = None,
        seconds: float | None = None,
        batch_size: int = 32,
        learning_rate: float | None = None,
        weight_decay: float = 0.05,
        temperature: float = 0.1,
        photo_size: int | None = None,
        turned: float = 0.25,
        framing: Framing = "crop",
        precision: Precision = "auto",
        device: str = "auto",
        seed: int = 0,
        threads: int | None = None,
        revision: str | None = None,
        local_files_only: bool = True,
    ) -> None:
        """Declare the network; nothing is read before it is used.

        Args:
            model: A vision model of transformers that is trained further: a local folder or a name
                on the Hugging Face hub. By default a small residual network from random weights.
            dimension: Of the vectors.
            size: Side of the square that the network sees, px.
            epochs: Passes over the images; 0 leaves the weights as they begin. By default so many
                that about 120,000 pairs are seen, but 4 at least and 40 at most.
            seconds: Time limit. The learning rate is down to zero by then, and training ends with
                the step in which the limit is exceeded.
            batch_size: Images of a step, each beside its photo.
            learning_rate: Highest rate; by default 1e-3, with a pretrained model 1e-4 and ten times
                that for the projection.
            weight_decay: Of AdamW.
            temperature: Of the loss.
            photo_size: Longest side at which photos are simulated, px; by default 1.5 times `size`.
            turned: Probability that a photo is turned by 90, 180 or 270 degrees, beside the 12 %
                that the simulation turns.
            framing: "crop" takes the middle of an image, "squash" presses all of it into the
                square.
            precision: Of training; "auto" is mixed precision on a GPU and float32 on a CPU.
            device: "auto" for a GPU where there is one, else torch's name of it.
            seed: Of weights, order and photos.
            threads: That draw and compute at a time; by default one for each core.
            revision: Branch, tag or commit on the hub.
            local_files_only: Never ask the network for a model.

        Raises:
            ValueError: for a value that is none of these.
        """
        self.model, self.revision, self.local_files_only = model, revision, local_files_only
        self.dimension = int(above("dimension", dimension, 0))
        self.size = int(above("size", size, 0))
        self.photo_size = int(above("photo_size", photo_size or round(1.5 * size), 0))
        self.longest_side = self.photo_size
        self.turned = above("turned", turned, -1e-12, 1)
        self.framing = one_of("framing", framing, Framing)
        self.epochs = None if epochs is None else int(above("epochs", epochs, -1))
        self.seconds = None if seconds is None else above("seconds", seconds, 0)
        self.batch_size = int(above("batch_size", batch_size, 1))
        usual = _RATE_FROM_RANDOM if model is None else _RATE_FROM_PRETRAINED
        rate = usual if learning_rate is None else learning_rate
        self.learning_rate = above("learning_rate", rate, 0)
        self.weight_decay = above("weight_decay", weight_decay, -1e-12)
        self.temperature = above("temperature", temperature, 0)
        self.precision = one_of("precision", precision, Precision)
        self.device = device
        self.seed = seed
        self.threads = available_cores() if threads is None else int(above("threads", threads, 0))

    def fit(self, read: Callable[[int], np.ndarray], count: int) -> Self:
        """Learn from images.

        Args:
            read: Gives the image of an index, uint8 (h, w, 3), each of its own size. Called from
                several threads, once for each image where all can be kept in memory at
                `photo_size`. `longest_side` is large enough.
            count: Number of images.

        Raises:
            TooFewImagesError: for fewer than two images.
            CheckpointError: if the pretrained model is not there or cannot be used.
            ValueError: for an image that is not uint8 (h, w, 3), or a device that is not there.
                What the reading function raises comes up as it is.
        """
        if count < _FEWEST:
            raise TooFewImagesError(f"at least {_FEWEST} images can be told apart, got {count}")
        import torch

        from podium.retrieval import instance_training as training

        device = choose_device(self.device)
        devices = [torch.cuda.current_device()] if device.startswith("cuda") else []
        with torch.random.fork_rng(devices=devices), one_thread():
            torch.manual_seed(self.seed)
            architecture, network = self._begin()
            pairs = TrainingPairs(
                read,
                self.seed,
                self.size,
                self.photo_size,
                self.framing,
                architecture.preprocessing.resample,
                self.turned,
            )
            self.losses = training.train(
                network,
                pairs.draw,
                count,
                self._plan(count),
                self.seed,
                device,
                choose_precision(self.precision, device),
                self.threads,
            )
        self._remember(architecture, network)
        return self

    def encode(self, images: Iterable[np.ndarray]) -> np.ndarray:
        """Encode images, on the CPU where the network's device is not there.

        Args:
            images: uint8 (h, w, 3), each of its own size; taken as they are needed.

        Returns:
            float32 (n, dimension), rows of unit length in the order of the images.

        Raises:
            RuntimeError: before `fit`.
            ValueError: for an image that is not uint8 (h, w, 3).
        """
        self._check_fitted()
        import torch

        device = self._device_to_encode()
        network = self._network.to(device)

        def encode(batch: list[np.ndarray]) -> np.ndarray:
            squares = np.stack([self._square(image) for image in batch])
            with torch.inference_mode():
                vectors: Any = network(torch.from_numpy(squares).to(device))
            return vectors.cpu().numpy()

        batches = _batches(images, _ENCODED_TOGETHER)
        with one_thread():
            parts = list(work_ahead(encode, batches, self.threads, self.threads))
        return np.concatenate([np.empty((0, self.dimension), np.float32), *parts])

    def fingerprint(self) -> str:
        """A key for stored vectors, in hex: the weights, and how images are brought to the network.

        Raises:
            RuntimeError: before `fit`.
        """
        self._check_fitted()
        preprocessing = self._architecture.preprocessing
        facts = (_ALGORITHM, self.size, self.photo_size, self.framing, preprocessing)
        digest = hashlib.sha256(repr(facts).encode())
        for name, weights in sorted(self._weights.items()):
            digest.update(f"{name} {weights.dtype} {weights.shape}".encode())
            digest.update(weights.tobytes())
        return digest.hexdigest()

    def __getstate__(self) -> dict[str, Any]:
        """Without the network in memory, which is built again of its weights."""
        return {name: value for name, value in self.__dict__.items() if name != "_network"}

    def _check_fitted(self) -> None:
        if not hasattr(self, "_weights"):
            raise RuntimeError("an instance network must be fitted before it encodes")

    def _begin(self) -> tuple[Architecture, InstanceModel]:
        from podium.retrieval.instance_backbone import pretrained_network, small_network

        if self.model is None:
            return small_network(self.dimension)
        folder = find_checkpoint(self.model, VISION_FILES, self.revision, self.local_files_only)
        return pretrained_network(folder, self.dimension, self.size)

    def _plan(self, count: int) -> InstancePlan:
        from podium.retrieval.instance_training import InstancePlan

        usual = min(max(round(_USUAL_PAIRS / count), _FEWEST_EPOCHS), _MOST_EPOCHS)
        factor = _PROJECTION_FACTOR if self.model else 1.0
        return InstancePlan(
            epochs=usual if self.epochs is None else self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            projection_rate=self.learning_rate * factor,
            weight_decay=self.weight_decay,
            temperature=self.temperature,
            seconds=self.seconds,
        )

    def _remember(self, architecture: Architecture, network: InstanceModel) -> None:
        from podium.retrieval.instance_backbone import to_arrays

        self._architecture, self._weights = architecture, to_arrays(network)
        self.__dict__.pop("_network", None)

    @cached_property
    def _network(self) -> InstanceModel:
        from podium.retrieval.instance_backbone import from_arrays

        return from_arrays(self._architecture, self._weights)

    def _square(self, image: np.ndarray) -> np.ndarray:
        """As in training: by way of the size at which photos are simulated."""
        resample = self._architecture.preprocessing.resample
        return to_square(shrink(image, self.photo_size), self.size, resample, self.framing)

    def _device_to_encode(self) -> str:
        try:
            return choose_device(self.device)
        except ValueError:
            return "cpu"


def _batches(images: Iterable[np.ndarray], size: int) -> Iterator[list[np.ndarray]]:
    source = iter(images)
    while batch := list(islice(source, size)):
        yield batch

"""Encoders of images as the Museum runs them: fitted where they learn, and encoding by shards."""

import pickle
import threading

import hostile_images as made
import numpy as np
import pytest
from kedro.io import DatasetError
from PIL import Image
from tiny_vision_models import save_tiny_model

from podium.array_datasets import ShardedArraysDataset
from podium.retrieval.encoders import encoder_shards, fit_encoder
from podium.retrieval.instance_network import InstanceNetwork
from podium.retrieval.local_features import no_features, pack_features
from podium.vision import backend_choice, encoding, pretrained
from podium.vision.image_folder import ImageFolder
from podium.vision.pretrained import PretrainedEncoder
from podium.vision.torch_backend import TorchBackend

NOTHING = pack_features([no_features()] * 5)
LONG_ENOUGH = 20.0


@pytest.fixture
def folder(tmp_path):
    for name in "abde":
        (tmp_path / f"{name}.png").write_bytes(made.encoded(made.picture(), "PNG"))
    (tmp_path / "c.png").write_bytes(b"no image")
    return ImageFolder.open(tmp_path)


@pytest.mark.parametrize(("rotations", "shape"), [("none", (5, 32)), ("each", (5, 4, 32))])
def test_a_pretrained_encoder_needs_no_fit_and_fills_every_row(
    folder, tmp_path_factory, rotations, shape
):
    checkpoint = str(save_tiny_model("vit", tmp_path_factory.mktemp("vit")))
    encoder = PretrainedEncoder(
        checkpoint, sizes=32, rotations=rotations, framing="squash", backend="torch", device="cpu"
    )
    usable = np.array([0, 1, 3, 4])
    assert fit_encoder(encoder, folder, NOTHING, usable, seed=0) is encoder
    work = encoder_shards("vit", encoder, folder, NOTHING, "source", shard_size=2)
    vectors = np.concatenate([work.compute(number)["vectors"] for number in range(work.count)])
    assert vectors.shape == shape
    filled = vectors.reshape(5, -1).any(axis=1)
    assert filled.tolist() == [True, True, False, True, True]


@pytest.mark.parametrize(
    ("own", "given", "expected"),
    [(None, 0.2, 0.2), (9, 0.2, 0.2), (0.1, 5, 0.1), (None, None, None)],
)
def test_a_network_learns_no_longer_than_the_run_has_time(folder, own, given, expected):
    small = {"size": 32, "photo_size": 48, "dimension": 8, "batch_size": 4, "device": "cpu"}
    network = InstanceNetwork(**small, epochs=2 if expected is None else 4000, seconds=own)
    limit = {} if given is None else {"seconds": given}
    fitted = fit_encoder(network, folder, NOTHING, np.array([0, 1, 3, 4]), seed=0, **limit)
    assert fitted.seconds == expected
    assert len(fitted.losses) < 4000


@pytest.fixture(scope="module")
def resnet(tmp_path_factory):
    return str(save_tiny_model("resnet", tmp_path_factory.mktemp("resnet")))


@pytest.fixture
def many(tmp_path):
    """16 images; the fifth and the last of them cannot be read."""
    generator, root = np.random.default_rng(0), tmp_path / "many"
    root.mkdir()
    for number in range(16):
        pixels = generator.integers(0, 256, (40 + number, 44, 3), np.uint8)
        picture = made.encoded(Image.fromarray(pixels), "PNG")
        content = b"no image" if number in (4, 15) else picture
        (root / f"{number:02d}.png").write_bytes(content)
    return ImageFolder.open(root)


@pytest.fixture
def on_device(monkeypatch):
    """What computes on a GPU, on the CPU."""

    def encode(engine, prepared, batch_size, threads):
        return encoding.encode_on_device(engine, prepared, batch_size)

    monkeypatch.setattr(encoding, "encode_on_cpu", encode)


def shards(encoder, folder, shard_size, threads=1):
    nothing = pack_features([no_features()] * len(folder))
    return encoder_shards(
        "encoder", encoder, folder, nothing, "source", shard_size=shard_size, threads=threads
    )


def watch_reading(monkeypatch, before=lambda index: None):
    """Indices of the images whose reading has begun."""
    whole, begun = ImageFolder.read, []

    def read(self, index, longest_side):
        begun.append(index)
        before(index)
        return whole(self, index, longest_side)

    monkeypatch.setattr(ImageFolder, "read", read)
    return begun


def by_torch(model, threads, **arguments):
    defaults = {"sizes": 32, "batch_size": 2, "backend": "torch", "device": "cpu"}
    return PretrainedEncoder(model, threads=threads, **{**defaults, **arguments})


def test_the_first_batch_is_computed_before_the_rest_of_a_shard_is_read(
    resnet, many, monkeypatch, on_device
):
    launched, waited = threading.Event(), []

    def hold(index):
        if index >= 4:
            waited.append(launched.wait(LONG_ENOUGH))

    watch_reading(monkeypatch, hold)
    launch = TorchBackend.launch

    def noted(*arguments):
        launched.set()
        return launch(*arguments)

    monkeypatch.setattr(TorchBackend, "launch", noted)
    shards(by_torch(resnet, 16), many, shard_size=16, threads=16).all()
    assert len(waited) == 12 and all(waited)


@pytest.mark.parametrize("way", ["cpu", "device"])
def test_images_of_the_next_shard_are_read_while_one_is_computed_and_no_more_than_may_wait(
    resnet, many, monkeypatch, way, request
):
    if way == "device":
        request.getfixturevalue("on_device")
    encoder, ahead = by_torch(resnet, 2), threading.Event()
    begun = watch_reading(monkeypatch, lambda index: ahead.set() if index >= 6 else None)
    run, most = TorchBackend.launch, []

    def patient(*arguments):
        found = ahead.wait(LONG_ENOUGH)
        most.append((found, len(begun)))
        return run(*arguments)

    monkeypatch.setattr(TorchBackend, "launch", patient)
    work = shards(encoder, many, shard_size=6, threads=2)
    first = work.compute(0)["vectors"]
    assert all(found for found, _ in most)
    # Those that wait, those that are in batches, and one whose reading just began.
    assert max(count for _, count in most) <= encoder.images_ahead + 6
    assert encoder.images_ahead == 6
    rest = [work.compute(number)["vectors"] for number in (1, 2)]
    assert sorted(begun) == list(range(16))
    assert not any(thread.name.startswith("podium") for thread in threading.enumerate())
    alone = shards(by_torch(resnet, 1), many, shard_size=6)
    for number, vectors in ((2, rest[1]), (0, first), (1, rest[0])):
        assert alone.compute(number)["vectors"].tobytes() == vectors.tobytes()
    filled = np.concatenate([first, *rest]).any(axis=1)
    assert np.flatnonzero(~filled).tolist() == [4, 15]


def test_unreadable_images_leave_no_gap_in_a_batch(resnet, many):
    """So that what is computed together does not depend on who sorts them out."""
    encoder = by_torch(resnet, 3, batch_size=4)
    readable = [many.read(index, 64) for index in range(16) if index not in (4, 15)]
    found = shards(encoder, many, shard_size=16, threads=3).all()["vectors"]
    assert found[found.any(axis=1)].tobytes() == encoder.encode(readable).tobytes()


class Resumed:
    """A run of a measured choice that can be stopped and taken up in a new process."""

    def __init__(self, monkeypatch, folder, model):
        self.folder, self.model, self._monkeypatch = folder, model, monkeypatch
        self.seconds = {}
        monkeypatch.setattr(backend_choice, "_time_side_by_side", lambda *_: self.seconds)

    def new_process(self, faster):
        self.seconds.update({"torch": 2.0, "onnx": 2.0, faster: 1.0})
        pretrained._folder_of_process.cache_clear()

    def fitted(self):
        """The encoder as it is stored."""
        encoder = PretrainedEncoder(self.model, sizes=32, batch_size=2, device="cpu", threads=1)
        return pickle.dumps(fit_encoder(encoder, self.folder, NOTHING, np.arange(4), seed=0))

    def save(self, stored, dataset, fail_at=None):
        """Encode into a dataset by a stored encoder; which images were read, and the vectors."""

        def fail(index):
            if index == fail_at:
                raise RuntimeError("stopped")

        with self._monkeypatch.context() as context:
            begun = watch_reading(context, fail)
            work = shards(pickle.loads(stored), self.folder, shard_size=4)
            if fail_at is not None:
                with pytest.raises(DatasetError, match="stopped"):
                    dataset.save({"images": work})
                return begun, b""
            dataset.save({"images": work})
        return begun, dataset.load()["images"]["vectors"].tobytes()


def test_a_stopped_run_goes_on_by_what_it_began_with_though_the_other_is_faster_now(
    resnet, many, tmp_path, monkeypatch
):
    stopped, whole, other, mixed = (
        ShardedArraysDataset(filepath=str(tmp_path / name)) for name in "abcd"
    )
    runs = Resumed(monkeypatch, many, resnet)
    runs.new_process(faster="onnx")
    began = runs.fitted()
    runs.save(began, stopped, fail_at=9)
    runs.save(began, mixed, fail_at=9)
    _, in_one_go = runs.save(began, whole)

    runs.new_process(faster="torch")
    begun, resumed = runs.save(began, stopped)
    assert resumed == in_one_go
    assert min(begun) == 8  # two shards were there

    # Fitted anew, it is another encoder, and nothing of the former is taken.
    again = runs.fitted()
    _, by_the_other = runs.save(again, other)
    begun, nothing_mixed = runs.save(again, mixed)
    assert nothing_mixed == by_the_other != in_one_go
    assert min(begun) == 0

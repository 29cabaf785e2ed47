"""A network that learns on the given images to tell each from all others."""

import json
import pickle
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from podium.common.checkpoint import CheckpointError
from podium.common.errors import PodiumError
from podium.common.time_budget import OutOfTimeError
from podium.retrieval import instance_training
from podium.retrieval.instance_network import InstanceNetwork, TooFewImagesError
from podium.retrieval.instance_views import TrainingPairs, shrink
from podium.retrieval.metrics import hits, true_ranks
from podium.vision.synthetic_paintings import paint
from podium.vision.visitor_photos import simulate

SIDE = 96
SMALL = {"size": 64, "dimension": 32, "device": "cpu", "threads": 1}
QUICK = {**SMALL, "size": 32, "photo_size": 48, "epochs": 2, "batch_size": 20}


@pytest.fixture(scope="module")
def paintings() -> list[np.ndarray]:
    return [paint(3, artist=number, number=0, longest_side=SIDE) for number in range(60)]


@pytest.fixture(scope="module")
def learned(paintings: list[np.ndarray]) -> InstanceNetwork:
    network = InstanceNetwork(**SMALL, epochs=20, batch_size=12, learning_rate=7e-4, turned=0.0)
    return network.fit(paintings.__getitem__, len(paintings))


def _hit_rate(network: InstanceNetwork, paintings: list[np.ndarray]) -> float:
    photos = [
        simulate(image, "mixed", 1, np.random.default_rng([77, number]), SIDE)
        for number, image in enumerate(paintings)
    ]
    similarities = network.encode(photos) @ network.encode(paintings).T
    ranks = true_ranks(similarities, np.arange(len(paintings)))
    return float(hits(ranks, (1,)).mean())


def _fit(images: list[np.ndarray], **changes: object) -> InstanceNetwork:
    return InstanceNetwork(**{**QUICK, **changes}).fit(images.__getitem__, len(images))


def test_learning_finds_a_quarter_more_of_the_photos(
    learned: InstanceNetwork, paintings: list[np.ndarray]
) -> None:
    untrained = InstanceNetwork(**SMALL, epochs=0).fit(paintings.__getitem__, len(paintings))
    assert untrained.losses == []
    before, after = (_hit_rate(network, paintings) for network in (untrained, learned))
    assert after >= before + 0.25


def test_the_loss_falls(learned: InstanceNetwork) -> None:
    assert len(learned.losses) == 20
    assert learned.losses[-1] < 0.85 * learned.losses[0]


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads(
    paintings: list[np.ndarray],
) -> None:
    one, three = (_fit(paintings[:40], threads=threads) for threads in (1, 3))
    assert one.losses == three.losses
    assert one.fingerprint() == three.fingerprint()
    # More than are encoded together.
    np.testing.assert_array_equal(one.encode(paintings), three.encode(paintings))
    assert _fit(paintings[:40], seed=1).fingerprint() != one.fingerprint()


def test_pieces_of_a_batch_learn_what_the_batch_would(
    paintings: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = _fit(paintings[:20])
    monkeypatch.setattr(instance_training, "_CPU_PIECE", 3)
    np.testing.assert_allclose(_fit(paintings[:20]).losses, pieces.losses, rtol=1e-4)


def test_vectors_have_unit_length_in_the_order_of_the_images(
    learned: InstanceNetwork, paintings: list[np.ndarray]
) -> None:
    found = learned.encode(image for image in paintings[:40])
    assert found.shape == (40, 32)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(learned.encode(paintings[39:40]), found[39:], atol=1e-5)
    assert learned.encode([]).shape == (0, 32)


def test_a_pickled_network_encodes_where_its_device_is_missing(
    learned: InstanceNetwork, paintings: list[np.ndarray]
) -> None:
    import torch

    before = learned.encode(paintings[:3])
    state = learned.__getstate__()
    assert not any(isinstance(part, torch.nn.Module | torch.Tensor) for part in state.values())
    loaded = pickle.loads(pickle.dumps(learned))
    assert loaded.fingerprint() == learned.fingerprint()
    loaded.device = "cuda"
    np.testing.assert_allclose(loaded.encode(paintings[:3]), before, atol=1e-3)


def test_a_time_limit_ends_training(paintings: list[np.ndarray]) -> None:
    network = _fit(paintings[:4], epochs=400, seconds=0.3)
    assert 0 < len(network.losses) < 400


def test_without_time_for_every_image_once_there_is_no_network(
    paintings: list[np.ndarray],
) -> None:
    with pytest.raises(OutOfTimeError, match="every image once"):
        _fit(paintings[:8], batch_size=2, epochs=3, seconds=1e-6)


def test_a_time_limit_that_is_far_off_changes_nothing(paintings: list[np.ndarray]) -> None:
    near, far = (_fit(paintings[:20], seconds=seconds) for seconds in (None, 1e5))
    assert near.fingerprint() == far.fingerprint()


def test_the_schedule_follows_the_clock_where_that_is_ahead() -> None:
    share = instance_training._share
    assert share(0.3, elapsed=50, seconds=None) == 0.3
    assert share(0.3, elapsed=50, seconds=100) == 0.5
    assert share(0.3, elapsed=20, seconds=100) == 0.3
    assert share(0.01, elapsed=4, seconds=100) == 0.01  # the first images are still being read
    assert share(0.3, elapsed=101, seconds=100) == 1


def test_the_rate_rises_and_falls_to_zero() -> None:
    rates = [instance_training._rate(share) for share in (0, 0.025, 0.05, 0.5, 1)]
    np.testing.assert_allclose(rates, [0, 0.499, 0.994, 0.5, 0], atol=1e-3)


def test_the_loss_by_hand() -> None:
    import torch

    images = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    photos = torch.tensor([[0.6, 0.8], [0.0, 1.0]])
    # Cosines to the partner and to the two others, for each of the four.
    cosines = np.array([[0.6, 0, 0], [1, 0, 0.8], [0.6, 0.8, 0.8], [1, 0, 0.8]])
    powers = np.exp(cosines / 0.5)
    expected = -np.log(powers[:, 0] / powers.sum(axis=1)).mean()
    assert float(instance_training.nt_xent(images, photos, 0.5)) == pytest.approx(expected)


def test_each_image_is_read_once_and_each_epoch_has_photos_of_its_own() -> None:
    image, reads = paint(3, artist=1, number=1, longest_side=SIDE), Counter()

    def read(index: int) -> np.ndarray:
        reads[index] += 1
        return image

    pairs = TrainingPairs(read, 0, 32, 48, "crop", resample=3, turned=0.0)
    first, again, other = pairs.draw(0, 5), pairs.draw(0, 5), pairs.draw(1, 5)
    assert reads == {5: 1}
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first[0], other[0])
    assert (first[1] != other[1]).any()


def test_what_is_not_kept_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podium.retrieval.instance_views._KEPT_BYTES", 0)
    calls: list[int] = []

    def read(index: int) -> np.ndarray:
        calls.append(index)
        return np.full((60, 50, 3), 9, np.uint8)

    pairs = TrainingPairs(read, 0, 32, 48, "crop", resample=3, turned=0.0)
    np.testing.assert_array_equal(pairs.draw(0, 1), pairs.draw(0, 1))
    assert calls == [1, 1]


def test_images_are_read_in_several_threads(paintings: list[np.ndarray]) -> None:
    names = set()

    def read(index: int) -> np.ndarray:
        names.add(threading.current_thread().name)
        return paintings[index]

    InstanceNetwork(**{**QUICK, "threads": 2}).fit(read, 20)
    assert threading.main_thread().name not in names


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (700, 2), (48, 48)])
def test_images_of_any_shape_are_shrunk(shape: tuple[int, int]) -> None:
    small = shrink(np.full((*shape, 3), 200, np.uint8), 48)
    assert min(small.shape[:2]) >= 8
    assert max(small.shape[:2]) <= 48
    assert (small == 200).all()


def test_thin_and_tiny_images_are_learned_and_encoded() -> None:
    shapes = [(1, 1), (2, 500), (600, 3), (40, 50)]
    images = [np.full((*shape, 3), 40 * number, np.uint8) for number, shape in enumerate(shapes)]
    vectors = _fit(images).encode(images)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_mixed_precision_learns_too(paintings: list[np.ndarray]) -> None:
    exact, mixed = (
        _fit(paintings[:20], precision=precision) for precision in ("float32", "bfloat16")
    )
    np.testing.assert_allclose(mixed.losses, exact.losses, rtol=0.05)
    assert mixed.fingerprint() != exact.fingerprint()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vision transformer with random weights, as transformers stores it."""
    import torch
    import transformers

    folder = tmp_path_factory.mktemp("vit")
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.ViTConfig(**sizes, intermediate_size=48, image_size=32, patch_size=8)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = transformers.ViTModel(config)
        for weights in model.parameters():
            if weights.dim() > 1:
                torch.nn.init.xavier_normal_(weights, gain=1.5)
    model.save_pretrained(folder)
    pixels = {
        "image_mean": [0.5, 0.4, 0.3],
        "image_std": [0.2, 0.2, 0.3],
        "rescale_factor": 1 / 255,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(pixels))
    return folder


def test_a_pretrained_model_is_trained_further(
    checkpoint: Path, paintings: list[np.ndarray]
) -> None:
    untouched = _fit(paintings[:20], model=str(checkpoint), epochs=0)
    further = _fit(
        paintings[:20], model=str(checkpoint), epochs=12, batch_size=10, learning_rate=1e-3
    )
    assert further.losses[-1] < 0.9 * further.losses[0]
    moved = [
        name
        for name, weights in untouched._weights.items()
        if name.startswith("backbone") and (weights != further._weights[name]).any()
    ]
    assert len(moved) > 20
    loaded = pickle.loads(pickle.dumps(further))
    np.testing.assert_array_equal(loaded.encode(paintings[:5]), further.encode(paintings[:5]))


def test_a_pretrained_model_gets_its_own_pixels(
    checkpoint: Path, paintings: list[np.ndarray]
) -> None:
    network = _fit(paintings[:4], model=str(checkpoint), epochs=0)
    np.testing.assert_allclose(
        network._network.scale.flatten(), 1 / 255 / np.array([0.2, 0.2, 0.3])
    )
    np.testing.assert_allclose(network._network.shift.flatten(), [-2.5, -2, -1], rtol=1e-6)


def test_a_size_that_the_model_does_not_take_is_an_error(
    checkpoint: Path, paintings: list[np.ndarray]
) -> None:
    with pytest.raises(CheckpointError, match="35 px.*multiple of the model's patch of 8"):
        _fit(paintings[:4], model=str(checkpoint), size=35)


def test_a_model_that_is_not_there_is_an_error(paintings: list[np.ndarray]) -> None:
    with pytest.raises(CheckpointError, match="does not exist"):
        _fit(paintings[:4], model="./no/such/folder")


def test_few_images_are_seen_more_often() -> None:
    network = InstanceNetwork()
    epochs = [network._plan(count).epochs for count in (50, 6_000, 20_000, 1_000_000)]
    assert epochs == [40, 20, 6, 4]


@pytest.mark.parametrize("count", [0, 1])
def test_one_image_cannot_be_told_apart(count: int) -> None:
    with pytest.raises(TooFewImagesError, match=f"at least 2 images.*got {count}"):
        InstanceNetwork(**QUICK).fit(_unread, count)
    assert issubclass(TooFewImagesError, PodiumError)


def test_an_unfitted_network_says_so() -> None:
    for call in (lambda: InstanceNetwork().encode([]), InstanceNetwork().fingerprint):
        with pytest.raises(RuntimeError, match="fitted before"):
            call()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"framing": "pad"}, "framing must be one of crop, squash"),
        ({"batch_size": 1}, "batch_size must be above 1"),
        ({"temperature": 0.0}, "temperature must be above 0"),
        ({"epochs": -1}, "epochs must be above -1"),
        ({"seconds": 0}, "seconds must be above 0"),
        ({"turned": 1.5}, "turned must be"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        InstanceNetwork(**wrong)


def test_what_is_no_image_is_refused(learned: InstanceNetwork) -> None:
    grey = np.zeros((20, 20), np.uint8)
    with pytest.raises(ValueError, match="must be uint8"):
        learned.encode([grey])
    with pytest.raises(ValueError, match="must be uint8"):
        _fit([grey, grey])


def test_what_reading_raises_comes_up() -> None:
    with pytest.raises(OSError, match="no image 0|no image 1"):
        InstanceNetwork(**QUICK).fit(_unread, 2)


def _unread(index: int) -> np.ndarray:
    raise OSError(f"no image {index}")

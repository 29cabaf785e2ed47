"""The planted label is where it should be: seen by the right model, hidden from the wrong one."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from podium.fusion.metrics import macro_f1
from podium.fusion.synthetic import SyntheticTask, generate_pairs

TASK = SyntheticTask(rows=3000, length=64, noise=0.1, label_noise=0.0)
PURE = replace(TASK, image_signal=0)


def linear_score(features, labels, fitted=2000):
    model = LogisticRegression(max_iter=500, class_weight="balanced", C=10)
    model.fit(features[:fitted], labels[:fitted])
    return macro_f1(labels[fitted:], model.predict(features[fitted:]))


def product(pairs):
    unit = pairs.normalised()
    return 8 * unit.image * unit.text


def test_same_seed_same_bytes_on_any_number_of_threads():
    made = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            made.append(generate_pairs(TASK, 3))
    assert made[0].pairs.image.tobytes() == made[1].pairs.image.tobytes()
    assert made[0].pairs.text.tobytes() == made[1].pairs.text.tobytes()
    assert made[0].labels.tobytes() == made[1].labels.tobytes()
    assert generate_pairs(TASK, 4).pairs.image.tobytes() != made[0].pairs.image.tobytes()


def test_shapes_norms_and_balance():
    made = generate_pairs(replace(TASK, near_copies=0), 0)
    assert made.pairs.image.shape == made.pairs.text.shape == (3000, 64)
    assert made.pairs.image.dtype == np.float32
    norms = np.linalg.norm(made.pairs.image, axis=1)
    assert 9 < norms.mean() < 11.5 and norms.std() > 1
    assert made.labels.mean() == pytest.approx(0.35, abs=0.01)


def test_pure_agreement_is_hidden_from_a_linear_model_and_open_to_the_product():
    made = generate_pairs(PURE, 1)
    assert linear_score(made.pairs.joined(), made.labels) < 0.56
    assert linear_score(product(made.pairs), made.labels) > 0.75


def test_the_mixed_task_has_both_signals():
    made = generate_pairs(TASK, 1)
    image = linear_score(made.pairs.image, made.labels)
    text = linear_score(made.pairs.text, made.labels)
    joined = linear_score(made.pairs.joined(), made.labels)
    both = linear_score(np.hstack([made.pairs.joined(), product(made.pairs)]), made.labels)
    assert image > 0.6 and text < 0.56
    assert both > joined + 0.05


def test_an_image_alone_task_is_linear():
    made = generate_pairs(replace(TASK, agreement_signal=0), 1)
    assert linear_score(made.pairs.image, made.labels) > 0.9


def test_label_noise_flips_its_share():
    clean, noisy = (generate_pairs(replace(TASK, label_noise=share), 1) for share in (0, 0.2))
    assert (clean.labels != noisy.labels).mean() == pytest.approx(0.2, abs=0.03)


def test_near_copies_are_near_and_share_the_label():
    made = generate_pairs(replace(TASK, near_copies=0.1), 2)
    copies = np.flatnonzero(made.copy_of >= 0)
    assert len(copies) == 300
    originals = made.copy_of[copies]
    unit = made.pairs.normalised()
    for vectors in (unit.image, unit.text):
        cosines = (vectors[copies] * vectors[originals]).sum(axis=1)
        assert 0.9999 < cosines.min() and cosines.max() < 1.0001
        assert not (vectors[copies] == vectors[originals]).all(axis=1).any()
    np.testing.assert_array_equal(made.labels[copies], made.labels[originals])


@pytest.mark.parametrize("changes", [{"agreeing": 0}, {"factors": 5}, {"length": 10}])
def test_impossible_tasks_are_refused(changes):
    with pytest.raises(ValueError, match="agreeing"):
        generate_pairs(replace(TASK, **changes), 0)

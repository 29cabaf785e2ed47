"""The fine-tuned vision model: a planted structure, products without images, threads, errors."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from generated_features import divided, priced_rows
from price_model_checks import (
    keeps_the_contract,
    leans_with_the_exponent,
    refuses,
    same_bytes_on_threads,
    seed_alone_matters,
)
from tiny_vision_models import save_tiny_model

from podium.common.checkpoint import CheckpointError
from podium.pricing.fine_tuned_image import FineTunedImagePrice
from podium.pricing.metrics import smape
from podium.pricing.price_models import ConstantPrice
from podium.vision.pictures import Pictures


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {kind: save_tiny_model(kind, root / kind) for kind in ("resnet", "vit")}


@pytest.fixture(scope="module")
def brief(folders):
    """A model with random weights that learns for a moment."""
    return partial(
        FineTunedImagePrice,
        str(folders["vit"]),
        size=16,
        hidden=16,
        epochs=1,
        batch_size=64,
        device="cpu",
    )


def pictures_alone(priced):
    """The same without anything beside the images."""
    given = priced.features
    features = replace(given, table=given.table[[]], text=given.text[:, :0])
    return priced._replace(features=features)


def test_contract(brief):
    keeps_the_contract(brief)


@pytest.mark.parametrize("kind, size", [("vit", 16), ("resnet", 32)])
def test_threads_do_not_matter(folders, kind, size):
    before = torch.random.get_rng_state()
    model = partial(FineTunedImagePrice, str(folders[kind]), size=size, hidden=16, device="cpu")
    same_bytes_on_threads(partial(model, epochs=1, batch_size=64), rows=250)
    # Nor does a fit change the numbers that others draw.
    assert torch.equal(torch.random.get_rng_state(), before)


def test_seed_alone_matters(brief):
    seed_alone_matters(brief, 400)


def test_learns_prices_from_images_alone_where_there_are_some(brief):
    train, test = divided(pictures_alone(priced_rows()))
    make = partial(brief, epochs=6, batch_size=32, light=0.05, head_learning_rate=5e-3)
    answers = make().fit(*train).predict(test.features)
    constant = ConstantPrice().fit(*train).predict(test.features)
    pictured = test.features.pictures.known
    gains = [
        smape(test.prices[rows], constant[rows]) - smape(test.prices[rows], answers[rows])
        for rows in (pictured, ~pictured)
    ]
    assert gains[0] > 12 and gains[1] < 2
    assert np.ptp(answers[~pictured]) < 1e-4 < np.ptp(answers[pictured])


def test_text_and_table_count_beside_the_image(brief):
    train, test = divided(priced_rows())
    bare = ~test.features.pictures.known
    scores = []
    for count, part, asked in (
        (0, pictures_alone(train), pictures_alone(test)),
        (None, train, test),
    ):
        answers = brief(text_components=count).fit(*part).predict(asked.features)
        scores.append(smape(test.prices[bare], answers[bare]))
    assert scores[1] < scores[0] - 5


def test_every_pass_shows_other_views_and_prediction_the_whole_image(brief, monkeypatch):
    from podium.vision import augmentation

    seen, square = [], augmentation.View.square

    def watched(self, image, size, resample):
        seen.append(self)
        return square(self, image, size, resample)

    monkeypatch.setattr(augmentation.View, "square", watched)
    few = priced_rows().take(np.arange(40))
    model = brief(epochs=2, inner_folds=2).fit(few.features, few.prices, np.zeros(40))
    varied = [view for view in seen if view != augmentation.PLAIN]
    assert len(varied) == len(set(varied)) == 2 * few.features.pictures.known.sum()
    seen.clear()
    model.predict(few.features)
    assert set(seen) == {augmentation.PLAIN}


def test_without_any_image_the_rest_decides(brief):
    train, test = divided(priced_rows(400))

    def bare(part):
        return replace(part.features, pictures=Pictures(np.empty(len(part.features), object)))

    model = brief().fit(bare(train), train.prices, train.groups)
    constant = smape(test.prices, ConstantPrice().fit(*train).predict(test.features))
    assert smape(test.prices, model.predict(bare(test))) < constant - 3


def test_spoilt_files_are_products_without_an_image(brief):
    few = priced_rows().take(np.arange(60))
    sources = few.features.pictures.sources.copy()
    sources[::7] = b"\x89PNG no more"
    features = replace(few.features, pictures=Pictures(sources))
    assert np.isfinite(brief().fit(features, few.prices, few.groups).predict(features)).all()


def test_images_that_are_gone_are_not_learned_from_as_if_they_were_black(brief, tmp_path):
    few = priced_rows().take(np.arange(60))
    places = [tmp_path / f"{row}.png" for row in range(60)]
    for place in places[:20]:
        place.write_bytes(b"spoilt")
    gone = replace(few.features, pictures=Pictures(np.array(places, object)))
    with pytest.raises(ValueError, match="40 of 60 images are gone"):
        brief().fit(gone, few.prices, few.groups)


def test_rows_may_be_weighed_by_their_price(brief):
    leans_with_the_exponent(partial(brief, epochs=4, head_learning_rate=2e-2))


@pytest.mark.parametrize("kind, layer", [("vit", "layers"), ("resnet", "stages")])
def test_frozen_layers_stay_and_the_others_learn(brief, folders, kind, layer):
    train = priced_rows(200).take(np.arange(60))
    make = partial(FineTunedImagePrice, str(folders[kind]), size=32, epochs=1, device="cpu")
    before, after = (
        make(frozen_layers=1, learning_rate=rate, head_learning_rate=rate, inner_folds=200)
        .fit(train.features, train.prices, np.zeros(60))
        ._networks[0]
        .state_dict()
        for rate in (1e-12, 1e-3)
    )
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    own = {name for name in changed if name.startswith("encoder.")}
    assert own and not any("embed" in name or f"{layer}.0." in name for name in own), own
    assert any(f"{layer}.1." in name for name in own), own


def test_needs_images_a_checkpoint_and_a_size_that_it_takes(brief, folders):
    train = priced_rows(200)
    with pytest.raises(ValueError, match="FeatureSet has none"):
        brief().fit(replace(train.features, pictures=None), train.prices, train.groups)
    with pytest.raises(CheckpointError, match="hf download nobody/none"):
        FineTunedImagePrice("nobody/none").fit(*train)
    with pytest.raises(CheckpointError, match="multiple of the model's patch of 8"):
        brief(size=20).fit(*train)


@pytest.mark.parametrize(
    "arguments",
    [
        {"pooling": "max"},
        {"size": 0},
        {"text_components": -1},
        {"least_area": 0.0},
        {"mirror": 2.0},
        {"light": 1.0},
        {"epochs": 0},
        {"price_exponent": 9},
    ],
)
def test_wrong_arguments(arguments):
    refuses(partial(FineTunedImagePrice, "anything"), next(iter(arguments)), **arguments)
    with pytest.raises(TypeError, match="nothing_known"):
        FineTunedImagePrice("anything", nothing_known=1)

"""Ways to use images for prices, on generated products: numbers, frozen vectors, fine-tuning.

    PYTHONPATH=src python benchmarks/image_models.py --model FOLDER [--rows 1500]

FOLDER holds a vision model of transformers. All learn from the same rows and are scored on the same
rows of other products. What no text tells of a price shows in its picture, so that the models
differ in how much of it they see.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from generated_products import feature_sets
from measuring import cores
from results import command_line, table

from podium.pricing.feature_set import FeatureSet
from podium.pricing.fine_tuned_image import FineTunedImagePrice
from podium.pricing.image_statistics import image_statistics
from podium.pricing.metrics import smape
from podium.pricing.price_models import PriceModel
from podium.pricing.synthetic import SyntheticCatalog, SyntheticRows, generate_rows
from podium.pricing.synthetic_pictures import draw_picture
from podium.pricing.tree_models import LightGBMPrice
from podium.vision.pictures import Pictures
from podium.vision.pretrained import PretrainedEncoder

HERE = Path(__file__).resolve().parent
BASE = "LightGBM without images"
SURPLUS_UNIT = 0.5
SHARE_WITHOUT = 0.1


def main() -> None:
    """Generate, fit, score, write."""
    options = _options()
    drawn = generate_rows(SyntheticCatalog(options.rows, options.asked), options.seed)
    rng = np.random.default_rng(options.seed)
    pictures = [pictures_of(part, rng) for part in drawn]
    plain = [
        replace(part, pictures=own)
        for part, own in zip(
            feature_sets([part.table["catalog_content"].tolist() for part in drawn]),
            pictures,
            strict=True,
        )
    ]
    prices = [part.table["price"].to_numpy() for part in drawn]
    rows: list[list[object]] = []
    for name, make, look in _members(options):
        began = time.perf_counter()
        known, asked = (look(part) for part in plain)
        looked = time.perf_counter() - began
        fitted = make().fit(known, prices[0], drawn[0].product)
        score = smape(prices[1], fitted.predict(asked))
        rows.append([name, score, looked, time.perf_counter() - began - looked])
        print(rows[-1], flush=True)
    base = float(str(next(row[1] for row in rows if row[0] == BASE)))
    page = (
        "# Images for prices: measured\n\n"
        f"{options.rows:,} generated products to learn from, {options.asked:,} others to score, "
        f"{SHARE_WITHOUT:.0%} of them without an image; {cores()} cores. Written "
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC by {command_line()}. Model: {options.model.name}, "
        f"{options.size} px. Fine-tuned: at most {options.epochs} passes. SMAPE in percent, lower "
        "is better.\n\n"
        + table(
            ["model", "SMAPE", "less than without", "seconds to look", "seconds to fit"],
            [
                [row[0], f"{row[1]:.2f}", f"{base - float(str(row[1])):.2f}", *row[2:]]
                for row in rows
            ],
        )
        + "\n\nGenerated pictures show by their colour what no text tells. They say how the parts "
        "work together, not what a model is worth on real photos.\n"
    )
    options.results.write_text(page)
    print(page)


def _members(
    options: argparse.Namespace,
) -> list[tuple[str, Callable[[], PriceModel], Callable[[FeatureSet], FeatureSet]]]:
    """Name, maker, and how the images are looked at beforehand."""
    threads = options.threads
    trees = partial(LightGBMPrice, objective="smape", text_components=64, threads=threads)
    tuned = partial(
        FineTunedImagePrice,
        str(options.model),
        size=options.size,
        epochs=options.epochs,
        frozen_layers=options.frozen_layers,
        threads=threads,
    )
    encoder = PretrainedEncoder(str(options.model), sizes=options.size, threads=threads or None)
    still = {"least_area": 1.0, "mirror": 0.0, "light": 0.0}
    return [
        (BASE, trees, lambda part: part),
        ("LightGBM with statistics", trees, partial(with_statistics, threads=threads)),
        ("LightGBM with frozen vectors", trees, partial(with_vectors, encoder=encoder)),
        ("head on frozen vectors", partial(tuned, learning_rate=1e-12, **still), lambda part: part),
        ("fine-tuned, images as they are", partial(tuned, **still), lambda part: part),
        ("fine-tuned, augmented", tuned, lambda part: part),
        (
            "fine-tuned, augmented, rows weighed by price ** -0.3",
            partial(tuned, price_exponent=-0.3),
            lambda part: part,
        ),
    ]


def pictures_of(rows: SyntheticRows, rng: np.random.Generator) -> Pictures:
    """Drawn pictures; some products have none."""
    surplus = (np.log(rows.table["price"].to_numpy()) - rows.expected) / SURPLUS_UNIT
    sources = np.empty(len(rows.table), object)
    for at in np.flatnonzero(rng.random(len(sources)) >= SHARE_WITHOUT):
        category, pack = int(rows.category[at]), int(rows.pack_size[at])
        sources[at] = draw_picture(category, pack, float(surplus[at]), rng)
    return Pictures(sources)


def with_statistics(part: FeatureSet, threads: int) -> FeatureSet:
    """Colour, edge and size statistics."""
    pictures = part.pictures
    assert pictures is not None
    numbers = image_statistics((pictures.read(row) for row in range(len(pictures))), threads or 1)
    return replace(part, image=numbers)


def with_vectors(part: FeatureSet, encoder: PretrainedEncoder) -> FeatureSet:
    """Vectors of a model that learns nothing."""
    pictures = part.pictures
    assert pictures is not None
    known = np.flatnonzero(pictures.known)
    vectors = encoder.encode(lambda place: pictures.read(int(known[place])), len(known))
    numbers = np.full((len(pictures), vectors.shape[1]), np.nan, np.float32)
    numbers[known] = vectors
    return replace(part, image=numbers)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of a vision model")
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--asked", type=int, default=1000)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--frozen-layers", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0, help="0 for all cores")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=HERE / "results" / "image_models.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()

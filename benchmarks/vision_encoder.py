"""Images per second of the pretrained encoders: ONNX Runtime beside torch, a GPU beside its limit.

    PYTHONPATH=src python benchmarks/vision_encoder.py [--model FOLDER] [--small]

On the CPU a checkpoint encodes the same JPEG files by torch and by ONNX Runtime, in turns. On a GPU
a model of the size of DINOv2 ViT-L/14 with random weights encodes them at 224 and 518 px, in mixed
precision; what it reaches stands beside computing alone on images that lie on the card, and beside
a large product of bfloat16 matrices on the same card. Both parts time the pipeline's own way as
well: decoding only, computing only, and both at once. Without a GPU that
part is left out; `--small` runs it on a tiny model wherever it can, to see that it works.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from encoder_path import HEADER, NOTE, path_columns, path_speeds, speed
from image_decoding import write_images
from measuring import cores
from results import table

from podium.vision.pretrained import PretrainedEncoder
from podium.vision.reading import read_image

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
SIDES = (640, 480)
DISTINCT = 128
IMAGENET = {
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
    "resample": 3,
}
LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16}
TINY = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}


def main() -> None:
    """Run what the command line asks for."""
    options = _options()
    files = _images(options.workdir / "images", 16 if options.small else DISTINCT)
    results: dict[str, Any] = {
        "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "command": shlex.join(["python", "benchmarks/vision_encoder.py", *sys.argv[1:]]),
        "machine": _machine(),
        "images": f"{len(files)} JPEG files of {SIDES[0]} x {SIDES[1]} px, gone through in turns",
    }
    results["cpu"] = _cpu(options, files)
    _write(results, options.results)
    results["gpu"] = _gpu(options, files)
    _write(results, options.results)
    print(_page(results))


def _cpu(options: argparse.Namespace, files: list[Path]) -> dict[str, Any]:
    if options.model is None:
        return {"skipped": "no checkpoint was named with --model"}
    count = 32 if options.small else options.cpu_images
    arguments = {"sizes": options.cpu_size, "device": "cpu", "cache_folder": options.workdir}
    ways = {
        name: PretrainedEncoder(str(options.model), pooling="gem", backend=name, **arguments)
        for name in ("torch", "onnx")
    }
    read = _reader(files)
    vectors = {name: encoder.encode(read, 8) for name, encoder in ways.items()}
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.repeats):
        for name, encoder in ways.items():
            speeds[name].append(speed(partial(encoder.encode, read, count), count))
    medians = {name: statistics.median(found) for name, found in speeds.items()}
    return {
        "model": options.model.name,
        "size": options.cpu_size,
        "images": count,
        "threads": cores(),
        "images_per_second": medians,
        "all_rounds": speeds,
        "path": {name: path_speeds(encoder, files, count) for name, encoder in ways.items()},
        "onnx_beside_torch": medians["onnx"] / medians["torch"],
        "least_cosine": float((vectors["torch"] * vectors["onnx"]).sum(axis=1).min()),
        "load_average": os.getloadavg()[0],
    }


def _gpu(options: argparse.Namespace, files: list[Path]) -> dict[str, Any]:
    import torch

    if not torch.cuda.is_available() and not options.small:
        return {"skipped": "torch sees no GPU"}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    folder = _random_model(options.workdir, TINY if options.small else LARGE)
    limit = _matmul_tflops(device, 512 if options.small else 8192)
    rows = []
    for size in (56,) if options.small else (224, 518):
        for compiled in (False, True) if options.compiled else (False,):
            count = 64 if options.small else options.gpu_images * (224 * 224) // (size * size)
            encoder = PretrainedEncoder(
                str(folder),
                pooling=["cls", "gem"],
                sizes=size,
                precision="bfloat16",
                backend="torch",
                device=device,
                compiled=compiled,
                batch_size=8 if options.small else options.batch_size,
            )
            rows.append({"size": size, "compiled": compiled, **_one_size(encoder, files, count)})
            rows[-1]["path"] = path_speeds(encoder, files, count)
            rows[-1]["share_of_matmul"] = rows[-1]["tflops"] / limit
            print(rows[-1], flush=True)
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU, for want of a GPU"
    model = "A tiny ViT" if options.small else "ViT-L/14"
    return {"device": name, "model": model, "matmul_tflops": limit, "rows": rows}


def _one_size(encoder: PretrainedEncoder, files: list[Path], count: int) -> dict[str, Any]:
    """Images per second from files and computed alone on the card; floating-point operations."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    read, engine = _reader(files), encoder._engine
    batch = encoder.batch_size or 64
    backend: Any = engine.backend
    size = engine.views.sizes[0]
    encoder.encode(read, 3 * batch)  # warm
    resident = torch.randint(0, 256, (batch, size, size, 3), dtype=torch.uint8)
    resident = resident.to(backend.device)
    # Counted on the model itself, not on what torch.compile made of it.
    plain = getattr(backend._model, "_orig_mod", backend._model)
    with torch.inference_mode(), torch.autocast(backend.device.type, torch.bfloat16):
        with FlopCounterMode(display=False) as counter:
            plain(resident)
    flops = counter.get_total_flops() / batch

    def compute() -> None:
        waits = [backend.launch(resident) for _ in range(max(count // batch, 1))]
        waits[-1]()

    computed = max(count // batch, 1) * batch
    alone = speed(compute, computed)
    return {
        "batch": batch,
        "images": count,
        "images_per_second": speed(partial(encoder.encode, read, count), count),
        "computing_alone": alone,
        "gflop_per_image": flops / 1e9,
        "tflops": flops * alone / 1e12,
        "threads": encoder.threads,
    }


def _matmul_tflops(device: str, side: int) -> float:
    """What the device reaches in a product of bfloat16 matrices: the best of several rounds."""
    import torch

    one, other = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    rounds = 20

    def multiply() -> None:
        for _ in range(rounds):
            product = one @ other
        product[0, 0].item()

    multiply()
    return max(2 * side**3 * speed(multiply, rounds) / 1e12 for _ in range(5))


def _reader(files: list[Path]) -> Callable[[int], np.ndarray]:
    return lambda number: read_image(files[number % len(files)], longest_side=None)


def _images(folder: Path, count: int) -> list[Path]:
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        write_images(folder, SIDES, count)
    return list(islice(cycle(sorted(folder.iterdir())), count))


def _random_model(workdir: Path, shape: dict[str, int]) -> Path:
    import torch
    from transformers import Dinov2Config, Dinov2Model

    folder = workdir / f"random-dinov2-{shape['hidden_size']}"
    if not (folder / "preprocessor_config.json").exists():
        torch.manual_seed(0)
        config = Dinov2Config(**shape, patch_size=14, image_size=518)
        Dinov2Model(config).save_pretrained(folder)
        (folder / "preprocessor_config.json").write_text(json.dumps(IMAGENET))
    return folder


def _machine() -> dict[str, Any]:
    packages = ("torch", "transformers", "onnxruntime", "pillow")
    return {
        "cores": cores(),
        "processor": platform.machine(),
        "packages": {name: version(name) for name in packages},
    }


def _page(results: dict[str, Any]) -> str:
    machine = results["machine"]
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    return "\n\n".join(
        [
            "# Pretrained encoders: measured",
            f"{machine['cores']} cores ({machine['processor']}), {packages}. Written "
            f"{results['when']} by `PYTHONPATH=src {results['command']}`. {results['images']}; "
            "decoding is part of every number that is not of computing alone.",
            "## ONNX Runtime beside torch on the CPU",
            _cpu_page(results["cpu"]),
            "## A GPU beside its limit",
            _gpu_page(results.get("gpu", {"skipped": "not run yet"})),
        ]
    )


def _cpu_page(found: dict[str, Any]) -> str:
    if "skipped" in found:
        return f"Left out: {found['skipped']}."
    speeds = found["images_per_second"]
    rows = [
        [name, found_speed, found_speed / speeds["torch"], *path_columns(found["path"][name])]
        for name, found_speed in speeds.items()
    ]
    return "\n\n".join(
        [
            f"{found['model']} at {found['size']} px, GeM, {found['images']} images a round, "
            f"{found['threads']} threads; median of {len(found['all_rounds']['onnx'])} rounds in "
            f"turns. Load average {found['load_average']:.1f}. Least cosine of the two vectors of "
            f"an image: {found['least_cosine']:.7f}.",
            table(["backend", "images/s", "beside torch", *HEADER], rows),
            NOTE,
        ]
    )


def _gpu_page(found: dict[str, Any]) -> str:
    if "skipped" in found:
        return f"Left out: {found['skipped']}."
    header = ("size", "batch", "from files, images/s", "computing on the card")
    header += ("GFLOP/image", "TFLOP/s", "of the matrix product", *HEADER)
    keys = ("batch", "images_per_second", "computing_alone")
    keys += ("gflop_per_image", "tflops", "share_of_matmul")
    rows = [
        [f"{row['size']} px" + (", compiled" if row["compiled"] else "")]
        + [*(row[key] for key in keys), *path_columns(row["path"])]
        for row in found["rows"]
    ]
    return "\n\n".join(
        [
            f"{found['device']}. {found['model']} (random weights), class token and GeM, bfloat16 "
            f"by autocast. A product of bfloat16 matrices reaches {found['matmul_tflops']:.3g} "
            "TFLOP/s there. TFLOP/s of the model are those of computing on the card.",
            table(header, rows),
            NOTE,
        ]
    )


def _write(results: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")
    path.write_text(_page(results) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="folder of a checkpoint, for the CPU")
    parser.add_argument("--cpu-size", type=int, default=320)
    parser.add_argument("--cpu-images", type=int, default=256)
    parser.add_argument("--gpu-images", type=int, default=20_000, help="at 224 px; fewer at 518")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--compiled", action="store_true", help="with torch.compile as well")
    parser.add_argument("--small", action="store_true", help="everything tiny, on any machine")
    parser.add_argument("--workdir", type=Path, default=PROJECT / "data/benchmark/vision")
    parser.add_argument("--results", type=Path, help="the page; the numbers lie beside it")
    options = parser.parse_args()
    if options.small:
        options.workdir = options.workdir / "small"
    if options.results is None:
        place = options.workdir if options.small else HERE / "results"
        options.results = place / "vision_encoder.md"
    return options


if __name__ == "__main__":
    main()

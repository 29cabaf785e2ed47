"""Downloading images beside a thread pool over plain requests, and beside img2dataset.

A server of its own process answers over HTTP/1.1 after a fixed latency, in two ways: 100 ms for
each request, and 100 ms for each round trip, where a new connection costs one too as in any real
network. All programs get the same links, in turn, several times; the best time of each counts.
Then every file is read: the bytes must be those that the server sent.

    PYTHONPATH=src python benchmarks/image_download.py
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from latency_server import LATENCY, pictures, served
from measuring import cores
from results import table

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "src"
RESULTS = HERE / "results" / "image_download.md"
POOL_THREADS = 60
ROUND_TRIPS = {"each request": 0, "each round trip": 1}
PODIUM = {"Podium": 256, "Podium, 64 per host (default)": 64}
POOL = f"{POOL_THREADS} threads, requests.get"
IMG2DATASET = "img2dataset"
INSIDE = "img2dataset, its start left out"
PACKAGES = ("img2dataset",)


def main() -> None:
    """Measure; or, in a process of its own, download once."""
    options = _options()
    if options.run:
        print(json.dumps(CONTENDERS[options.run](options)))
    else:
        measure_all(options)


def measure_all(options: argparse.Namespace) -> None:
    """All programs against both servers; writes the page of results."""
    python = peer_environment(options.environment)
    names = [*PODIUM, POOL] + ([IMG2DATASET] if python else [])
    found = []
    for setting, extra in ROUND_TRIPS.items():
        with served(extra) as port:
            for repeat in range(options.repeats):
                for name in names:
                    row = measure(name, port, options, python)
                    found.append({"latency": setting, "repeat": repeat, **row})
                    print({key: value for key, value in found[-1].items()}, flush=True)
    write(found, options, python)


def measure(
    name: str, port: int, options: argparse.Namespace, python: Path | None
) -> dict[str, Any]:
    """One program once, in a process and a folder of its own."""
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        mode = "podium" if name in PODIUM else "img2dataset" if name == IMG2DATASET else "pool"
        command: list[str | Path] = [
            *(python if mode == "img2dataset" and python else sys.executable, __file__),
            *("--run", mode, "--port", str(port), "--images", str(options.images)),
            *("--folder", folder, "--per-host", str(PODIUM.get(name, 0))),
        ]
        done = subprocess.run(
            [str(word) for word in command],
            env={**os.environ, "PYTHONPATH": str(SOURCE), "NO_ALBUMENTATIONS_UPDATE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{name} failed:\n{done.stderr[-3000:]}")
        took = json.loads(done.stdout.splitlines()[-1])
        same = check_files(Path(folder), options.images)
        return {
            "program": name,
            "rate": options.images / took["seconds"],
            "rate_inside": options.images / took.get("inside", took["seconds"]),
            "cpu_ms": 1000 * took["cpu"] / options.images,
            "same": same,
            "load": round(os.getloadavg()[0], 1),
        }


def check_files(folder: Path, images: int) -> int:
    """For how many links the image is there: the bytes that the server has for that link."""
    wanted = pictures()
    right = {
        number
        for path in folder.rglob("*.jpg")
        if path.read_bytes() == wanted[(number := number_of(path)) % len(wanted)]
    }
    if not right <= set(range(images)):
        raise ValueError(f"images that nobody asked for, of {images} links")
    return len(right)


def number_of(path: Path) -> int:
    """The number in the link of a file: its name, or what img2dataset wrote beside it."""
    beside = path.with_suffix(".json")
    if beside.exists():
        return int(Path(json.loads(beside.read_text())["url"]).stem)
    return int(path.stem)


def timed(work: Callable[[], object]) -> dict[str, float]:
    """Wall seconds, and CPU seconds with those of child processes."""
    began, before = time.perf_counter(), os.times()
    work()
    seconds, after = time.perf_counter() - began, os.times()
    return {"seconds": seconds, "cpu": sum(after[:4]) - sum(before[:4])}


def run_podium(options: argparse.Namespace) -> dict[str, float]:
    """The downloader of this project, which decodes each image."""
    from podium.vision.downloading.download import download_images
    from podium.vision.downloading.rules import DownloadRules

    rows = pd.DataFrame({"sample_id": range(options.images), "image_link": links(options)})
    rules = DownloadRules(private_addresses=True, per_host=options.per_host)
    return timed(lambda: download_images(rows, options.folder, rules, progress=None))


def run_pool(options: argparse.Namespace) -> dict[str, float]:
    """The way of many a notebook: a thread pool, a call of requests.get for each link."""
    from concurrent.futures import ThreadPoolExecutor

    import requests

    def fetch(numbered: tuple[int, str]) -> None:
        number, url = numbered
        response = requests.get(url, timeout=10)
        response.raise_for_status()
        (options.folder / f"{number}.jpg").write_bytes(response.content)

    def work() -> None:
        with ThreadPoolExecutor(POOL_THREADS) as pool:
            list(pool.map(fetch, enumerate(links(options))))

    return timed(work)


def run_img2dataset(options: argparse.Namespace) -> dict[str, float]:
    """img2dataset without resizing and encoding, on every core, 256 threads in all."""
    from img2dataset import download

    rows = options.folder / "links.txt"
    rows.write_text("\n".join(links(options)))
    processes = cores()
    took = timed(
        lambda: download(
            url_list=str(rows),
            output_folder=str(options.folder / "images"),
            input_format="txt",
            output_format="files",
            processes_count=processes,
            thread_count=256 // processes,
            number_sample_per_shard=-(-options.images // processes),
            resize_mode="no",
            disable_all_reencoding=True,
            compute_hash=None,
        )
    )
    shards = [json.loads(path.read_text()) for path in options.folder.rglob("*_stats.json")]
    ended, began = (
        max(each["end_time"] for each in shards),
        min(each["start_time"] for each in shards),
    )
    return {**took, "inside": ended - began}


CONTENDERS = {"podium": run_podium, "pool": run_pool, "img2dataset": run_img2dataset}


def links(options: argparse.Namespace) -> list[str]:
    """A link for each image."""
    return [f"http://127.0.0.1:{options.port}/{number}.jpg" for number in range(options.images)]


def peer_environment(folder: Path) -> Path | None:
    """Python of an environment with img2dataset, made if need be; None where that fails."""
    python = folder / "bin" / "python"
    uv = Path(sys.executable).parent / "uv"
    try:
        if not python.exists():
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", python]
        subprocess.run([*install, *PACKAGES, "psutil"], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"img2dataset cannot be installed and is left out: {error}")
        return None
    return python


def write(found: list[dict[str, Any]], options: argparse.Namespace, python: Path | None) -> None:
    """The best of each program as a page, and all measurements beside it."""
    measured = pd.DataFrame(found)
    inside = measured[measured["program"] == IMG2DATASET]
    inside = inside.assign(program=INSIDE, rate=inside["rate_inside"])
    best = (
        pd.concat([measured, inside])
        .sort_values("rate", ascending=False)
        .drop_duplicates(["latency", "program"])
    )
    parts = [
        "# Downloading images: measured",
        f"{options.images:,} images of about 15 KB from a local server, latency "
        f"{LATENCY * 1000:.0f} ms, HTTP/1.1. {cores()} cores for server and program together. "
        f"Best of {options.repeats}, in turn. Files go to {options.work}. "
        f"{_version(python)}Written {time.strftime('%Y-%m-%d')}.",
    ]
    for setting in ROUND_TRIPS:
        rows = best[best["latency"] == setting].set_index("program")
        ours = rows.loc["Podium", "rate"]
        lines = [
            [name, f"{row['rate']:,.0f}", f"{ours / row['rate']:.2f}", f"{row['cpu_ms']:.2f}"]
            + [f"{row['same']:,}", str(row["load"])]
            for name, row in rows.iterrows()
        ]
        header = ["program", "images/s", "Podium is x times", "CPU ms each", "same files", "load"]
        parts += [f"## {LATENCY * 1000:.0f} ms for {setting}", table(header, lines)]
    parts.append(
        "Podium keeps its connections, decodes every image and writes a manifest; the first row "
        "allows 256 requests to the one host. The thread pool opens a connection per image and "
        "only writes. img2dataset has 256 threads over all cores and leaves images as they are. "
        "Rates are those of the whole call, the start of processes included, the import of the "
        "library not; img2dataset takes seconds to start its own, so that its rate from the first "
        "request of a process to the last has a row of its own. Server and programs share the "
        "cores."
    )
    RESULTS.write_text("\n\n".join(parts) + "\n")
    RESULTS.with_suffix(".json").write_text(json.dumps(found, indent=2) + "\n")
    print(RESULTS.read_text())
    ours = measured[measured["program"].isin(list(PODIUM))]
    if (ours["same"] != options.images).any():
        raise SystemExit("not every image came")


def _version(python: Path | None) -> str:
    if python is None:
        return "img2dataset could not be installed. "
    code = "import importlib.metadata as m; print(m.version('img2dataset'))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return f"img2dataset {done.stdout.strip()}. "


def _memory_folder() -> Path:
    """A folder in memory where there is one, so that the disk is not what is measured."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else Path(tempfile.gettempdir())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=12000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--work", type=Path, default=_memory_folder())
    parser.add_argument(
        "--environment", type=Path, default=Path(tempfile.gettempdir()) / "podium-img2dataset"
    )
    parser.add_argument("--run", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--per-host", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()

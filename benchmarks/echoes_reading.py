"""Reading 20,000 records of two embeddings, beside pandas.read_json: seconds and memory.

    PYTHONPATH=src python benchmarks/echoes_reading.py [--rows 20000]

Each reader runs in a process of its own, several times in turn, so that a busy machine slows all;
the least of each counts. Podium reads with one process and with two; memory is that of both, and
measured in a run of its own, because to watch a process takes time from it.
pandas ends with columns of Python lists, which no model takes, so it is measured twice: as it
stands, and with the step to the same two float32 arrays.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from measuring import cores
from results import table

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "src"
LENGTH = 512
READERS = ("podium", "podium_one_process", "pandas", "pandas_to_arrays")
WATCH_SECONDS = 0.01


def main() -> None:
    """Measure and write the page, or (in a process of its own) read once."""
    options = _options()
    if options.read:
        reader = _reader(options.read, options.file)
        print(peak_mb(reader) if options.memory else seconds(reader))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = write_records(Path(folder), options.rows)
        size = path.stat().st_size / 2**20
        found = [[measure(reader, path) for reader in READERS] for _ in range(options.repeats)]
        memory = [measure(reader, path, "--memory") for reader in READERS]
    least = [min(times) for times in zip(*found, strict=True)]
    array_mb = options.rows * 2 * LENGTH * 4 / 2**20
    rows = [
        [reader, spent, spent / least[0], extra, extra / array_mb]
        for reader, spent, extra in zip(READERS, least, memory, strict=True)
    ]
    page = (
        "# Reading embeddings: measured\n\n"
        f"{options.rows:,} generated records of two embeddings of {LENGTH} numbers, {size:,.0f} "
        f"MiB of JSON, {array_mb:,.0f} MiB as float32; {cores()} cores. The least of "
        f"{options.repeats} runs in turn. Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC. Memory "
        "is what the reading adds to the peak, that of a second process included.\n\n"
        + table(["reader", "seconds", "times Podium's", "extra MiB", "times the arrays"], rows)
        + "\n"
    )
    options.results.write_text(page)
    print(page)


def write_records(folder: Path, rows: int) -> Path:
    """The training file of a generated sample of the competition's form."""
    from podium.pipelines.echoes.sample import SampleSize, write_sample

    write_sample(folder / "echoes", 1, SampleSize(part1=rows, part2=0, test=1, faults=False))
    return folder / "echoes" / "train_part1.json"


def measure(reader: str, path: Path, *more: str) -> float:
    """What a process that reads once says."""
    command = [sys.executable, __file__, "--read", reader, "--file", str(path), *more]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


def seconds(read: Callable[[], Any]) -> float:
    """Read once."""
    start = time.perf_counter()
    kept = read()
    spent = time.perf_counter() - start
    del kept
    return spent


def peak_mb(read: Callable[[], Any]) -> float:
    """Read once, and tell what that added to the peak memory, helpers included; MiB."""
    before = psutil.Process().memory_info().rss
    helpers: dict[int, int] = {}
    done = threading.Event()
    watch = threading.Thread(target=_watch_helpers, args=(helpers, done))
    watch.start()
    kept = read()
    done.set()
    watch.join()
    del kept
    return (_peak_bytes(os.getpid()) - before + sum(helpers.values())) / 2**20


def _reader(reader: str, path: Path) -> Callable[[], Any]:
    """What is timed; the imports are done."""
    import pandas as pd

    from podium.common.json_records import RawRecords
    from podium.fusion.embedding_contract import EmbeddingContract
    from podium.fusion.embedding_records import collect_embeddings

    contract = EmbeddingContract(LENGTH, labelled=True)

    def podium(processes: int) -> Any:
        return collect_embeddings(RawRecords(path, path.name), path.name, contract, processes)

    def pandas_to_arrays() -> Any:
        found = pd.read_json(path)
        columns = ("image_embedding", "text_embedding")
        return [np.array(found[name].tolist(), dtype=np.float32) for name in columns]

    return {
        "podium": lambda: podium(2),
        "podium_one_process": lambda: podium(1),
        "pandas": lambda: pd.read_json(path),
        "pandas_to_arrays": pandas_to_arrays,
    }[reader]


def _watch_helpers(peaks: dict[int, int], done: threading.Event) -> None:
    """Note the peak of every process that this one starts, as long as it runs."""
    while not done.wait(WATCH_SECONDS):
        for child in psutil.Process().children():
            try:
                peaks[child.pid] = _peak_bytes(child.pid)
            except (OSError, IndexError):
                # It has just ended.
                continue


def _peak_bytes(process: int) -> int:
    """Peak of a process. The maximum by getrusage would begin with that of its parent."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--results", type=Path, default=HERE / "results" / "echoes_reading.md")
    parser.add_argument("--read", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Reading 20,000 records of two embeddings, beside pandas.read_json: seconds and memory.

Each reader runs in a process of its own, several times in turn, so that a busy machine slows all;
the least of each counts.
pandas ends with columns of Python lists, which no model takes, so it is measured twice: as it
stands, and with the step to the same two float32 arrays.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

SOURCE = Path(__file__).resolve().parents[1] / "src"
LENGTH = 512
READERS = ("podium", "pandas", "pandas_to_arrays")


def main() -> None:
    """Measure, or (in a process of its own) read once."""
    options = _options()
    if options.read:
        print(json.dumps(read_once(options.read, options.file)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = write_records(Path(folder), options.rows)
        print(f"{options.rows:,} rows, {path.stat().st_size / 2**20:,.0f} MiB")
        found = [[measure(reader, path) for reader in READERS] for _ in range(options.repeats)]
    results = {
        reader: tuple(min(values) for values in zip(*each, strict=True))
        for reader, each in zip(READERS, zip(*found, strict=True), strict=True)
    }
    array_mb = options.rows * 2 * LENGTH * 4 / 2**20
    print(f"{'reader':<18}{'seconds':>9}{'slower':>8}{'extra MiB':>11}{'x array':>9}")
    for reader, (seconds, extra) in results.items():
        slower = seconds / results["podium"][0]
        print(f"{reader:<18}{seconds:>9.2f}{slower:>8.1f}{extra:>11.0f}{extra / array_mb:>9.2f}")


def write_records(folder: Path, rows: int) -> Path:
    """The training file of a generated sample of the competition's form."""
    from podium.pipelines.echoes.sample import SampleSize, write_sample

    write_sample(folder / "echoes", 1, SampleSize(part1=rows, part2=0, test=1, faults=False))
    return folder / "echoes" / "train_part1.json"


def measure(reader: str, path: Path) -> tuple[float, float]:
    """Seconds and extra memory in MiB of one process."""
    command = [sys.executable, __file__, "--read", reader, "--file", str(path)]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    return found["seconds"], found["extra_mb"]


def read_once(reader: str, path: Path) -> dict[str, float]:
    """Read the file and tell what it took beyond the imports."""
    import pandas as pd

    from podium.common.json_records import RawRecords
    from podium.fusion.embedding_records import EmbeddingContract, collect_embeddings

    before = psutil.Process().memory_info().rss
    start = time.perf_counter()
    if reader == "podium":
        contract = EmbeddingContract(LENGTH, labelled=True)
        kept = collect_embeddings(RawRecords(path, path.name), path.name, contract)
    else:
        kept = pd.read_json(path)
        if reader == "pandas_to_arrays":
            kept = [
                np.array(kept[name].tolist(), dtype=np.float32)
                for name in ("image_embedding", "text_embedding")
            ]
    seconds = time.perf_counter() - start
    del kept
    return {"seconds": seconds, "extra_mb": (_peak_bytes() - before) / 2**20}


def _peak_bytes() -> int:
    """Peak of this process. Its maximum by getrusage would begin with that of its parent."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--read", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Runs that are killed at random moments and resumed, again and again: `make soak`.

    python tests/soak.py [--kills 50] [--challenges museum ...] [--seed 0]

Each challenge runs once undisturbed on its sample data; then it is killed with all its processes,
resumed, and killed again, until it ends by itself; then it begins anew. Whatever a kill leaves, no
submission may be there that is not the undisturbed one, byte by byte.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
RESUME = "--only-missing-outputs"


@dataclass
class Soak:
    """Kills of one challenge, and what they led to.

    Attributes:
        challenge: Its name.
        tree: Folder that holds its layers.
        start: Starts `kedro run` of the challenge with the given words more, in a process group
            of its own.
        kills: So many.
        generator: Draws the moments.
        undisturbed: Bytes of the submission and seconds of a run that was left in peace; where they
            are not known, one is made first.
        finished: How often a run ended by itself, with the bytes of the undisturbed one.
    """

    challenge: str
    tree: Path
    start: Callable[..., subprocess.Popen[str]]
    kills: int
    generator: random.Random
    undisturbed: tuple[bytes, float] | None = None
    finished: int = field(default=0, init=False)

    @property
    def submission(self) -> Path:
        """Where it is written."""
        return self.tree / "07_model_output" / self.challenge / "submission.csv"

    def run(self) -> None:
        """Kill as often as wished; the last run is left in peace.

        Raises:
            AssertionError: where a submission is not that of the undisturbed run.
        """
        expected, seconds = self.undisturbed or self._left_in_peace()
        killed, words = 0, []
        while killed < self.kills:
            if self._killed(self.start(*words), self.generator.uniform(0, seconds)):
                killed, words = killed + 1, [RESUME]
                print(f"{self.challenge}: kill {killed} of {self.kills}", file=sys.stderr)
                left = self.submission.read_bytes() if self.submission.exists() else expected
                assert left == expected, f"{self.challenge}: kill {killed} left another submission"
            else:
                self._compare(expected)
                self._clear()
                words = []
        self._end(self.start(*words))
        self._compare(expected)

    def _left_in_peace(self) -> tuple[bytes, float]:
        began = time.monotonic()
        self._end(self.start())
        expected = self.submission.read_bytes()
        self._clear()
        return expected, time.monotonic() - began

    def _compare(self, expected: bytes) -> None:
        assert self.submission.read_bytes() == expected, f"{self.challenge}: other bytes"
        self.finished += 1

    def _clear(self) -> None:
        for folder in self.tree.iterdir():
            if folder.name not in ("01_raw", "sample"):
                shutil.rmtree(folder)

    def _killed(self, process: subprocess.Popen[str], after: float) -> bool:
        """Kill it after so many seconds; False where it ended before."""
        try:
            output, _ = process.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:  # it has no group yet, or has just ended
                process.kill()
            output, _ = process.communicate()
            if process.returncode == -signal.SIGKILL:
                return True
        self._demand_success(process, output)
        return False

    def _end(self, process: subprocess.Popen[str]) -> None:
        output, _ = process.communicate()
        self._demand_success(process, output)

    def _demand_success(self, process: subprocess.Popen[str], output: str) -> None:
        assert process.returncode == 0, f"{self.challenge} failed:\n{output[-3000:]}"


def main() -> None:
    """Soak the challenges one after the other."""
    sys.path.insert(0, str(PROJECT / "src"))
    from podium.challenges import challenges

    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--challenges", nargs="*", default=challenges())
    parser.add_argument("--env", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for challenge in options.challenges:
        with tempfile.TemporaryDirectory() as name:
            root, began = Path(name), time.monotonic()
            soak = Soak(
                challenge,
                root / "sample",
                starter(challenge, root, options.env),
                options.kills,
                random.Random(options.seed),
            )
            soak.run()
        print(
            f"{challenge}: {options.kills} kills, {soak.finished} runs ended with the same bytes, "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )


def starter(challenge: str, root: Path, env: str) -> Callable[..., subprocess.Popen[str]]:
    """Starts `kedro run` of a challenge on its sample data in the folder."""
    command = [sys.executable, "-m", "kedro", "run", f"--pipeline={challenge}", f"--env={env}"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT / "src"),
        "KEDRO_DISABLE_TELEMETRY": "1",
        "MLFLOW_TRACKING_URI": f"sqlite:///{root}/mlflow.db",
    }

    def start(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*command, f"--params=data_root={root}", *words],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    return start


if __name__ == "__main__":
    main()

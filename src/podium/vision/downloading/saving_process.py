"""The process that decodes and writes, seen from within; it imports little, to start fast."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from podium.vision.downloading.failures import FailedTry
from podium.vision.downloading.files import FolderError, save_image

READY = b"ready\n"
"""What it says first."""


def main(folder: str, most_pixels: str) -> None:
    """The process: takes orders from standard input until it ends."""
    # Ctrl-C is for the program that asks; it closes the input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import podium.vision.reading  # noqa: F401  before the first image

    orders, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(READY)
    answers.flush()
    while line := orders.readline():
        order = json.loads(line)
        content = orders.read(order["size"])
        if len(content) < order["size"]:
            return
        answers.write(_answer(Path(folder), order, content, int(most_pixels)) + b"\n")
        try:
            answers.flush()
        except BrokenPipeError:  # the program that asks was killed; so nobody wants the rest
            os.dup2(os.open(os.devnull, os.O_WRONLY), answers.fileno())
            return


def _answer(folder: Path, order: dict[str, Any], content: bytes, most_pixels: int) -> bytes:
    answer: dict[str, Any]
    try:
        record = save_image(folder, order["url"], order["names"], content, most_pixels)
        # Whoever asked knows the names, and there may be very many of them.
        answer = {**vars(record), "extension": Path(record.files[0]).suffix}
        del answer["files"]
    except FailedTry as failure:
        answer = {"failed": str(failure), "blame": failure.blame.value}
    except FolderError as error:
        answer = {"folder": str(error)}
    return json.dumps(answer).encode()

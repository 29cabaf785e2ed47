"""A server of images that answers over HTTP/1.1 after a fixed latency.

    python benchmarks/latency_server.py ROUND_TRIPS

ROUND_TRIPS is what a new connection costs, in latencies. The first line of output is the port. It
does as little as can be, for it shares the cores with the program that is measured.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

DIFFERENT_IMAGES = 64
LATENCY = 0.1


def pictures() -> list[bytes]:
    """JPEG files of 224 x 224 pixels and some 15 KB, the same each time."""
    import numpy as np
    from PIL import Image

    made = []
    for number in range(DIFFERENT_IMAGES):
        small = np.random.default_rng(number).integers(0, 255, (24, 24, 3), dtype=np.uint8)
        stream = BytesIO()
        image = Image.fromarray(small).resize((224, 224), Image.Resampling.BICUBIC)
        image.save(stream, "JPEG", quality=90)
        made.append(stream.getvalue())
    return made


class Answering(asyncio.Protocol):
    """Answers each request with an image after the latency; keeps the connection."""

    answers: list[bytes]
    round_trips: int

    def connection_made(self, transport: Any) -> None:
        """A new connection: its first answer comes later by the round trips it costs."""
        self.transport, self.data = transport, b""
        self.extra = self.round_trips * LATENCY

    def data_received(self, data: bytes) -> None:
        """Perhaps a whole request."""
        self.data += data
        while b"\r\n\r\n" in self.data:
            head, self.data = self.data.split(b"\r\n\r\n", 1)
            number = int(head.split(b" ", 2)[1][1:].split(b".")[0])
            loop = asyncio.get_running_loop()
            loop.call_later(LATENCY + self.extra, self.answer, number)
            self.extra = 0.0

    def answer(self, number: int) -> None:
        """Send the image."""
        if not self.transport.is_closing():
            self.transport.write(self.answers[number % len(self.answers)])


async def serve(round_trips: int) -> None:
    """Serve until killed; the first line of output is the port."""
    head = "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
    Answering.answers = [(head % len(content)).encode() + content for content in pictures()]
    Answering.round_trips = round_trips
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answering, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def served(round_trips: int) -> Iterator[int]:
    """The port of a server in a process of its own."""
    command = [sys.executable, __file__, str(round_trips)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def main() -> None:
    """Serve until killed."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()

"""A real HTTP server on 127.0.0.1 that serves images and misbehaves as told."""

import asyncio
import gzip
import io
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image

from podium.vision.downloading.rules import DownloadRules

OK = b"HTTP/1.1 200 OK\r\n"
HELD_SECONDS = 30


def picture(number=0, side=32, kind="JPEG"):
    """A small image file; each number has its own."""
    pixels = np.random.default_rng(number).integers(0, 255, (side, side, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


def quick_rules(**changed):
    """Rules for tests: this machine is allowed, and tries follow soon; it may be a slow one."""
    usual = {
        "private_addresses": True,
        "backoff_seconds": 0.01,
        "connect_seconds": 10,
        "read_seconds": 10,
        "total_seconds": 30,
    }
    return DownloadRules(**{**usual, **changed})


def answer(content, status="200 OK", kind="image/jpeg", headers=""):
    """A whole answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
    return (head + headers + "\r\n").encode() + content


def status(code, headers=""):
    return answer(b"no", f"{code} Told So", "text/plain", headers)


def redirect(target, code=302):
    return status(code, f"Location: {target}\r\n")


def truncated(content):
    """Less than announced, then the connection ends."""
    return answer(content)[: -len(content) // 2], "close"


def gzipped(content):
    return answer(gzip.compress(content), headers="Content-Encoding: gzip\r\n")


def retry_date(seconds):
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


class ImageServer:
    """Answers each path by its script: the answers in turn, the last one again and again.

    An answer is bytes, or a tuple of steps: bytes are sent, numbers are seconds to wait, "close"
    ends the connection, "endless" sends without end. A function makes it when it is asked for.
    Every other path is an image of its own.

    Attributes:
        held_until: Where it is given, a request waits until this says so, but not for ever. The
            first does not wait: a host is asked for one thing at a time until it has answered.
        requests: Time, path and headers of each request, in order.
        connections: How many were opened.
        most_active: Most requests under way at once.
    """

    def __init__(self, latency=0.0, tls=None, address="127.0.0.1"):
        self.scripts = {}
        self.latency, self.held_until = latency, None
        self.requests, self.connections, self.most_active, self.sent = [], 0, 0, 0
        self._active, self._tls, self._ready = 0, tls, threading.Event()
        self._address = address
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def url(self, path, host="127.0.0.1"):
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{host}:{self.port}/{path}"

    def asked(self, path):
        return sum(each == f"/{path}" for _, each, _ in self.requests)

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(5)

    async def _serve(self):
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(
            self._connection, self._address, 0, ssl=self._tls, backlog=512
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()

    async def _connection(self, reader, writer):
        self.connections += 1
        try:
            while await self._request(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _request(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        path = first.split(" ")[1]
        headers = {name.lower(): text for name, text in (each.split(": ", 1) for each in lines)}
        self.requests.append((time.monotonic(), path, headers))
        self._active += 1
        self.most_active = max(self.most_active, self._active)
        try:
            await self._held()
            steps = self._steps(path)
            # Not under way any more once the last piece leaves.
            for step in steps[:-1]:
                await self._do(step, writer)
        finally:
            self._active -= 1
        return await self._do(steps[-1], writer)

    async def _held(self):
        first, end = len(self.requests) == 1, time.monotonic() + HELD_SECONDS
        while self.held_until and not first and not self.held_until() and time.monotonic() < end:
            await asyncio.sleep(0.005)
        await asyncio.sleep(self.latency)

    def _steps(self, path):
        script = self.scripts.get(path[1:])
        if script is None:
            return (answer(picture(sum(path.encode()))),)
        steps = script.pop(0) if len(script) > 1 else script[0]
        steps = steps() if callable(steps) else steps
        return steps if isinstance(steps, tuple) else (steps,)

    async def _do(self, step, writer):
        if step == "close":
            return False
        if step == "endless":
            while True:
                self.sent += 1 << 16
                writer.write(bytes(1 << 16))
                await writer.drain()
        if isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
        else:
            await asyncio.sleep(step)
        return True


class Http2Server(ImageServer):
    """The same images over HTTP/2, as far as the tests need it; a script is a status and a body."""

    async def _connection(self, reader, writer):
        from h2.config import H2Configuration
        from h2.connection import H2Connection

        self.connections += 1
        link = H2Connection(H2Configuration(client_side=False))
        link.initiate_connection()
        writer.write(link.data_to_send())
        streams = set()
        while data := await reader.read(1 << 16):
            for event in link.receive_data(data):
                task = asyncio.create_task(self._stream(link, writer, event))
                streams.add(task)
                task.add_done_callback(streams.discard)
            writer.write(link.data_to_send())
        writer.close()

    async def _stream(self, link, writer, event):
        if type(event).__name__ != "RequestReceived":
            return
        headers = {name.decode(): text.decode() for name, text in event.headers}
        self.requests.append((time.monotonic(), headers[":path"], headers))
        self._active += 1
        self.most_active = max(self.most_active, self._active)
        await self._held()
        self._active -= 1
        path = headers[":path"]
        code, content = self.scripts.get(path[1:], (200, picture(sum(path.encode()))))
        link.send_headers(event.stream_id, [(":status", str(code)), ("content-type", "image/jpeg")])
        while len(content) > (room := self._room(link, event.stream_id)):
            if room:
                link.send_data(event.stream_id, content[:room])
                content = content[room:]
            writer.write(link.data_to_send())
            await asyncio.sleep(0.002)
            if writer.is_closing():
                return
        link.send_data(event.stream_id, content, end_stream=True)
        writer.write(link.data_to_send())

    def _room(self, link, stream):
        return min(link.local_flow_control_window(stream), link.max_outbound_frame_size)


@contextmanager
def served_files(folder):
    """A plain HTTP server of a folder's files on this machine; its address."""
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def closed_port():
    """A port of 127.0.0.1 that refuses connections."""
    import socket

    with socket.socket() as held:  # bound but not listening
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def certificate(folder, *protocols):
    """A certificate for 127.0.0.1 signed by itself: its file, and a server's side of TLS."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "server.pem", folder / "server.key"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    context.set_alpn_protocols(list(protocols))
    return public, context

"""asyncio's streams in the shape that httpcore wants.

httpcore's own network goes through AnyIO, which takes three times the processor time for each
request; with hundreds under way at once, that decides how many a second there are.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from typing import Any

import httpcore


class AsyncioStream(httpcore.AsyncNetworkStream):
    """One TCP connection, with or without TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Wrap what `asyncio.open_connection` returned."""
        self._reader, self._writer = reader, writer

    @classmethod
    async def connect(cls, address: str, port: int, timeout: float | None) -> AsyncioStream:
        """Connect to an address.

        Raises:
            httpcore.ConnectError: it does not take the connection; also `ConnectTimeout`.
        """
        with _CONNECTING:
            async with asyncio.timeout(timeout):
                return cls(*await asyncio.open_connection(address, port))

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what there is, at most so many bytes; empty at the end."""
        with _READING:
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all."""
        with _WRITING:
            self._writer.write(buffer)
            if not self._writer.transport.get_write_buffer_size():
                return
            async with asyncio.timeout(timeout):
                await self._writer.drain()

    async def aclose(self) -> None:
        """Close the connection, without waiting for the other side."""
        self._writer.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncioStream:
        """Begin TLS on this connection."""
        try:
            with _CONNECTING:
                async with asyncio.timeout(timeout):
                    await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except BaseException:
            self._writer.close()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        """What the pool wants to know: the socket, TLS, and whether something is to be read."""
        if info != "is_readable":
            return self._writer.get_extra_info(info)
        socket = self._writer.get_extra_info("socket")
        if self._reader.at_eof() or socket is None or socket.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(socket.fileno(), select.POLLIN)
        return bool(poll.poll(0))


class _Mapped:
    """Turns asyncio's errors into httpcore's; a class, for a generator takes thrice the time."""

    def __init__(self, late: type[Exception], other: type[Exception]) -> None:
        self._late, self._other = late, other

    def __enter__(self) -> None:
        """Nothing to be made ready."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, TimeoutError):  # first, for it is an OSError too
            raise self._late(str(error)) from error
        if isinstance(error, (OSError, RuntimeError, EOFError)):
            raise self._other(str(error)) from error


_CONNECTING = _Mapped(httpcore.ConnectTimeout, httpcore.ConnectError)
_READING = _Mapped(httpcore.ReadTimeout, httpcore.ReadError)
_WRITING = _Mapped(httpcore.WriteTimeout, httpcore.WriteError)

"""Connections of httpcore that are kept and used again.

httpx's own pool goes through all its connections for every request, which costs milliseconds
where there are hundreds. Here the free ones of each host lie on a stack.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpcore
import httpx

from podium.vision.downloading.addresses import CheckedBackend

_KEPT_SECONDS = 30.0


class KeptConnections(httpx.AsyncBaseTransport):
    """A transport of httpx that keeps connections.

    HTTP/1.1 takes a connection for each request under way; the caller bounds how many there are.
    Once a host has chosen HTTP/2, all its requests share one. Errors are those of httpcore.
    """

    def __init__(
        self,
        *,
        private_addresses: bool = False,
        connect_to: Mapping[str, str] | None = None,
        http2: bool = True,
        certificates: str | None = None,
        most_idle: int = 256,
    ) -> None:
        """Declare the transport; nothing is opened yet.

        Args:
            private_addresses: Allow hosts outside the public internet.
            connect_to: See `CheckedBackend`.
            http2: Offer HTTP/2 to https hosts.
            certificates: File of the certificate authorities to trust; None for the usual ones.
            most_idle: Connections that are kept open without a request.

        Raises:
            OSError: where the file of certificates cannot be read; also `ssl.SSLError`.
        """
        self._backend = CheckedBackend(private_addresses=private_addresses, connect_to=connect_to)
        self._http2 = http2
        self._tls = (
            httpx.create_ssl_context()
            if certificates is None
            else ssl.create_default_context(cafile=certificates)
        )
        self._most_idle = most_idle
        self._idle: dict[str, list[httpcore.AsyncHTTPConnection]] = {}
        self._idle_count = 0
        self._shared: dict[str, httpcore.AsyncHTTPConnection] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; closing the response frees its connection.

        Raises:
            httpcore.ConnectError: and its other exceptions.
            AddressRefusedError: where the host has no allowed address.
        """
        host = f"{request.url.scheme}://{request.url.netloc.decode('ascii')}"
        sent = _for_httpcore(request)
        while True:
            connection = await self._take(host, sent.url.origin)
            try:
                answer = await connection.handle_async_request(sent)
                break
            except httpcore.ConnectionNotAvailable:  # it ended meanwhile, with nothing sent
                await self._release(host, connection)
            except BaseException:
                await self._release(host, connection)
                raise
        if answer.extensions.get("http_version") == b"HTTP/2":
            self._shared.setdefault(host, connection)
            await self._trim_shared()
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer, self, host, connection),
            extensions=answer.extensions,
            request=request,
        )

    async def _take(self, host: str, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        shared = self._shared.get(host)
        if shared is not None:
            if _usable(shared):
                return shared
            # Whoever still reads from it closes it with the last answer.
            del self._shared[host]
            await self._release(host, shared)
        # Looked up each time: others may take and give back while one is being closed.
        while idle := self._idle.get(host):
            self._idle_count -= 1
            connection = idle.pop()
            if _usable(connection):
                return connection
            await connection.aclose()
        return httpcore.AsyncHTTPConnection(
            origin,
            ssl_context=self._tls,
            keepalive_expiry=_KEPT_SECONDS,
            http2=self._http2,
            network_backend=self._backend,
        )

    async def _release(self, host: str, connection: httpcore.AsyncHTTPConnection) -> None:
        if self._shared.get(host) is connection:
            return
        if not connection.is_idle():
            if connection.is_closed():
                await connection.aclose()
            return
        # Taken out and put back, so that the host used longest ago stands first.
        self._idle[host] = [*self._idle.pop(host, []), connection]
        self._idle_count += 1
        while self._idle_count > self._most_idle:
            oldest = next(iter(self._idle))
            connections = self._idle[oldest]
            if connections:
                self._idle_count -= 1
                await connections.pop(0).aclose()
            if not connections:
                del self._idle[oldest]

    async def _trim_shared(self) -> None:
        """Close shared connections that are not in use, where there are too many."""
        extra = len(self._shared) - self._most_idle
        for host, connection in list(self._shared.items())[: max(extra, 0)]:
            if connection.is_idle():
                del self._shared[host]
                await connection.aclose()

    @property
    def idle(self) -> int:
        """How many connections stand open without a request, shared ones aside."""
        return self._idle_count

    async def aclose(self) -> None:
        """Close every connection."""
        kept = [*self._shared.values(), *(each for idle in self._idle.values() for each in idle)]
        self._idle, self._shared, self._idle_count = {}, {}, 0
        for connection in kept:
            await connection.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(
        self,
        answer: httpcore.Response,
        transport: KeptConnections,
        host: str,
        connection: httpcore.AsyncHTTPConnection,
    ) -> None:
        self._answer, self._transport, self._host = answer, transport, host
        self._connection: httpcore.AsyncHTTPConnection | None = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        stream: Any = self._answer.stream
        async for piece in stream:
            yield piece

    async def aclose(self) -> None:
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        try:
            await self._answer.aclose()
        finally:
            await self._transport._release(self._host, connection)


def _usable(connection: httpcore.AsyncHTTPConnection) -> bool:
    return connection.is_available() and not connection.has_expired()


def _for_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    target = httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )
    return httpcore.Request(
        method=request.method,
        url=target,
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )

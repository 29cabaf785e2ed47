"""Connections that are kept and used again, one pool for each.

httpx's own pool goes through all its connections for every request, which costs milliseconds
where there are hundreds. Here each lane holds one connection, and a free lane is found at once.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpcore
import httpx

from podium.vision.downloading.addresses import CheckedBackend

_KEPT_SECONDS = 30.0
Lane = httpcore.AsyncConnectionPool


class LaneTransport(httpx.AsyncBaseTransport):
    """A transport of httpx with one connection per lane.

    HTTP/1.1 takes a lane for each request under way; the caller bounds how many there are. Once
    a host has chosen HTTP/2, all its requests share one lane. Errors are those of httpcore.
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
        self._idle: dict[str, list[Lane]] = {}
        self._idle_count = 0
        self._shared: dict[str, Lane] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; closing the response frees its lane.

        Raises:
            httpcore.ConnectError: and its other exceptions.
            AddressRefusedError: where the host has no allowed address.
        """
        host = f"{request.url.scheme}://{request.url.netloc.decode('ascii')}"
        lane = self._shared.get(host) or self._take(host)
        try:
            answer = await lane.handle_async_request(_for_httpcore(request))
        except BaseException:
            await self._release(host, lane)
            raise
        if answer.extensions.get("http_version") == b"HTTP/2":
            self._shared.setdefault(host, lane)
            await self._trim_shared()
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer, self, host, lane),
            extensions=answer.extensions,
            request=request,
        )

    def _take(self, host: str) -> Lane:
        idle = self._idle.get(host)
        if idle:
            self._idle_count -= 1
            return idle.pop()
        return Lane(
            ssl_context=self._tls,
            max_connections=1,
            keepalive_expiry=_KEPT_SECONDS,
            http2=self._http2,
            network_backend=self._backend,
        )

    async def _release(self, host: str, lane: Lane) -> None:
        if self._shared.get(host) is lane:
            return
        # Taken out and put back, so that the host used longest ago stands first.
        self._idle[host] = [*self._idle.pop(host, []), lane]
        self._idle_count += 1
        while self._idle_count > self._most_idle:
            oldest = next(iter(self._idle))
            lanes = self._idle[oldest]
            if lanes:
                self._idle_count -= 1
                await lanes.pop(0).aclose()
            if not lanes:
                del self._idle[oldest]

    async def _trim_shared(self) -> None:
        """Close shared connections that are not in use, where there are too many."""
        extra = len(self._shared) - self._most_idle
        for host, lane in list(self._shared.items())[: max(extra, 0)]:
            if all(connection.is_idle() for connection in lane.connections):
                del self._shared[host]
                await lane.aclose()

    @property
    def idle(self) -> int:
        """How many connections stand open without a request, shared ones aside."""
        return self._idle_count

    async def aclose(self) -> None:
        """Close every connection."""
        lanes = [*self._shared.values(), *(lane for each in self._idle.values() for lane in each)]
        self._idle, self._shared, self._idle_count = {}, {}, 0
        for lane in lanes:
            await lane.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(
        self, answer: httpcore.Response, transport: LaneTransport, host: str, lane: Lane
    ) -> None:
        self._answer, self._transport, self._host = answer, transport, host
        self._lane: Lane | None = lane

    async def __aiter__(self) -> AsyncIterator[bytes]:
        stream: Any = self._answer.stream
        async for piece in stream:
            yield piece

    async def aclose(self) -> None:
        if self._lane is None:
            return
        lane, self._lane = self._lane, None
        try:
            await self._answer.aclose()
        finally:
            await self._transport._release(self._host, lane)


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

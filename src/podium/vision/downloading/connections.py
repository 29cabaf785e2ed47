"""Connections of httpcore, the engine of httpx, that are kept and used again.

httpx's own pool goes through all its connections for every request, which costs milliseconds
where there are hundreds; here the free ones of each host lie on a stack. Requests are handed to
httpcore as they are: httpx would take each link apart again and copy its headers twice.
"""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, cast

import httpcore
import httpx

from podium.vision.downloading.addresses import CheckedBackend
from podium.vision.downloading.links import HOSTS_REMEMBERED, Link

_KEPT_SECONDS = 30.0


class KeptConnections:
    """Sends requests over connections that it keeps.

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
        # Requests under way over each; httpcore counts one that is about to be sent not yet.
        self._users: Counter[httpcore.AsyncHTTPConnection] = Counter()
        # Not to be used again; each is closed with its last answer.
        self._retired: set[httpcore.AsyncHTTPConnection] = set()

    async def get(
        self, link: Link, headers: Sequence[tuple[bytes, bytes]], timeouts: Mapping[str, float]
    ) -> Answer:
        """Ask for a link; closing the answer frees its connection.

        Args:
            link: What to ask for.
            headers: Names and values beside `Host`.
            timeouts: Seconds to `connect`, `read` and `write`, each.

        Raises:
            httpcore.ConnectError: and its other exceptions.
            AddressRefusedError: where the host has no allowed address.
        """
        place = _place(link.host)
        sent = httpcore.Request(
            b"GET",
            httpcore.URL(
                scheme=place.scheme, host=place.name, port=place.port, target=link.target.encode()
            ),
            headers=[(b"Host", place.header), *headers],
            extensions={"timeout": timeouts},
        )
        while True:
            connection = await self._take(link.host, sent.url.origin)
            self._users[connection] += 1
            try:
                answer = await connection.handle_async_request(sent)
                break
            except httpcore.ConnectionNotAvailable:  # it ended meanwhile, with nothing sent
                await self._release(link.host, connection)
            except BaseException:
                await self._release(link.host, connection)
                raise
        if answer.extensions.get("http_version") == b"HTTP/2":
            self._shared.setdefault(link.host, connection)
            await self._trim_shared()
        return Answer(answer, self, link.host, connection)

    async def _take(self, host: str, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        shared = self._shared.get(host)
        if shared is not None:
            if _usable(shared):
                return shared
            self._retire(host, shared)
            await self._close_unused(shared)
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

    def _retire(self, host: str, connection: httpcore.AsyncHTTPConnection) -> None:
        """Give a connection no more requests."""
        if self._shared.get(host) is connection:
            del self._shared[host]
        self._retired.add(connection)

    async def _release(self, host: str, connection: httpcore.AsyncHTTPConnection) -> None:
        self._users[connection] -= 1
        if not self._users[connection]:
            del self._users[connection]
        if connection in self._retired:
            await self._close_unused(connection)
            return
        if self._shared.get(host) is connection:
            return
        # First, for httpcore calls one that never came about both closed and idle.
        if connection.is_closed():
            await connection.aclose()
            return
        if not connection.is_idle():
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

    async def _close_unused(self, connection: httpcore.AsyncHTTPConnection) -> None:
        if connection not in self._users:
            self._retired.discard(connection)
            await connection.aclose()

    async def _trim_shared(self) -> None:
        """Close shared connections that are not in use, where there are too many."""
        extra = len(self._shared) - self._most_idle
        for host, connection in list(self._shared.items())[: max(extra, 0)]:
            if connection not in self._users:
                del self._shared[host]
                await connection.aclose()

    @property
    def idle(self) -> int:
        """How many connections stand open without a request, shared ones aside."""
        return self._idle_count

    async def aclose(self) -> None:
        """Close every connection."""
        kept = [*self._shared.values(), *(each for idle in self._idle.values() for each in idle)]
        kept += self._retired
        self._idle, self._shared, self._retired, self._idle_count = {}, {}, set(), 0
        for connection in kept:
            await connection.aclose()


class Answer:
    """An answer whose body is still to be read.

    Attributes:
        status: The status code.
        headers: The headers.
    """

    def __init__(
        self,
        answer: httpcore.Response,
        connections: KeptConnections,
        host: str,
        connection: httpcore.AsyncHTTPConnection,
    ) -> None:
        """Take what came, and where its connection goes back to."""
        self.status, self.headers = answer.status, httpx.Headers(answer.headers)
        self._answer, self._connections, self._host = answer, connections, host
        self._connection: httpcore.AsyncHTTPConnection | None = connection
        self._read = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes, once."""
        async for piece in cast(AsyncIterable[bytes], self._answer.stream):
            yield piece
        self._read = True

    async def aclose(self) -> None:
        """Give the connection back, if the body was read to its end; else it is closed.

        A shared one is closed with its last answer: the host may send only so many bytes that
        nobody reads, over all its answers together.
        """
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        if not self._read:
            self._connections._retire(self._host, connection)
        try:
            await self._answer.aclose()
        finally:
            await self._connections._release(self._host, connection)


def _usable(connection: httpcore.AsyncHTTPConnection) -> bool:
    return connection.is_available() and not connection.has_expired()


class _Place(NamedTuple):
    scheme: bytes
    name: bytes
    port: int | None
    header: bytes


@lru_cache(HOSTS_REMEMBERED)
def _place(host: str) -> _Place:
    """A host of a link in the parts that httpcore wants."""
    url = httpx.URL(host)
    return _Place(url.raw_scheme, url.raw_host, url.port, url.netloc)
